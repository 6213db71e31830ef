#include "run/mini_batch_logs.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"

using namespace mlpipe;
using mlpipe::test::TempFolder;

namespace {

constexpr const char* errors =
    "2026-11-23T00:15:30.123Z mini-batch 1 failed (try 1 of 3): ValueError: one\n"
    "  a.png\n"
    "ValueError: one\n"
    "\n"
    "2026-11-23T00:15:31.000Z mini-batch 11 failed (try 1 of 3): ValueError: eleven\n"
    "\n"
    "2026-11-23T00:15:32.000Z shutdown() failed\n"
    "\n"
    "2026-11-23T00:15:33.000Z mini-batch 1: 2 items failed\n"
    "b.png: truncated\n"
    "\n";

void write(const Path& file, const std::string& text) {
  REQUIRE(make_dirs(file.parent_path()));
  REQUIRE(write_file(file, text));
}

}  // namespace

TEST_CASE("of an error file the parts about one mini-batch are taken, and 1 is not 11") {
  CHECK(failures_of(errors, 1) ==
        "2026-11-23T00:15:30.123Z mini-batch 1 failed (try 1 of 3): ValueError: one\n  a.png\nValueError: one\n\n"
        "2026-11-23T00:15:33.000Z mini-batch 1: 2 items failed\nb.png: truncated\n");
  CHECK(failures_of(errors, 11) == "2026-11-23T00:15:31.000Z mini-batch 11 failed (try 1 of 3): ValueError: eleven\n");
  CHECK(failures_of(errors, 2) == "");
  CHECK(failures_of("", 1) == "");
  CHECK(failures_of("mini-batch 1 failed\n2026-13-99T99:99:99.999Z mini-batch 1 failed\n", 1) == "");
}

TEST_CASE("tries, failures and the lines of the worker meanwhile are found together") {
  TempFolder folder;
  const Path logs = folder.path();
  write(logs / "sys/job_report/processed_mini-batches.csv",
        "Mini-batch Id,Picked Count,Process,Start Time,Elapsed Seconds,Status,Error Message\n"
        "1,1,process001,2026-11-23T00:15:30.000Z,0.5,RUN_EXCEPTION,\"bad, very\"\n"
        "2,1,process000,2026-11-23T00:15:30.000Z,0.5,RUN_DONE,\n"
        "1,2,process000,nonsense,0.5,RUN_DONE,\n");
  write(logs / "user/error/local-0/process001.txt", errors);
  write(logs / "user/stdout/local-0/process001.stdout.txt", "2026-11-23 00:15:30,100|x\n2026-11-23 00:15:31,000|y\n");
  write(logs / "user/stdout/local-0/process000.stdout.txt", "2026-11-23 00:15:30,100|of another worker\n");
  const MiniBatchLogs found = mini_batch_logs(logs, 1);
  REQUIRE(found.tries.size() == 2);
  CHECK(found.tries[0].worker == "process001");
  CHECK(found.tries[0].fields.back() == std::pair<std::string, std::string>{"Error Message", "bad, very"});
  CHECK(found.tries[1].ended == WallTime{});
  REQUIRE(found.failures.size() == 1);
  CHECK(found.failures[0].first == "user/error/local-0/process001.txt");
  REQUIRE(found.printed.size() == 1);
  CHECK(found.printed[0] == std::pair<std::string, std::string>{"user/stdout/local-0/process001.stdout.txt", "2026-11-23 00:15:30,100|x\n"});
}

TEST_CASE("a run without logs knows nothing, and that is no failure") {
  const MiniBatchLogs found = mini_batch_logs("/nowhere/at/all", 1);
  CHECK(found.tries.empty());
  CHECK(found.failures.empty());
  CHECK(found.printed.empty());
}
