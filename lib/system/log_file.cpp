#include "system/log_file.h"

#include <fcntl.h>

namespace mlpipe {
namespace {

Fd open_log(const Path& path, int flags) {
  if (!make_dirs(path.parent_path())) return {};
  auto opened = open_file(path, O_WRONLY | O_CREAT | flags);
  return opened ? opened.take() : Fd();
}

}  // namespace

std::size_t LogFile::append(std::string_view text) {
  if (text.empty()) return 0;
  if (!file_) file_ = open_log(path_, O_APPEND);
  return file_ ? write_most(file_.get(), text) : 0;
}

void LogFile::replace(const Path& path, std::string_view text) {
  if (const Fd file = open_log(path, O_TRUNC)) (void)write_all(file.get(), text, path);
}

}  // namespace mlpipe
