// A program that has our terminal for a while, as a shell's foreground job has.
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "system/process.h"

namespace mlpipe {
namespace {

// What the terminal sends goes to the whole group: it must not end us before the program that it is meant for.
class TerminalSignalsIgnored {
 public:
  TerminalSignalsIgnored() : interrupt_(std::signal(SIGINT, SIG_IGN)), quit_(std::signal(SIGQUIT, SIG_IGN)) {}
  ~TerminalSignalsIgnored() {
    std::signal(SIGINT, interrupt_);
    std::signal(SIGQUIT, quit_);
  }
  TerminalSignalsIgnored(const TerminalSignalsIgnored&) = delete;
  TerminalSignalsIgnored& operator=(const TerminalSignalsIgnored&) = delete;

 private:
  using Handler = void (*)(int);
  Handler interrupt_, quit_;
};

// A debugger that is killed leaves the terminal without echo, and a shell that is killed leaves it to a group that is gone.
class TerminalRestored {
 public:
  TerminalRestored() {
    termios modes;
    const bool ours = ::tcgetpgrp(terminal) == ::getpgrp();
    if (ours && ::tcgetattr(terminal, &modes) == 0) modes_ = modes;
  }
  ~TerminalRestored() {
    if (!modes_) return;
    const auto before = std::signal(SIGTTOU, SIG_IGN);  // from the background both calls would stop us
    (void)::tcsetpgrp(terminal, ::getpgrp());
    (void)::tcsetattr(terminal, TCSADRAIN, &*modes_);
    std::signal(SIGTTOU, before);
  }
  TerminalRestored(const TerminalRestored&) = delete;
  TerminalRestored& operator=(const TerminalRestored&) = delete;

 private:
  static constexpr int terminal = STDIN_FILENO;
  std::optional<termios> modes_;  // nothing: it is not ours
};

}  // namespace

Result<ExitStatus> run_in_foreground(ProcessSpec spec) {
  spec.foreground = true;
  if (spec.in < 0) spec.in = STDIN_FILENO;
  if (spec.out < 0) spec.out = STDOUT_FILENO;
  if (spec.err < 0) spec.err = STDERR_FILENO;
  const TerminalSignalsIgnored ignored;
  const TerminalRestored restored;
  MLPIPE_TRY(Child child, Child::spawn(spec));
  return child.reap();
}

}  // namespace mlpipe
