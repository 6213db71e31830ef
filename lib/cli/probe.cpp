#include "cli/probe.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "base/text.h"
#include "scoring/module.h"
#include "system/clock.h"
#include "system/process.h"

namespace mlpipe::cli {
namespace {

// Until the other end closes. Nothing: the time is up.
Result<std::string> read_to_end(int fd, Seconds limit) {
  const auto give_up = Clock::real().steady() + std::chrono::duration_cast<std::chrono::nanoseconds>(limit);
  std::string text;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(give_up - Clock::real().steady()).count();
    pollfd ready{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0)
      return Error{ErrorKind::timeout, "no answer in " + format_seconds(limit), {}};
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void say(int fd, std::string_view text) { (void)!::write(fd, text.data(), text.size()); }

// In the forked child. First byte '+': a version follows; '-': a reason.
[[noreturn]] void open_and_tell(const Path& module, int fd) {
  void* handle = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  const char* reason = handle ? nullptr : ::dlerror();
  using Entry = const mlpipe_scoring_module* (*)();
  const auto entry = handle ? reinterpret_cast<Entry>(::dlsym(handle, "mlpipe_scoring_module_v2")) : nullptr;
  if (entry) say(fd, fmt::format("+{}", entry()->version));
  else say(fd, fmt::format("-{}", reason ? reason : "it is no scoring module of this version"));
  // Not exit(): LibTorch's destructors have no business here.
  ::_exit(0);
}

}  // namespace

Result<std::string> output_of(const std::vector<std::string>& argv, Seconds limit, const std::vector<std::string>& variables) {
  MLPIPE_TRY(auto pipe, make_pipe());
  ProcessSpec spec{.argv = argv, .environment = environment_with(variables), .out = pipe.second.get()};
  MLPIPE_TRY(Child child, Child::spawn(spec));
  pipe.second.reset();
  MLPIPE_TRY(std::string text, read_to_end(pipe.first.get(), limit));
  const ExitStatus status = child.reap();
  if (!status.ok()) return Error{ErrorKind::step_failed, describe(status), {}};
  return text;
}

Result<std::string> version_of_module(const Path& module, Seconds limit) {
  MLPIPE_TRY(auto pipe, make_pipe());
  const pid_t pid = ::fork();
  if (pid < 0) return errno_error("fork for", module);
  if (pid == 0) open_and_tell(module, pipe.second.get());
  pipe.second.reset();
  const auto said = read_to_end(pipe.first.get(), limit);
  if (!said) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!said) return said.error();
  if (said->starts_with('+')) return said->substr(1);
  if (WIFSIGNALED(status)) return Error{ErrorKind::step_failed, "killed by " + signal_name(WTERMSIG(status)), {}};
  return Error{ErrorKind::step_failed, said->empty() ? "it ended the process" : said->substr(1), {}};
}

}  // namespace mlpipe::cli
