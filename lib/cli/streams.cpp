#include "cli/streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "system/files.h"

namespace mlpipe::cli {

void ensure_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // open takes the lowest free number, which is this one.
    (void)::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

Status print(std::string_view text) {
  errno = 0;
  auto written = write_all(STDOUT_FILENO, text, "standard output");
  if (!written && errno == EPIPE) return {};
  if (!written) return Error{ErrorKind::store, written.error().message, written.error().hint};
  return written;
}

void tell(std::string_view line) { tell_lines(fmt::format("{}\n", line)); }

void tell_lines(std::string_view lines) { (void)write_all(STDERR_FILENO, lines, "standard error"); }

void tell(const Error& error) {
  if (error.message.empty()) return;
  tell(fmt::format("mlpipe: error: {}", error.message));
  if (!error.hint.empty()) tell(fmt::format("hint: {}", error.hint));
}

}  // namespace mlpipe::cli
