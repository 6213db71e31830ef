// The files of a job's logs, piece by piece, with a clock that stands still.
#include <doctest/doctest.h>

#include "base/csv_text.h"
#include "batch/logs/failure_groups.h"
#include "batch/logs/job_texts.h"
#include "batch/logs/mini_batch_table.h"
#include "batch/logs/progress_overview.h"
#include "batch/logs/remaining_time.h"
#include "batch/logs/worker_lives.h"
#include "support/temp_folder.h"

#include <algorithm>

using namespace mlpipe;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

class SetClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(seconds(1'700'000'000)) + elapsed; }  // 2023-11-14T22:13:20Z
  SteadyTime steady() const override { return SteadyTime(std::chrono::hours(1)) + elapsed; }
  milliseconds elapsed{0};
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string csv(std::string_view field) {
  std::string out;
  append_csv(out, field);
  return out;
}

std::string json(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

std::string table_of(const std::vector<EndedTry>& tries) {
  test::TempFolder folder;
  {
    MiniBatchTable table(folder / "deep/table.csv");
    for (const auto& ended : tries) table.add(ended);
  }
  return test::read(folder / "deep/table.csv");
}

std::string second_line(const std::string& text) { return text.substr(text.find('\n') + 1); }

Failure raised(const std::string& cause, int line, std::uint64_t mini_batch) {
  return {cause, "Traceback (most recent call last):\n  File \"/home/me/score.py\", line " + std::to_string(line) + ", in run\n    x\n" + cause + "\n",
          mini_batch, {"item"}, {}};
}

}  // namespace

TEST_CASE("fields of a CSV file are quoted where they must be, and are UTF-8 whatever came in") {
  CHECK(csv("") == "");
  CHECK(csv("plain text") == "plain text");
  CHECK(csv("a,b") == "\"a,b\"");
  CHECK(csv("say \"x\"") == "\"say \"\"x\"\"\"");
  CHECK(csv("two\nlines\r") == "\"two\nlines\r\"");
  CHECK(csv("caf\xC3\xA9") == "\"caf\xC3\xA9\"");
  CHECK(csv("\xFFx\xC3") == "\"\xEF\xBF\xBDx\xEF\xBF\xBD\"");
}

TEST_CASE("JSON strings keep bytes that are no UTF-8 as Python's surrogates") {
  CHECK(json("a/b") == "\"a/b\"");
  CHECK(json("q\"b\\n\n\x01") == "\"q\\\"b\\\\n\\u000a\\u0001\"");
  CHECK(json("\xFF" "a\xC3\xA9\x80") == "\"\\udcff" "a\xC3\xA9\\udc80\"");
}

TEST_CASE("a line of the table of mini-batches has Azure's columns") {
  EndedTry ended;
  ended.mini_batch = 7;
  ended.picked = 2;
  ended.worker = 1;
  ended.start = WallTime(milliseconds(1'700'000'000'042));
  ended.elapsed = milliseconds(1500);
  ended.process = milliseconds(1400);
  ended.run = std::chrono::microseconds(1'000'001);
  ended.items = 5;
  ended.failed = 2;
  ended.message = "bad, \"very\" bad";
  ended.paths = {"/in/a", "/in/b", "/in/c", "/in/d"};
  const auto text = table_of({ended});
  CHECK(text.starts_with("Mini-batch Id,Picked Count,Process,Start Time,Total,Succeeded,Failed,Elapsed Seconds,Process Seconds,"
                         "Run Method Seconds,Status,Error Category,Error Message,Mini-batch Detail\n"));
  CHECK(second_line(text) ==
        "7,2,process001,2023-11-14T22:13:20.042Z,5,3,2,1.500000,1.400000,1.000001,RUN_DONE,items,\"bad, \"\"very\"\" bad\","
        "\"{\"\"items\"\": 5, \"\"paths\"\": [\"\"/in/a\"\", \"\"/in/b\"\", \"\"/in/c\"\"]}\"\n");
}

TEST_CASE("how a try ended is told by status and category; nothing makes a line endless") {
  const auto line = [](TryEnd end) {
    EndedTry ended;
    ended.end = end;
    ended.items = ended.failed = 1;
    ended.elapsed = seconds(-1);
    ended.message = std::string(100'000, 'x');
    ended.paths.assign(1000, std::string(50, 'p'));
    return second_line(table_of({ended}));
  };
  CHECK(has(line(TryEnd::exception), ",0,1,0.000000,0.000000,0.000000,RUN_EXCEPTION,exception,x"));
  CHECK(has(line(TryEnd::timeout), ",RUN_TIMEOUT,timeout,"));
  CHECK(has(line(TryEnd::crash), ",RUN_EXCEPTION,crash,"));
  CHECK(has(line(TryEnd::out_of_memory), ",RUN_EXCEPTION,out_of_memory,"));
  CHECK(line(TryEnd::crash).size() < 1500);
}

TEST_CASE("a part of a mini-batch says where it begins") {
  EndedTry ended;
  ended.items = 2;
  ended.first = 6;
  ended.paths = {"a"};
  CHECK(has(table_of({ended}), "\"{\"\"items\"\": 2, \"\"first\"\": 6, \"\"paths\"\": [\"\"a\"\"]}\"\n"));
}

TEST_CASE("times of the table go from second to second") {
  EndedTry ended;
  std::vector<EndedTry> tries;
  for (const int ms : {999, 1000, 1999, 500}) {
    ended.start = WallTime(milliseconds(ms));
    tries.push_back(ended);
  }
  const auto text = table_of(tries);
  for (const auto time : {"00:00:00.999Z", "00:00:01.000Z", "00:00:01.999Z", "00:00:00.500Z"}) CHECK(has(text, time));
}

TEST_CASE("the table is written when it is flushed; a folder that cannot be written loses it") {
  test::TempFolder folder;
  folder.write("file", "x");
  MiniBatchTable lost(folder / "file/table.csv"), kept(folder / "table.csv");
  lost.add({});
  lost.flush();
  CHECK_FALSE(lost.pending());
  kept.add({});
  CHECK(test::read(folder / "table.csv") == "");
  kept.flush();
  CHECK(has(test::read(folder / "table.csv"), "\n0,1,process000,"));
}

TEST_CASE("the remaining time follows the last minute, and is silent until it knows") {
  const SteadyTime start(std::chrono::hours(5));
  RemainingTime remaining;
  remaining.progress(start, 3);
  CHECK_FALSE(remaining.remaining(10));
  remaining.begin(start, 100);  // resumed: these took no time
  remaining.progress(start + milliseconds(500), 101);
  CHECK_FALSE(remaining.remaining(200));
  remaining.progress(start + seconds(10), 110);
  REQUIRE(remaining.remaining(200));
  CHECK(remaining.remaining(200)->count() == doctest::Approx(90));
  CHECK_FALSE(remaining.remaining(110));
  // A mini-batch a second, then ten a second: after a minute of that only the new pace counts.
  for (int s = 1; s <= 120; ++s) remaining.progress(start + seconds(10 + s), 110 + 10 * s);
  CHECK(remaining.remaining(1410)->count() == doctest::Approx(10));
}

TEST_CASE("slow mini-batches are judged by more than the last minute") {
  const SteadyTime start(std::chrono::hours(5));
  RemainingTime remaining;
  remaining.begin(start, 0);
  for (int n = 1; n <= 30; ++n) remaining.progress(start + seconds(100 * n), n);
  CHECK(remaining.remaining(40)->count() == doctest::Approx(1000));
}

TEST_CASE("hours, minutes and seconds") {
  CHECK(format_hours(Seconds(0)) == "0:00:00");
  CHECK(format_hours(Seconds(63.4)) == "0:01:03");
  CHECK(format_hours(Seconds(59.6)) == "0:01:00");
  CHECK(format_hours(Seconds(450'000)) == "125:00:00");
  CHECK(format_hours(Seconds(-3)) == "0:00:00");
}

TEST_CASE("the overview says now and then how far it is, and begins a new file each day") {
  test::TempFolder folder;
  SetClock clock;
  ProgressOverview overview(folder.path(), clock);
  overview.say("scheduled 20 mini-batches");
  overview.processed(1, 20, {}, clock.steady());
  clock.elapsed = seconds(12);
  overview.processed(4, 20, Seconds(48), clock.steady());
  clock.elapsed += seconds(4);
  overview.processed(5, 20, Seconds(45), clock.steady());
  overview.processed(20, 20, {}, clock.steady(), true);
  const auto first = folder / "job_progress_overview.20231114-221320.txt";
  CHECK(test::read(first) ==
        "2023-11-14T22:13:20.000Z scheduled 20 mini-batches\n"
        "2023-11-14T22:13:32.000Z processed 4 of 20 mini-batches in 0:00:12; estimated remaining time 0:00:48\n"
        "2023-11-14T22:13:36.000Z processed 20 of 20 mini-batches in 0:00:16\n");
  clock.elapsed = std::chrono::hours(2);
  overview.say("a new day");
  CHECK(test::read(folder / "job_progress_overview.20231115-001320.txt") == "2023-11-15T00:13:20.000Z a new day\n");
  CHECK_FALSE(has(test::read(first), "a new day"));
}

TEST_CASE("exceptions from one line are one group, whatever their messages say; the most frequent first") {
  FailureGroups groups;
  groups.add(0, TryEnd::exception, raised("KeyError: 'once'", 9, 1));
  for (int n = 0; n < 3; ++n) groups.add(n % 2, TryEnd::exception, raised("ValueError: item " + std::to_string(n), 4, 10 + n));
  groups.add(1, TryEnd::crash, {"the worker process ended: killed by SIGKILL, with a peak memory of 12.5 MB", {}, 3, {}, {}});
  groups.add(1, TryEnd::crash, {"the worker process ended: killed by SIGKILL, with a peak memory of 9.1 MB", {}, 4, {}, {}});
  const auto exceptions = groups.exceptions();
  CHECK(exceptions.starts_with("3 times: ValueError: item 0\n  in process000 2, process001 1; first in mini-batch 10\nTraceback"));
  CHECK(has(exceptions, "1 time: KeyError: 'once'\n  in process000 1; first in mini-batch 1\n"));
  CHECK_FALSE(has(exceptions, "SIGKILL"));
  CHECK(has(groups.all(), "2 times: the worker process ended: killed by SIGKILL, with a peak memory of 12.5 MB\n  in process001 2; first in mini-batch 3\n"));
}

TEST_CASE("groups of failures stay readable, however many kinds there are") {
  FailureGroups groups;
  for (int line = 0; line < 1000; ++line) {
    auto failure = raised("ValueError: " + std::string(10'000, 'x'), line, 0);
    failure.traceback.insert(0, std::string(100'000, 't'));
    groups.add(0, TryEnd::exception, failure);
  }
  CHECK(groups.all().size() < 2'000'000);
  CHECK(has(groups.all(), "950 failures of other kinds"));
}

TEST_CASE("result and error say verdict, thresholds and root cause") {
  ParallelRunConfig config;
  config.error_threshold = 5;
  ParallelOutcome outcome;
  outcome.counts = {10, 1, 100, 7, 93};
  outcome.resumed = 4;
  outcome.status = Error{ErrorKind::threshold, "7 items failed, error_threshold allows 5", "error_threshold: -1 allows any number"};
  outcome.cause = "ValueError: bad";
  outcome.traceback = "Traceback\nValueError: bad\n";
  outcome.mini_batch = 3;
  outcome.items = {"/in/a"};
  outcome.log = "/logs/process000.txt";
  const auto result = result_text(outcome, config, "Azure would count more");
  CHECK(result.starts_with("The job failed.\n10 mini-batches, 1 failed; 100 items, 7 failed; 93 rows\n"));
  CHECK(has(result, "4 mini-batches of them finished in an earlier run and kept\n"));
  CHECK(has(result, "  error_threshold: 7 items failed, 5 allowed\n  allowed_failed_count: 1 mini-batch failed, any number allowed\n"
                    "  allowed_failed_percent: 10 % failed, 100 % allowed\nAzure would count more\n"));
  CHECK(has(result, "Reason: 7 items failed, error_threshold allows 5\nFirst failure: ValueError: bad\nMini-batch: 3\n  /in/a\nLog: /logs/process000.txt\n"));
  const auto error = error_text(outcome, {});
  CHECK(error.starts_with("Root cause: ValueError: bad\nMini-batch: 3\n  /in/a\nLog: /logs/process000.txt\nTraceback\nValueError: bad\n\nThe job failed: 7 items"));
}

TEST_CASE("lives of workers: replaced ones, ends with return codes, sums") {
  test::TempFolder folder;
  SetClock clock;
  WorkerLives lives(folder.path(), 2, clock);
  lives.started(0, 41);
  clock.elapsed = milliseconds(250);
  lives.ready(0);
  REQUIRE(lives.processes().size() == 1);
  CHECK(lives.processes()[0].pid == 41);
  EndedTry done;
  done.items = 10;
  done.failed = 1;
  done.elapsed = done.run = seconds(2);
  lives.count(done);
  WorkerEnd killed;
  killed.status = {137, 9, Seconds(1.5), 64u << 20};
  lives.ended(0, killed, "killed by SIGKILL");
  CHECK(lives.processes().empty());
  lives.started(0, 42);
  WorkerEnd stopped;
  stopped.wanted = true;
  lives.ended(0, stopped, "the worker process ended: exit code 0");
  const auto life = test::read(folder / "sys/node/local-0/process000.txt");
  CHECK(life ==
        "2023-11-14T22:13:20.000Z started with pid 41\n"
        "2023-11-14T22:13:20.250Z is ready: imports and init() took 250 ms\n"
        "2023-11-14T22:13:20.250Z exits with returncode -9: killed by SIGKILL; 1.50 s of CPU time, peak memory 64.0 MB\n"
        "2023-11-14T22:13:20.250Z is replaced: started with pid 42\n"
        "2023-11-14T22:13:20.250Z exits with returncode 0; 0 ms of CPU time, peak memory 0 B\n");
  CHECK(has(test::read(folder / "sys/node/local-0/_main.txt"), " process000 exits with returncode -9: killed by SIGKILL"));
  CHECK(test::read(folder / "sys/error/local-0/process000.txt") ==
        "2023-11-14T22:13:20.250Z process000 exits with returncode -9: killed by SIGKILL\n");
  lives.write_summaries();
  const auto summary = test::read(folder / "sys/job_report/process_summary.csv");
  CHECK(has(summary, "\nprocess000,2,1,1,0,10,1,0.250000,2.000000,2.000000,1.500000,64.0\nprocess001,0,0,"));
  CHECK(has(test::read(folder / "sys/job_report/node_summary.csv"), "\nlocal-0,2,1,1,0,10,1,"));
}
