#include "report/log_tree.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "events_of_a_run.h"
#include "store/printed_index.h"
#include "support/temp_folder.h"

using namespace mlpipe;
using namespace mlpipe::test;

TEST_CASE("both streams of a step are in std_log.txt as they came, at once") {
  TempFolder folder;
  const auto sink = make_log_tree();
  sink->on(StepStarted{"s", "", folder / "logs", 1, false});
  sink->on(StepOutputText{"s", "", false, "out\r1%"});
  sink->on(StepOutputText{"s", "", true, "err \xff\n"});
  sink->on(StepOutputText{"other", "", true, "not mine\n"});
  CHECK(read(folder / "logs/user_logs/std_log.txt") == "out\r1%err \xff\n");
}

TEST_CASE("which stream and process printed what stands in the index") {
  TempFolder folder;
  const auto sink = make_log_tree();
  sink->on(StepStarted{"s", "", folder / "logs", 1, false});
  sink->on(StepOutputText{"s", "", false, "out\n"});
  sink->on(StepOutputText{"s", "rank 1", true, "err\n"});
  const auto marks = parse_marks(read(folder / "logs" / index_of_log(step_log_name)));
  REQUIRE(marks.size() == 2);
  CHECK(marks[1].offset == 4);
  CHECK(marks[1].is_stderr);
  CHECK(marks[1].process == "rank 1");
}

TEST_CASE("attempts follow each other in one file, each announced on a line of its own") {
  TempFolder folder;
  const auto sink = make_log_tree();
  sink->on(StepStarted{"s", "", folder / "logs", 1, false});
  sink->on(StepOutputText{"s", "", false, "first"});
  sink->on(StepRetried{"s", "exit code 1", 2});
  sink->on(StepStarted{"s", "", folder / "logs", 2, false});
  sink->on(StepOutputText{"s", "", false, "second\n"});
  sink->on(StepRetried{"s", "exit code 2", 3});
  CHECK(read(folder / "logs/user_logs/std_log.txt") == "first\n--- mlpipe: attempt 2, after: exit code 1\nsecond\n--- mlpipe: attempt 3, after: exit code 2\n");
}

TEST_CASE("a parallel step and what comes after the end are left alone") {
  TempFolder folder;
  const auto sink = make_log_tree();
  sink->on(StepStarted{"p", "", folder / "parallel", 1, true});
  sink->on(StepOutputText{"p", "process000", false, "x\n"});
  CHECK_FALSE(std::filesystem::exists(folder / "parallel"));
  sink->on(StepStarted{"s", "", folder / "logs", 1, false});
  sink->on(ended("s", StepState::ran));
  sink->on(StepOutputText{"s", "", false, "late\n"});
  CHECK(read(folder / "logs/user_logs/std_log.txt") == "");
}

TEST_CASE("a place that cannot be written loses lines, not the run") {
  TempFolder folder;
  folder.write("logs", "a file where the folder should be");
  const auto sink = make_log_tree();
  sink->on(StepStarted{"s", "", folder / "logs", 1, false});
  sink->on(StepOutputText{"s", "", false, "x\n"});
  CHECK(read(folder / "logs") == "a file where the folder should be");
}
