// A program that has our terminal for a while, as a shell's foreground job has.
#include <csignal>
#include <unistd.h>

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

}  // namespace

Result<ExitStatus> run_in_foreground(ProcessSpec spec) {
  spec.foreground = true;
  if (spec.in < 0) spec.in = STDIN_FILENO;
  if (spec.out < 0) spec.out = STDOUT_FILENO;
  if (spec.err < 0) spec.err = STDERR_FILENO;
  const TerminalSignalsIgnored ignored;
  MLPIPE_TRY(Child child, Child::spawn(spec));
  return child.reap();
}

}  // namespace mlpipe
