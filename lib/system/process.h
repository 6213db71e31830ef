// Child processes, owned by pid and pidfd.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

struct ProcessSpec {
  std::vector<std::string> argv;         // argv[0] is looked up in env's PATH when it has no slash
  Path cwd;                              // empty: ours
  std::vector<std::string> environment;  // the whole of it, "NAME=value"
  int in = -1;                           // -1: /dev/null
  int out = -1;                          // -1: /dev/null; else borrowed, becomes fd 1
  int err = -1;
  std::vector<int> pass;                 // borrowed; become fds 3, 4, ... in this order
  bool foreground = false;               // stays in our process group, so that a terminal's keys and signals reach it
};

struct ExitStatus {
  int code = 0;    // exit code, or 128 + signal as a shell says it
  int signal = 0;  // 0: it exited by itself
  Seconds cpu{};   // user and system time, children that it waited for included
  std::uint64_t peak_rss = 0;  // bytes; the kernel counts from before exec, so never below what we had when it started

  bool ok() const { return code == 0 && signal == 0; }
};

// "exit code 3", "killed by SIGKILL", "killed by SIGSEGV".
std::string describe(const ExitStatus& status);
std::string signal_name(int signal);  // "SIGKILL"; "signal 77" when it has no name

// A direct child that leads its own process group (unless foreground: then only the process itself is ever signalled), has no descriptor of ours but those given, all signals at their
// defaults and unblocked, and dies with the thread that spawned it (PR_SET_PDEATHSIG): spawn from the main one.
// Destroying a living one kills its group and reaps it.
class Child {
 public:
  Child() = default;
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  static Result<Child> spawn(const ProcessSpec& spec);

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable once it has ended; watch it in the EventLoop
  bool running() const { return pid_ > 0; }

  void signal_group(int signal) const;  // nothing when already reaped
  // Waits (does not block when pidfd is readable) and releases the pid. What is left of its group is killed.
  ExitStatus reap();

 private:
  pid_t pid_ = -1;
  bool foreground_ = false;
  Fd pidfd_;
};

// Runs it in the foreground to its end. Meanwhile Ctrl-C and Ctrl-\ are its business alone, and SIGTERM and SIGHUP are handed to it,
// with a SIGKILL 3 seconds after them; afterwards the terminal that is our stdin is as it was. in, out and err are ours unless given.
Result<ExitStatus> run_in_foreground(ProcessSpec spec);

// Marks descendants of a run: set as MLPIPE_RUN_TOKEN in every child's environment, inherited by whatever they start.
inline constexpr const char* run_token_variable = "MLPIPE_RUN_TOKEN";
// SIGKILLs every process of this user whose environment has that token, ourselves excepted, until none is left.
// Returns how many were killed. Cost: one pass over /proc (about 20 us a process).
int kill_marked(const std::string& token);
// Waits until no such process is left, `most` at the longest.
void wait_for_marked(const std::string& token, std::chrono::milliseconds most);

// SIGKILLs and reaps every child that no Child owns: processes that left their group and cleared their environment, adopted
// after become_subreaper. Returns how many.
int kill_orphans();

// Whether such a child lives.
bool has_orphans();

// Adopts orphans of our children, so that kill_marked's victims and escaped grandchildren can be reaped here. From now on
// every dead child that no Child owns is taken for one: such a process must not fork in other ways.
void become_subreaper();

// Two ends of a connected pair of stream sockets, or of a pipe (first: read end). Close-on-exec.
Result<std::pair<Fd, Fd>> socket_pair();
Result<std::pair<Fd, Fd>> make_pipe();
void set_nonblocking(int fd);
// Closes `first` and every descriptor above it.
void close_descriptors(int first);

// The same environment with `changes` in it, each in the place of what it had by that name.
std::vector<std::string> with_variables(std::vector<std::string> environment, const std::vector<std::string>& changes);
// Our environment as "NAME=value", with `changes` (NAME=value) put over it.
std::vector<std::string> environment_with(const std::vector<std::string>& changes);
// The value of a variable in such a list; of two the later.
std::optional<std::string> environment_value(const std::vector<std::string>& environment, std::string_view name);

}  // namespace mlpipe
