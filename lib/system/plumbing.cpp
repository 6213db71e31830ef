// What children are connected and furnished with.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "system/process.h"

namespace mlpipe {
namespace {

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

Error cannot_make(std::string_view what) {
  Error error{ErrorKind::step_failed, "cannot make " + std::string(what) + ": " + errno_reason(errno), {}};
  if (errno == EMFILE) error.hint = "raise the limit of open files (ulimit -n)";
  return error;
}

}  // namespace

Result<std::pair<Fd, Fd>> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return cannot_make("a pair of sockets");
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

Result<std::pair<Fd, Fd>> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return cannot_make("a pipe");
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void close_descriptors(int first) {
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0) == 0) return;
  for (int fd = first, end = static_cast<int>(::sysconf(_SC_OPEN_MAX)); fd < end; ++fd) ::close(fd);  // Linux < 5.9
}

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> entries;
  for (char** entry = environ; entry && *entry; ++entry) entries.emplace_back(*entry);
  return with_variables(std::move(entries), changes);
}

std::vector<std::string> with_variables(std::vector<std::string> environment, const std::vector<std::string>& changes) {
  for (const auto& change : changes) {
    std::erase_if(environment, [&](const std::string& entry) { return name_of(entry) == name_of(change); });
    environment.push_back(change);
  }
  return environment;
}

std::optional<std::string> environment_value(const std::vector<std::string>& environment, std::string_view name) {
  const auto last = std::find_if(environment.rbegin(), environment.rend(), [&](const std::string& entry) { return name_of(entry) == name && entry != name; });
  if (last == environment.rend()) return std::nullopt;
  return last->substr(name.size() + 1);
}

}  // namespace mlpipe
