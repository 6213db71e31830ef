#include "store/printed_index.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"

using namespace mlpipe;
using std::chrono::milliseconds;

TEST_CASE("a mark stands where stream, process or mini-batch change, and where a second has passed") {
  test::TempFolder folder;
  const WallTime start = parse_utc("2026-11-23T00:15:30.000Z");
  PrintedIndex index(folder / "sys/printed/x.txt", 100);
  const auto print = [&](std::size_t size, bool is_stderr, const char* process, std::optional<std::uint64_t> mini_batch, int after) {
    index.prints(is_stderr, process, mini_batch, start + milliseconds(after));
    index.printed(size);
  };
  print(10, false, "", {}, 0);
  print(10, false, "", {}, 999);
  print(7, true, "", {}, 999);  // of ten, where a disk was full
  print(10, true, "rank 1", 7, 999);
  print(10, true, "rank 1", 7, 2000);
  const auto marks = parse_marks(test::read(folder / "sys/printed/x.txt"));
  REQUIRE(marks.size() == 4);
  CHECK(marks[0].offset == 100);
  CHECK(marks[0].time == start);
  CHECK_FALSE(marks[0].is_stderr);
  CHECK(marks[1].offset == 120);
  CHECK(marks[1].is_stderr);
  CHECK(marks[2].offset == 127);
  CHECK(marks[2].process == "rank 1");
  CHECK(marks[2].mini_batch == 7);
  CHECK(marks[3].offset == 137);
}

TEST_CASE("what is damaged ends an index, and is no failure") {
  const std::string good = "0 2026-11-23T00:15:30.000Z out - -\n";
  CHECK(parse_marks(good + good).size() == 2);
  for (const char* bad : {"x", "5 2026-11-23T00:15:30.000Z out -", "-1 2026-11-23T00:15:30.000Z out - -", "5 soon out - -", "5 2026-11-23T00:15:30.000Z both - -"})
    CHECK_MESSAGE(parse_marks(good + bad + "\n" + good).size() == 1, bad);
  CHECK(parse_marks("5 2026-11-23T00:15:30.000Z out - -\n" + good).size() == 1);
}

TEST_CASE("an index lies in one place for all logs of a step") { CHECK(index_of_log("user/stdout/local-0/process000.stdout.txt") == "sys/printed/process000.stdout.txt"); }
