// Descendants of a run that nobody waits for: orphans we adopted, and processes found by the mark in their environment.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "system/children.h"
#include "system/process.h"

namespace mlpipe {
namespace {

bool adopting = false;

std::set<pid_t>& owned() {
  static auto& pids = *new std::set<pid_t>;  // outlives every static Child
  return pids;
}

Path process_folder(pid_t pid) { return fmt::format("/proc/{}", pid); }

enum class Mark { absent, present, unreadable };

// A kernel thread has no program.
bool is_program(pid_t pid) {
  std::error_code failed;
  (void)std::filesystem::read_symlink(process_folder(pid) / "exe", failed);
  return !failed;
}

// In the middle of exec the environment reads as empty for a moment: such a process has to be looked at again.
Mark mark_of(pid_t pid, const std::string& entry) {
  const auto environment = read_file(process_folder(pid) / "environ");
  if (!environment) return Mark::absent;  // ended, or another user's
  if (environment->empty()) return is_program(pid) ? Mark::unreadable : Mark::absent;
  for (const auto variable : split(*environment, '\0'))
    if (variable == entry) return Mark::present;
  return Mark::absent;
}

bool is_of_this_user(pid_t pid) {
  struct stat st;
  return ::stat(process_folder(pid).c_str(), &st) == 0 && st.st_uid == ::geteuid();
}

// The pidfd pins the process before the second look: a pid that was reused meanwhile is not hit.
Fd kill_if_marked(pid_t pid, const std::string& entry, bool& unsure) {
  if (!is_of_this_user(pid)) return {};
  const Mark mark = mark_of(pid, entry);
  unsure |= mark == Mark::unreadable;
  if (mark != Mark::present) return {};
  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const Mark again = process ? mark_of(pid, entry) : Mark::absent;
  unsure |= again == Mark::unreadable;
  if (again != Mark::present) return {};
  if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0) return {};
  return process;
}

// A killed process keeps its environment until it is gone. Bounded: one that hangs in the kernel may take its time.
void wait_until_gone(const std::vector<Fd>& processes) {
  constexpr int longest_ms = 1000;
  for (const auto& process : processes) {
    pollfd waiting{process.get(), POLLIN, 0};
    ::poll(&waiting, 1, longest_ms);
  }
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  const auto names = list_folder("/proc");
  if (!names) return pids;
  for (const auto& name : *names)
    if (const auto pid = parse_integer(name); pid && *pid > 0 && *pid != ::getpid()) pids.push_back(static_cast<pid_t>(*pid));
  return pids;
}

std::string entry_of(const std::string& token) { return std::string(run_token_variable) + "=" + token; }

}  // namespace

void own_child(pid_t pid) { owned().insert(pid); }
void disown_child(pid_t pid) { owned().erase(pid); }

void become_subreaper() { adopting = ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0; }

namespace {

std::vector<pid_t> orphans() {
  std::vector<pid_t> pids;
  const auto threads = list_folder("/proc/self/task");
  if (!adopting || !threads) return pids;
  for (const auto& thread : *threads) {
    const auto children = read_file(Path("/proc/self/task") / thread / "children");
    if (!children) continue;
    for (const auto word : split(*children, ' '))
      if (const auto pid = parse_integer(word); pid && !owned().contains(static_cast<pid_t>(*pid))) pids.push_back(static_cast<pid_t>(*pid));
  }
  return pids;
}

}  // namespace

void reap_orphans() {
  for (const pid_t pid : orphans()) ::waitpid(pid, nullptr, WNOHANG);
}

bool has_orphans() {
  reap_orphans();
  return !orphans().empty();
}

// A killed one's children become ours: until none is left. Children cannot be reused pids, they wait for us.
int kill_orphans() {
  constexpr int most_passes = 1000;
  int killed = 0;
  for (int pass = 0; pass < most_passes; ++pass) {
    const auto pids = orphans();
    if (pids.empty()) break;
    for (const pid_t pid : pids) {
      ::kill(pid, SIGKILL);
      killed += ::waitpid(pid, nullptr, 0) == pid;
    }
  }
  return killed;
}

int kill_marked(const std::string& token) {
  if (token.empty()) return 0;
  constexpr int most_passes = 100;   // something may start processes as fast as we kill them
  constexpr int most_doubts = 5;     // an exec takes less than a millisecond; an environment may also really be empty
  const std::string entry = entry_of(token);
  std::set<pid_t> killed;
  int doubts = 0;
  for (int pass = 0; pass < most_passes; ++pass) {
    std::vector<Fd> hit;
    bool unsure = false;
    for (const pid_t pid : all_processes()) {
      Fd process = kill_if_marked(pid, entry, unsure);
      if (!process) continue;
      killed.insert(pid);
      hit.push_back(std::move(process));
    }
    wait_until_gone(hit);
    reap_orphans();
    if (!hit.empty()) continue;
    if (!unsure || ++doubts > most_doubts) break;
    ::usleep(1000);
  }
  return static_cast<int>(killed.size());
}

void wait_for_marked(const std::string& token, std::chrono::milliseconds most) {
  constexpr std::chrono::milliseconds pause(20);
  const std::string entry = entry_of(token);
  const auto lives = [&](pid_t pid) { return is_of_this_user(pid) && mark_of(pid, entry) == Mark::present; };
  for (auto waited = pause; waited < most && std::ranges::any_of(all_processes(), lives); waited += pause)
    std::this_thread::sleep_for(pause);
}

}  // namespace mlpipe
