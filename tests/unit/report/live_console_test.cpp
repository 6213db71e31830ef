// The live table on a terminal, looked at through a small terminal of our own.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/text.h"
#include "events_of_a_run.h"
#include "fake_clock.h"
#include "report/console.h"

using namespace mlpipe;
using namespace mlpipe::test;
using namespace std::chrono_literals;

namespace {

// Understands what a line printer with "cursor up" and "erase below" does; one byte is one column, rows wrap at `width`.
class Terminal {
 public:
  explicit Terminal(std::size_t width) : width_(width) {}

  void feed(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const char c = bytes[at];
      if (c == '\x1b') at = code(bytes, at);
      else if (c == '\r') column_ = 0;
      else if (c == '\n') next_row();
      else put(c);
    }
  }
  const std::vector<std::string>& rows() const { return rows_; }
  std::string text() const { return join(rows_, "\n"); }
  int unknown_codes = 0;

 private:
  std::size_t code(std::string_view bytes, std::size_t at) {
    const auto end = bytes.find_first_not_of("0123456789;", at + 2);
    const std::string number(bytes.substr(at + 2, end - at - 2));
    if (bytes[end] == 'A') row_ -= std::min<std::size_t>(row_, number.empty() ? 1 : std::stoul(number));
    else if (bytes[end] == 'J') erase_below();
    else if (bytes[end] != 'm') ++unknown_codes;
    return end;
  }
  void erase_below() {
    rows_.resize(row_ + 1);
    rows_[row_].resize(std::min(rows_[row_].size(), column_));
  }
  void next_row() {
    column_ = 0;
    if (++row_ == rows_.size()) rows_.emplace_back();
  }
  void put(char c) {
    if (column_ == width_) next_row();
    if (rows_[row_].size() <= column_) rows_[row_].resize(column_ + 1, ' ');
    rows_[row_][column_++] = c;
  }

  std::size_t width_, row_ = 0, column_ = 0;
  std::vector<std::string> rows_{""};
};

