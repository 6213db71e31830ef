#include "report/console.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "events_of_a_run.h"
#include "fake_clock.h"
#include "support/temp_folder.h"
#include "system/process.h"

using namespace mlpipe;
using namespace mlpipe::test;
using namespace std::chrono_literals;

namespace {

// Writes to a file, so that the whole output can be looked at.
class PlainConsole {
 public:
  explicit PlainConsole(ConsoleOptions options = {}) {
    file_ = Fd(::open((folder_ / "out").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    options.fd = file_.get();
    console_ = make_console(options, clock);
  }
  PlainConsole& on(const Event& event) {
    console_->on(event);
    return *this;
  }
  void pulse(const std::map<std::string, std::uint64_t>& memory = {}) { console_->pulse(memory); }
  std::string text() const { return read(folder_ / "out"); }

  FakeClock clock;

 private:
  TempFolder folder_;
  Fd file_;
  std::unique_ptr<EventSink> console_;
};

StepEnded failure() {
  StepEnded event = ended("score", StepState::failed);
  event.record.exit_code = 42;
  event.record.error = "3 failed items, 2 allowed";
  event.record.counts = {4, 1, 40, 3, 37};
  event.details = {"Traceback (most recent call last):", "  File \"score.py\", line 3, in run", "ValueError: \x1b[31mbad\x1b[0m"};
  event.mini_batch = 2;
  event.items = {"a.png", "b.png", "c.png", "d.png", "e.png", "f.png"};
  event.log = "/runs/1/steps/score/logs/user/error/process000.txt";
  event.record.kept = "/runs/1/steps/score/kept";
  event.again = "mlpipe run --step score";
  event.replay = "mlpipe replay score --mini-batch 2";
  event.hint = "error_threshold: 3 would allow it:\n  error_threshold: 3\x1b[31m";
  return event;
}

}  // namespace

TEST_CASE("plain: a run that runs, reuses and ends, whole") {
  PlainConsole console;
  console.on(run_started({"prepare", "train", "score"}));
  console.on(StepStarted{"prepare", "no earlier result", "", 1, false});
  console.on(StepOutputText{"prepare", "", false, "reading 100 scans\nwriting"});
  console.on(StepOutputText{"prepare", "", false, " digits\n"});
  console.on(ended("prepare", StepState::ran));
  StepEnded reused = ended("train", StepState::reused);
  reused.record.reused_from = "20261122-101010-001";
  console.on(reused);
  StepEnded scored = ended("score", StepState::ran, 65);
  scored.record.counts = {4, 0, 40, 0, 40};
  scored.published = {{"predictions", "/home/me/results"}};
  console.on(StepStarted{"score", "", "", 1, true});
  console.on(StepOutputText{"score", "process000", true, "hello\n"});
  console.on(scored);
  console.on(run_ended({StepState::ran, StepState::reused, StepState::ran}, 66.3));
  CHECK(console.text() ==
        "run 20261123-001530-123 of digits: 3 steps, -j2\n"
        "prepare  runs: no earlier result\n"
        "prepare | reading 100 scans\n"
        "prepare | writing digits\n"
        "prepare  done in 1.24 s\n"
        "train    reused from run 20261122-101010-001\n"
        "score    runs\n"
        "score   process000 | hello\n"
        "score    done in 1 m 05 s: 4 mini-batches, 40 items, 40 rows\n"
        "  predictions published to /home/me/results\n"
        "3 steps: 2 ran, 1 reused in 1 m 06 s\n");
}

TEST_CASE("plain: a failure says where, why, what, and how to go on") {
  PlainConsole console;
  console.on(run_started({"score", "below"})).on(failure());
  StepEnded skipped = ended("below", StepState::skipped);
  skipped.record.reason = "score failed";
  console.on(skipped).on(run_ended({StepState::failed, StepState::skipped}));
  CHECK(console.text() ==
        "run 20261123-001530-123 of digits: 2 steps, -j2\n"
        "score  failed after 1.24 s: exit code 42: 3 failed items, 2 allowed\n"
        "  | Traceback (most recent call last):\n"
        "  |   File \"score.py\", line 3, in run\n"
        "  | ValueError: bad\n"
        "  mini-batch 2: a.png, b.png, c.png, d.png, e.png, ...\n"
        "  counts: 4 mini-batches, 40 items, 1 mini-batch failed, 3 items failed, 37 rows\n"
        "  log: /runs/1/steps/score/logs/user/error/process000.txt\n"
        "  kept: /runs/1/steps/score/kept\n"
        "  again: mlpipe run --step score\n"
        "  replay: mlpipe replay score --mini-batch 2\n"
        "  hint: error_threshold: 3 would allow it:\n"
        "    error_threshold: 3\n"
        "below  skipped: score failed\n"
        "2 steps: 1 failed, 1 skipped in 43 ms\n");
}

TEST_CASE("plain: findings come behind a failure, and below what ended well") {
  PlainConsole console;
  StepEnded done = ended("s", StepState::ran, 0.003);
  done.record.findings = {{"small-appends", "it wrote\x1b[31m often", "collect:\n  once"}};
  CHECK(console.on(done).text() ==
        "s  done in 3 ms\n"
        "  cause: it wrote often\n"
        "  hint: collect:\n"
        "    once\n"
        "  more: docs/troubleshooting.md#small-appends\n");
  PlainConsole other;
  StepEnded failed = done;
  failed.record.state = StepState::failed;
  failed.hint = "another way";
  CHECK(other.on(failed).text().ends_with("  more: docs/troubleshooting.md#small-appends\n  hint: another way\n"));
}

TEST_CASE("plain: exit code and signal are said once") {
  const auto said = [](int code, int signal, const std::string& error) {
    PlainConsole console;
    StepEnded event = ended("s", StepState::failed, 0.003);
    event.record.exit_code = code;
    event.record.signal = signal;
    event.record.error = error;
    return console.on(event).text();
  };
  CHECK(said(3, 0, "exit code 3") == "s  failed after 3 ms: exit code 3\n");
  CHECK(said(0, 9, "killed by SIGKILL") == "s  failed after 3 ms: killed by SIGKILL\n");
  CHECK(said(0, 11, "") == "s  failed after 3 ms: killed by SIGSEGV\n");
  CHECK(said(0, 0, "output model is missing") == "s  failed after 3 ms: output model is missing\n");
}

TEST_CASE("plain: half lines of different steps never share a line and are not lost") {
  PlainConsole console;
  console.on(StepOutputText{"a", "", false, "from a"});
  console.on(StepOutputText{"b", "", false, "from b\nmore b"});
  console.on(StepOutputText{"a", "", true, "err of a"});
  CHECK(console.text() == "b | from b\n");
  console.on(StepRetried{"a", "exit code 1", 2});
  console.on(ended("b", StepState::ran));
  CHECK(console.text() ==
        "b | from b\n"
        "a | from a\n"
        "a | err of a\n"
        "a  attempt 2: exit code 1\n"
        "b | more b\n"
        "b  done in 1.24 s\n");
}

TEST_CASE("plain: progress of a parallel step at its beginning, then every ten seconds") {
  PlainConsole console;
  console.on(StepProgress{"score", {12, 0, 0, 120, 0, 0, 2}});
  const std::string plan = "score  12 mini-batches of 120 items\n";
  CHECK(console.text() == plan);
  console.clock.advance(5s);
  console.on(StepProgress{"score", {12, 3, 0, 120, 30, 0, 2}});
  CHECK(console.text() == plan);
  console.clock.advance(5s);
  console.on(StepProgress{"score", {12, 5, 1, 120, 50, 2, 2}});
  CHECK(console.text() == plan + "score  5/12 mini-batches, 1 failed, 2 items failed, 5.0 items/s\n");
  console.clock.advance(10s);
  console.on(StepProgress{"score", {12, 11, 1, 120, 110, 2, 2, Seconds(95.2)}});
  CHECK(console.text().ends_with(" items/s, 1 m 35 s left\n"));
}

TEST_CASE("plain: a step that says nothing for a minute still runs") {
  PlainConsole console;
  console.on(run_started({"train"})).on(StepStarted{"train", "", "", 1, false});
  const std::string begun = console.text();
  for (int i = 0; i < 59; ++i) {
    console.clock.advance(1s);
    console.pulse();
  }
  CHECK(console.text() == begun);
  console.clock.advance(1s);
  console.pulse({{"train", 5u << 20}});
  CHECK(console.text() == begun + "train  still runs, 1 m 00 s, 5.0 MB\n");
  console.clock.advance(30s);
  console.on(StepOutputText{"train", "", false, "epoch 1\n"});
  console.clock.advance(59s);
  console.pulse();
  CHECK(console.text().ends_with("train | epoch 1\n"));
}

TEST_CASE("plain: a failure that is out of sight at the end is told again, with what to type") {
  PlainConsole console;
  console.on(run_started({"score", "other"})).on(failure());
  CHECK(console.text().find("next:") == std::string::npos);
  console.on(StepStarted{"other", "", "", 1, false});
  for (int i = 0; i < 20; ++i) console.on(StepOutputText{"other", "", false, "line\n"});
  console.on(ended("other", StepState::ran)).on(run_ended({StepState::failed, StepState::ran}));
  CHECK(console.text().ends_with("other  done in 1.24 s\n"
                                 "score failed after 1.24 s: exit code 42: 3 failed items, 2 allowed\n"
                                 "  next: mlpipe replay score --mini-batch 2\n"
                                 "2 steps: 1 ran, 1 failed in 43 ms\n"));
}

TEST_CASE("quiet: only failures and the last line") {
  PlainConsole console({.quiet = true});
  console.on(run_started({"a", "score"}))
      .on(StepStarted{"a", "x", "", 1, false})
      .on(StepOutputText{"a", "", false, "text\nhalf"})
      .on(Notice{"", "n", "h"})
      .on(ended("a", StepState::ran));
  CHECK(console.text() == "");
  StepEnded failed = ended("score", StepState::failed);
  failed.record.error = "exit code 1";
  console.on(failed).on(run_ended({StepState::ran, StepState::failed}));
  CHECK(console.text() ==
        "score  failed after 1.24 s: exit code 1\n"
        "2 steps: 1 ran, 1 failed in 43 ms\n");
}

TEST_CASE("colour is never the only carrier of meaning") {
  PlainConsole coloured({.colour = true}), plain;
  for (PlainConsole* console : {&coloured, &plain}) console->on(failure()).on(Notice{"s", "look", "do this"});
  std::string stripped = coloured.text();
  CHECK(stripped != plain.text());
  for (const char* code : {"\x1b[31m", "\x1b[33m", "\x1b[0m"})
    for (auto at = stripped.find(code); at != std::string::npos; at = stripped.find(code)) stripped.erase(at, std::string(code).size());
  CHECK(stripped == plain.text());
}

TEST_CASE("a console whose reader went away is silent, not dead") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  pipe->first.reset();
  const auto console = make_console({.fd = pipe->second.get()});
  console->on(run_started({"a"}));
  console->on(ended("a", StepState::ran));
  ::signal(SIGPIPE, old);
}

TEST_CASE("a pipe that somebody made non-blocking loses nothing") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  set_nonblocking(pipe->second.get());
  std::size_t lines = 0;
  std::thread reader([&, fd = pipe->first.get()] {
    char buffer[4096];
    for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;) lines += std::count(buffer, buffer + got, '\n');
  });
  const auto console = make_console({.fd = pipe->second.get()});
  for (int i = 0; i < 100; ++i) {
    std::string text;
    for (int k = 0; k < 1000; ++k) text += "line\n";
    console->on(StepOutputText{"s", "", false, text});
  }
  pipe->second.reset();
  reader.join();
  CHECK(lines == 100'000);
}

TEST_CASE("neither a table nor colour on a pipe") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  const ConsoleOptions options = console_options(pipe->second.get());
  CHECK_FALSE(options.live);
  CHECK_FALSE(options.colour);
}
