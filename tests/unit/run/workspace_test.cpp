#include "run/workspace.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

Path made(const Path& folder) {
  REQUIRE(make_dirs(folder / "code"));
  REQUIRE(make_dirs(folder / "outputs"));
  return folder;
}

}  // namespace

TEST_CASE("an ended step's folder goes to the next one only when nothing was left in it") {
  const test::TempFolder folder;
  SpareWorkspaces spares;
  const auto is_kept = [&](const Path& work) {
    spares.give(work);
    return path_exists(work);
  };
  CHECK_FALSE(spares.take(folder / "first"));

  SUBCASE("bare") {
    CHECK(is_kept(made(folder / "a")));
    CHECK(spares.take(folder / "b"));
    CHECK_FALSE(path_exists(folder / "a"));
    CHECK(is_folder(folder / "b/code"));
    CHECK_FALSE(spares.take(folder / "c"));
  }
  SUBCASE("a file, also a hidden one") {
    REQUIRE(write_file(made(folder / "a") / "code/.cache", ""));
    CHECK_FALSE(is_kept(folder / "a"));
  }
  SUBCASE("something beside code and outputs") {
    REQUIRE(make_dirs(made(folder / "a") / "scratch"));
    CHECK_FALSE(is_kept(folder / "a"));
  }
  SUBCASE("no code") {
    REQUIRE(make_dirs(folder / "a/outputs"));
    CHECK_FALSE(is_kept(folder / "a"));
  }
  SUBCASE("a folder that the step closed") {
    REQUIRE(::chmod((made(folder / "a") / "code").c_str(), 0500) == 0);
    CHECK_FALSE(is_kept(folder / "a"));
  }
  SUBCASE("where a failed try left something, a new one has to be made") {
    CHECK(is_kept(made(folder / "a")));
    REQUIRE(write_file(made(folder / "b") / "code/left", ""));
    CHECK_FALSE(spares.take(folder / "b"));
    CHECK_FALSE(path_exists(folder / "a"));
  }
}
