// A program that has our terminal for a while, as a shell's foreground job has.
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "system/clock.h"
#include "system/process.h"

namespace mlpipe {
namespace {

// Between the signal that asks it to end, and the one that makes it.
constexpr auto patience = std::chrono::seconds(3);

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
    (void)::tcsetattr(terminal, TCSANOW, &*modes_);  // not TCSADRAIN, which waits for ever behind Ctrl-S
    std::signal(SIGTTOU, before);
  }
  TerminalRestored(const TerminalRestored&) = delete;
  TerminalRestored& operator=(const TerminalRestored&) = delete;

 private:
  static constexpr int terminal = STDIN_FILENO;
  std::optional<termios> modes_;  // nothing: it is not ours
};

// Who ends us ends the program: handed on, they leave us the time to put the terminal and the disk in order. Those that somebody
// ignores for us (nohup) stay ignored; a descriptor would get them nevertheless.
class EndingSignals {
 public:
  EndingSignals() {
    ::sigemptyset(&ours_);
    for (const int signal : {SIGTERM, SIGHUP}) {
      struct sigaction action {};
      if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) ::sigaddset(&ours_, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &ours_, &before_);
    waiting_ = Fd(::signalfd(-1, &ours_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~EndingSignals() {
    while (next() != 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  EndingSignals(const EndingSignals&) = delete;
  EndingSignals& operator=(const EndingSignals&) = delete;

  int descriptor() const { return waiting_.get(); }
  // 0: there is none.
  int next() const {
    signalfd_siginfo info;
    return ::read(waiting_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t ours_, before_;
  Fd waiting_;
};

// Until it has ended, and not for long when somebody wants us to end.
void wait_for(const Child& child, const EndingSignals& signals) {
  std::optional<SteadyTime> last;
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{child.pidfd(), POLLIN, 0}, pollfd{signals.descriptor(), POLLIN, 0}};
    const auto left = last ? std::chrono::ceil<std::chrono::milliseconds>(*last - std::chrono::steady_clock::now()) : std::chrono::milliseconds(-1);
    if (::poll(watched.data(), watched.size(), last ? static_cast<int>(std::max<long long>(left.count(), 0)) : -1) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0) return;
    if (last && std::chrono::steady_clock::now() >= *last) return child.signal_group(SIGKILL);
    if (const int signal = signals.next()) {
      child.signal_group(signal);
      last = last.value_or(std::chrono::steady_clock::now() + patience);
    }
  }
}

}  // namespace

Result<ExitStatus> run_in_foreground(ProcessSpec spec) {
  spec.foreground = true;
  if (spec.in < 0) spec.in = STDIN_FILENO;
  if (spec.out < 0) spec.out = STDOUT_FILENO;
  if (spec.err < 0) spec.err = STDERR_FILENO;
  const TerminalSignalsIgnored ignored;
  const TerminalRestored restored;
  const EndingSignals signals;
  MLPIPE_TRY(Child child, Child::spawn(spec));
  wait_for(child, signals);
  return child.reap();
}

}  // namespace mlpipe
