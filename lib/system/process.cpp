// Starting a process. By vfork: fork would copy the page tables of a runner that knows a million items. Until exec the child shares our
// memory, and it may be killed there at any moment; so what it does is in ChildSetup, takes no lock and allocates nothing.
// (Boost.Process's launcher locks a mutex there: a worker that was killed just then left the runner waiting for ever.)
#include "system/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "system/children.h"
#include "system/host.h"

namespace mlpipe {
namespace {

enum class Stage : int { setup, folder, exec };

// What a child that could not become the program says through a pipe: memory would lose it wherever vfork is really a fork
// (sanitizers, emulators).
struct Failure {
  Stage stage;
  int error_number;
};

class ChildSetup {
 public:
  // `descriptors` become 0, 1, 2, ... of the child.
  ChildSetup(const ProcessSpec& spec, std::vector<int> descriptors, int report)
      : cwd_(spec.cwd.empty() ? nullptr : spec.cwd.c_str()), descriptors_(std::move(descriptors)), aside_(descriptors_),
        report_(report), parent_(::getpid()), own_group_(!spec.foreground) {}

  [[noreturn]] void become(const char* program, const char* const* argv, const char* const* environment) {
    if (own_group_) ::setpgid(0, 0);
    die_with_parent();
    if (cwd_ && ::chdir(cwd_) != 0) fail(Stage::folder);
    place_descriptors();
    reset_signals();
    ::execve(program, const_cast<char* const*>(argv), const_cast<char* const*>(environment));
    fail(Stage::exec);
  }

 private:
  int count() const { return static_cast<int>(descriptors_.size()); }

  [[noreturn]] void fail(Stage stage) {
    const Failure failure{stage, errno};
    [[maybe_unused]] const auto ignored = ::write(report_, &failure, sizeof failure);
    ::_exit(127);
  }

