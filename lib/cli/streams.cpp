#include "cli/streams.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "system/files.h"

namespace mlpipe::cli {

Status print(std::string_view text) {
  errno = 0;
  auto written = write_all(STDOUT_FILENO, text, "standard output");
  if (!written && errno == EPIPE) return {};
  if (!written) return Error{ErrorKind::store, written.error().message, written.error().hint};
  return written;
}

void tell(std::string_view line) { (void)write_all(STDERR_FILENO, fmt::format("{}\n", line), "standard error"); }

void tell(const Error& error) {
  if (error.message.empty()) return;
  tell(fmt::format("mlpipe: error: {}", error.message));
  if (!error.hint.empty()) tell(fmt::format("hint: {}", error.hint));
}

}  // namespace mlpipe::cli
