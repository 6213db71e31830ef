// Programs in the foreground, and the temporary folders that they work in.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "system/process.h"
#include "system/temporary_folder.h"

using namespace mlpipe;

namespace {

ProcessSpec shell(const std::string& command) {
  ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c", command};
  spec.environment = environment_with({});
  return spec;
}

}  // namespace

TEST_CASE("a program in the foreground is of our process group, and its end does not end us") {
  const auto status = run_in_foreground(shell(fmt::format("test $(cut -d' ' -f5 /proc/$$/stat) = {}", ::getpgrp())));
  REQUIRE(status);
  CHECK(status->ok());
}

TEST_CASE("while it runs Ctrl-C is its business; afterwards it is ours again") {
  struct sigaction before {}, after {};
  ::sigaction(SIGINT, nullptr, &before);
  // To us, while the child runs with the default.
  const auto status = run_in_foreground(shell("kill -INT $PPID; kill -INT $$; sleep 10"));
  ::sigaction(SIGINT, nullptr, &after);
  REQUIRE(status);
  CHECK(status->signal == SIGINT);
  CHECK((after.sa_handler == before.sa_handler));
}

TEST_CASE("who wants to end us ends the program, at the latest with force, and we go on") {
  for (const int signal : {SIGTERM, SIGHUP}) {
    const auto status = run_in_foreground(shell(fmt::format("kill -{} $PPID; sleep 60 & wait", signal)));
    REQUIRE(status);
    CHECK(status->signal == signal);
  }
  const auto stubborn = run_in_foreground(shell("trap '' TERM; kill -TERM $PPID; while :; do sleep 1; done"));
  REQUIRE(stubborn);
  CHECK(stubborn->signal == SIGKILL);
}

TEST_CASE("a temporary folder goes with what is in it, unless it is kept") {
  Path gone, kept;
  {
    auto one = TemporaryFolder::make("mlpipe-test-");
    auto two = TemporaryFolder::make("mlpipe-test-");
    REQUIRE(one);
    REQUIRE(two);
    gone = one->path();
    kept = two->path();
    CHECK(gone != kept);
    CHECK(write_file(gone / "file", "x"));
    TemporaryFolder moved = two.take();
    moved.keep();
  }
  CHECK_FALSE(path_exists(gone));
  CHECK(path_exists(kept));
  CHECK(remove_tree(kept));
}