// A console on a real pseudo-terminal.
class LiveConsole {
 public:
  LiveConsole(unsigned short width, unsigned short height) : screen(width) {
    master_ = Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(master_);
    REQUIRE(::grantpt(master_.get()) == 0);
    REQUIRE(::unlockpt(master_.get()) == 0);
    slave_ = Fd(::open(::ptsname(master_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    resize(width, height);
    console_ = make_console({.fd = slave_.get(), .live = true}, clock);
  }
  void resize(unsigned short width, unsigned short height) {
    const winsize size{height, width, 0, 0};
    REQUIRE(::ioctl(slave_.get(), TIOCSWINSZ, &size) == 0);
  }
  std::string on(const Event& event) {
    console_->on(event);
    return take();
  }
  std::string pulse(const std::map<std::string, std::uint64_t>& memory = {}) {
    console_->pulse(memory);
    return take();
  }
  std::string end() {
    console_.reset();
    return take();
  }
  int fd() const { return slave_.get(); }

  FakeClock clock;
  Terminal screen;

 private:
  std::string take() {
    std::string bytes(1 << 16, '\0');
    const ssize_t got = ::read(master_.get(), bytes.data(), bytes.size());
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    screen.feed(bytes);
    return bytes;
  }

  Fd master_, slave_;
  std::unique_ptr<EventSink> console_;
};

}  // namespace

TEST_CASE("live: lines scroll above a table of what runs") {
  LiveConsole console(80, 24);
  console.on(run_started({"prepare", "score"}));
  console.on(StepStarted{"prepare", "no earlier result", "", 1, false});
  console.clock.advance(200ms);
  console.on(StepStarted{"score", "", "", 1, true});
  console.clock.advance(1s);
  console.on(StepOutputText{"prepare", "", false, "hello\nhalf"});
  console.on(StepProgress{"score", {12, 0, 0, 120, 0, 0, 2}});
  console.clock.advance(2s);
  console.on(StepProgress{"score", {12, 3, 0, 120, 30, 0, 2, Seconds(9.4)}});
  CHECK(console.screen.text() ==
        "run 20261123-001530-123 of digits: 2 steps, -j2\n"
        "prepare  runs: no earlier result\n"
        "score    runs\n"
        "prepare | hello\n"
        "prepare  runs     3.20 s\n"
        "score    runs     3.00 s  30/120 items  15 items/s  9 s left  2 workers\n"
        "0 of 2 steps ended, 2 running, 3.20 s");
  console.on(ended("prepare", StepState::ran));
  console.on(ended("score", StepState::ran));
  console.on(run_ended({StepState::ran, StepState::ran}));
  console.end();
  CHECK(console.screen.text() ==
        "run 20261123-001530-123 of digits: 2 steps, -j2\n"
        "prepare  runs: no earlier result\n"
        "score    runs\n"
        "prepare | hello\n"
        "prepare | half\n"
        "prepare  done in 1.24 s\n"
        "score    done in 1.24 s\n"
        "2 steps: 2 ran in 43 ms\n");
  CHECK(console.screen.unknown_codes == 0);
}

TEST_CASE("live: what matters least is left out where a row does not fit") {
  const auto row_at = [](unsigned short width) {
    LiveConsole console(width, 24);
    console.on(run_started({"score-the-whole-archive"}));
    console.on(StepStarted{"score-the-whole-archive", "", "", 1, true});
    console.on(StepProgress{"score-the-whole-archive", {12, 0, 0, 120, 0, 0, 2}});
    console.clock.advance(2s);
    console.on(StepProgress{"score-the-whole-archive", {12, 3, 1, 120, 30, 2, 2, Seconds(9.4)}});
    console.clock.advance(1s);
    console.pulse({{"score-the-whole-archive", 412u << 20}});
    const auto& rows = console.screen.rows();
    return rows[rows.size() - 2];
  };
  CHECK(row_at(140) == "score-the-whole-archive  runs     3.00 s  30/120 items  2 failed  10 items/s  9 s left  2 workers  412.0 MB  4/12 mini-batches");
  CHECK(row_at(100) == "score-the-whole-archive  runs     3.00 s  30/120 items  2 failed  10 items/s  9 s left  412.0 MB");
  CHECK(row_at(60) == "score-the-whole-a…  runs     3.00 s  30/120 items");
  CHECK(row_at(40) == "score-the-w…  runs     3.00 s");
}

TEST_CASE("live: time goes on while nothing happens, and a failure is counted") {
  LiveConsole console(80, 24);
  console.on(run_started({"a", "b"}));
  console.on(StepStarted{"a", "", "", 1, false});
  console.on(StepStarted{"b", "", "", 1, false});
  console.on(ended("b", StepState::failed));
  console.clock.advance(5s);
  console.pulse();
  const std::string shown = console.screen.text();
  CHECK(shown.find("a  runs     5.00 s\n1 of 2 steps ended, 1 failed, 1 running, 5.00 s") != std::string::npos);
}

TEST_CASE("live: a table from before Ctrl-Z is left where it is") {
  LiveConsole console(80, 24);
  console.on(run_started({"a"}));
  console.on(StepStarted{"a", "", "", 1, false});
  console.screen.feed("\n$ fg\n");  // the shell's
  ::raise(SIGCONT);
  console.clock.advance(1s);
  console.pulse();
  const std::string shown = console.screen.text();
  CHECK(shown.find("$ fg\na  runs     1.00 s\n") != std::string::npos);
  console.clock.advance(1s);
  console.pulse();
  CHECK(console.screen.text().find("$ fg\na  runs     2.00 s\n") != std::string::npos);
}

TEST_CASE("live: the table alone is redrawn at most ten times a second") {
  LiveConsole console(80, 24);
  console.on(run_started({"score"}));
  console.on(StepStarted{"score", "", "", 1, true});
  int redrawn = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    console.clock.advance(1ms);
    redrawn += !console.on(StepProgress{"score", {1000, i, 0, 1000, i, 0, 2}}).empty();
  }
  CHECK(redrawn >= 9);
  CHECK(redrawn <= 10);
}

TEST_CASE("live: the table fits a small terminal") {
  for (const unsigned short height : {2, 3, 5}) {
    LiveConsole console(30, height);
    std::vector<std::string> steps;
    for (int i = 0; i < 40; ++i) steps.push_back("a-step-with-quite-a-long-name-" + std::to_string(i));
    console.on(run_started(steps));
    const std::size_t before = console.screen.rows().size() - 1;
    for (const std::string& step : steps) {
      console.on(StepStarted{step, "because", "", 1, false});
      console.on(StepOutputText{step, "", false, "x\n"});
    }
    console.clock.advance(1s);
    console.on(StepProgress{steps[0], {10, 1, 0, 10, 1, 0, 1}});
    std::size_t said = 0;
    for (const std::string& row : console.screen.rows()) said += row.find("running") != std::string::npos;
    CHECK(said <= 1);
    CHECK(console.screen.rows().size() > before);
    for (const std::string& step : steps) console.on(ended(step, StepState::ran));
    console.end();
    CHECK(console.screen.text().find("running") == std::string::npos);
    CHECK(console.screen.unknown_codes == 0);
  }
}

TEST_CASE("live: every frame leaves the cursor visible and colours off") {
  LiveConsole console(80, 24);
  std::string all = console.on(run_started({"a"}));
  all += console.on(StepStarted{"a", "", "", 1, false});
  all += console.on(StepOutputText{"a", "", false, "\x1b[?25l\x1b[31mred\x1b[5;5H\n"});
  all += console.on(ended("a", StepState::failed));
  all += console.end();
  CHECK(all.find("25l") == std::string::npos);
  CHECK(all.find("\x1b[31m") == std::string::npos);
}

TEST_CASE("NO_COLOR and TERM=dumb are honoured on a terminal") {
  LiveConsole console(80, 24);
  const auto with = [&](const char* term, const char* no_colour) {
    ::setenv("TERM", term, 1);
    no_colour ? ::setenv("NO_COLOR", no_colour, 1) : ::unsetenv("NO_COLOR");
    return console_options(console.fd());
  };
  const char* before = std::getenv("TERM");
  const std::string term = before ? before : "dumb";
  CHECK(with("xterm", nullptr).live);
  CHECK(with("xterm", nullptr).colour);
  CHECK(with("xterm", "").colour);
  CHECK(with("xterm", "1").live);
  CHECK_FALSE(with("xterm", "1").colour);
  CHECK_FALSE(with("dumb", nullptr).live);
  CHECK_FALSE(with("dumb", nullptr).colour);
  ::setenv("TERM", term.c_str(), 1);
}

TEST_CASE("live: a step that prints much is drawn now and then, and no line of it is lost") {
  LiveConsole console(80, 24);
  console.on(run_started({"loud"}));
  console.on(StepStarted{"loud", "", "", 1, false});
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += console.on(StepOutputText{"loud", "", false, std::to_string(i) + "\n"});
  CHECK(bytes.empty());
  console.clock.advance(250ms);
  console.pulse();
  const std::string shown = console.screen.text();
  for (int i = 0; i < 100; ++i) CHECK(shown.find(fmt::format("\nloud | {}\n", i)) != std::string::npos);
  CHECK(shown.find("loud | 98\nloud | 99\nloud  runs ") != std::string::npos);
}

TEST_CASE("live: a terminal that was stopped holds up nobody") {
  LiveConsole console(80, 24);
  console.on(run_started({"talks"}));
  console.on(StepStarted{"talks", "", "", 1, false});
  REQUIRE(::tcflow(console.fd(), TCOOFF) == 0);
  for (int i = 0; i < 100; ++i) {
    console.clock.advance(250ms);
    CHECK(console.on(StepOutputText{"talks", "", false, std::to_string(i) + "\n"}).empty());
  }
  REQUIRE(::tcflow(console.fd(), TCOON) == 0);
  console.pulse();
  CHECK(console.screen.text().find("talks | 98\ntalks | 99\ntalks  runs ") != std::string::npos);
}
