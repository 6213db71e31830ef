#include "cli/probe.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"

using namespace mlpipe;
using namespace mlpipe::cli;

TEST_CASE("what a program prints is handed back") {
  const auto said = output_of({"/bin/sh", "-c", "echo hello; echo not this >&2"}, Seconds(30));
  REQUIRE(said);
  CHECK(*said == "hello\n");
}

TEST_CASE("a program that fails, is missing or takes too long is an error") {
  CHECK_FALSE(output_of({"/bin/sh", "-c", "echo half; exit 3"}, Seconds(30)));
  CHECK_FALSE(output_of({"/not/there"}, Seconds(30)));
  const auto late = output_of({"/bin/sleep", "1000"}, Seconds(0.05));
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == ErrorKind::timeout);
}

TEST_CASE("a module that is none is told, and does not hurt us") {
  test::TempFolder folder;
  const auto version = version_of_module(folder.write("mlpipe_torch.so", "not ELF"), Seconds(30));
  REQUIRE_FALSE(version);
  CHECK_FALSE(version.error().message.empty());
  CHECK_FALSE(version_of_module(folder / "missing.so", Seconds(30)));
}
