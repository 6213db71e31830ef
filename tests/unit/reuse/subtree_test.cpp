#include <doctest/doctest.h>

#include "reuse/scan.h"
#include "support/temp_folder.h"

using namespace mlpipe;

TEST_CASE("a part of a tree is what scanning that part alone gives") {
  const test::TempFolder folder;
  folder.write("data/test/a.txt", "1");
  folder.write("data/test/deep/b.txt", "2");
  folder.write("data/testing/c.txt", "3");
  folder.write("data/test.txt", "4");
  std::filesystem::create_directories(folder / "data/test/empty");
  std::filesystem::create_directories(folder / "data/bare");
  const auto whole = scan_tree(folder / "data");
  REQUIRE(whole);
  for (const char* below : {"test", "test/", "test/deep", "test.txt", "test/empty", "bare", "testing/c.txt"}) {
    CAPTURE(below);
    const auto part = subtree(*whole, below);
    const auto alone = scan_tree(folder / "data" / below);
    REQUIRE(part);
    REQUIRE(alone);
    CHECK(part->digest == alone->digest);
    CHECK(part->is_file == alone->is_file);
  }
  CHECK_FALSE(subtree(*whole, "tes"));
  CHECK_FALSE(subtree(*whole, "test/none"));
}