  // Ignored signals stay ignored across exec, and a program that expects to die of SIGPIPE would spin.
  static void reset_signals() {
    // A Ctrl-Z that came while we were of the parent's group would stop us before exec, and with us the parent for ever: ignoring it forgets it.
    for (const int stop : {SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(stop, SIG_IGN);
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }

  void die_with_parent() {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(Stage::setup);
    if (::getppid() != parent_) ::_exit(127);  // it died before the request
  }

  // First out of the way of all targets, then to the targets: any permutation is fine.
  void place_descriptors() {
    for (int i = 0; i < count(); ++i)
      if ((aside_[i] = ::fcntl(descriptors_[i], F_DUPFD_CLOEXEC, count() + 1)) < 0) fail(Stage::setup);
    const int report = ::fcntl(report_, F_DUPFD_CLOEXEC, count() + 1);
    if (report < 0) fail(Stage::setup);
    report_ = report;
    for (int i = 0; i < count(); ++i)
      if (::dup2(aside_[i], i) < 0) fail(Stage::setup);
    if (::dup3(report_, count(), O_CLOEXEC) < 0) fail(Stage::setup);
    report_ = count();
    close_descriptors(count() + 1);
  }

  const char* cwd_;
  std::vector<int> descriptors_;
  std::vector<int> aside_;
  int report_;
  pid_t parent_;
  bool own_group_;
};

// No handler of ours may run in the child while it still shares our memory.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }  // leaves errno alone

 private:
  sigset_t before_;
};

// Whoever started us may have left SIGCHLD ignored: then children vanish before anybody can ask how they ended.
void keep_child_statuses() {
  struct sigaction action {};
  if (::sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) ::signal(SIGCHLD, SIG_DFL);
}

Error cannot_start(const std::string& program, const std::string& why, std::string hint = {}) {
  return {ErrorKind::step_failed, fmt::format("cannot start `{}`: {}", program, why), std::move(hint)};
}

Error explain(const ProcessSpec& spec, const Failure& failure) {
  const std::string& program = spec.argv[0];
  const std::string reason = errno_reason(failure.error_number);
  if (failure.stage == Stage::setup) return cannot_start(program, reason);
  if (failure.stage == Stage::folder) return cannot_start(program, fmt::format("cannot enter {}: {}", shown_path(spec.cwd), reason));
  switch (failure.error_number) {
    case EACCES: return cannot_start(program, reason, "make it executable (chmod +x), and the folders above it accessible");
    case ENOEXEC: return cannot_start(program, reason, "a script begins with a line that names its interpreter: #!/bin/sh");
    case ENOENT: return cannot_start(program, reason, "if the file is there, the interpreter that its #! line names is not");
    case E2BIG: return cannot_start(program, reason, "pass long lists in a file instead of as arguments or environment");
    default: return cannot_start(program, reason);
  }
}

std::string path_in(const std::vector<std::string>& environment) {
  for (const auto& entry : environment)
    if (entry.starts_with("PATH=")) return entry.substr(5);
  return "/usr/bin:/bin";
}

// A name with a slash is left to exec, which takes it as relative to the new working directory, as `cd X && ./program` does.
Result<Path> program_of(const ProcessSpec& spec) {
  if (spec.argv.empty() || spec.argv[0].empty()) return cannot_start("", "no program is named");
  const std::string& name = spec.argv[0];
  if (name.find('/') != std::string::npos) return Path(name);
  const auto found = find_program(name, path_in(spec.environment));
  if (!found) return cannot_start(name, "it is not on PATH", "install it, or say where it is: /path/to/" + name);
  std::error_code error;
  const Path whole = std::filesystem::absolute(*found, error);
  return error ? *found : whole;
}

std::vector<const char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const auto& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

// The pid, or -1 with errno.
pid_t launch(const ProcessSpec& spec, const Path& program, ChildSetup& setup) {
  const auto argv = c_strings(spec.argv), environment = c_strings(spec.environment);
  const AllSignalsBlocked blocked;
  const pid_t pid = ::vfork();
  if (pid == 0) setup.become(program.c_str(), argv.data(), environment.data());
  return pid;
}

bool read_failure(int fd, Failure& failure) {
  ssize_t got = 0;
  do got = ::read(fd, &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  return got == sizeof failure;
}

void wait_for(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// in, out, err and pass with /dev/null (opened into `null`) where nothing is given.
Result<std::vector<int>> descriptors_of(const ProcessSpec& spec, Fd& null) {
  std::vector<int> descriptors{spec.in, spec.out, spec.err};
  if (std::any_of(descriptors.begin(), descriptors.end(), [](int fd) { return fd < 0; })) {
    MLPIPE_TRY(null, open_file("/dev/null", O_RDWR));
    for (int& fd : descriptors)
      if (fd < 0) fd = null.get();
  }
  descriptors.insert(descriptors.end(), spec.pass.begin(), spec.pass.end());
  return descriptors;
}

}  // namespace

Result<Child> Child::spawn(const ProcessSpec& spec) {
  keep_child_statuses();
  MLPIPE_TRY(const Path program, program_of(spec));
  Fd null;
  MLPIPE_TRY(auto descriptors, descriptors_of(spec, null));
  MLPIPE_TRY(auto report, make_pipe());
  ChildSetup setup(spec, std::move(descriptors), report.second.get());
  const pid_t pid = launch(spec, program, setup);
  if (pid < 0) return cannot_start(spec.argv[0], errno_reason(errno));
  report.second.reset();
  if (Failure failure; read_failure(report.first.get(), failure)) {
    wait_for(pid);
    return explain(spec, failure);
  }
  Child child;
  child.pid_ = pid;
  child.foreground_ = spec.foreground;
  own_child(child.pid_);
  child.pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
  if (!child.pidfd_) return cannot_start(spec.argv[0], errno_reason(errno));  // the child's destructor ends it
  return child;
}

}  // namespace mlpipe
