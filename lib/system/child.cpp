// A child from its start to the release of its pid.
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "system/children.h"
#include "system/process.h"

namespace mlpipe {
namespace {

Seconds seconds_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

ExitStatus status_of(int wait_status, const rusage& usage) {
  ExitStatus status;
  if (WIFSIGNALED(wait_status)) status.signal = WTERMSIG(wait_status);
  status.code = status.signal ? 128 + status.signal : WEXITSTATUS(wait_status);
  status.cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  status.peak_rss = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return status;
}

}  // namespace

std::string signal_name(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string describe(const ExitStatus& status) {
  return status.signal ? "killed by " + signal_name(status.signal) : fmt::format("exit code {}", status.code);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), foreground_(other.foreground_), pidfd_(std::move(other.pidfd_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  Child ended(std::move(*this));
  pid_ = std::exchange(other.pid_, -1);
  foreground_ = other.foreground_;
  pidfd_ = std::move(other.pidfd_);
  return *this;
}

Child::~Child() {
  if (!running()) return;
  signal_group(SIGKILL);
  reap();
}

void Child::signal_group(int signal) const {
  if (running()) ::kill(foreground_ ? pid_ : -pid_, signal);
}

ExitStatus Child::reap() {
  if (!running()) return {};
  siginfo_t ended;
  while (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  // Before the pid is released: afterwards the group's number may be somebody else's.
  signal_group(SIGKILL);
  int wait_status = 0;
  rusage usage{};
  while (::wait4(pid_, &wait_status, 0, &usage) < 0 && errno == EINTR) {
  }
  disown_child(std::exchange(pid_, -1));
  pidfd_.reset();
  reap_orphans();
  return status_of(wait_status, usage);
}

}  // namespace mlpipe
