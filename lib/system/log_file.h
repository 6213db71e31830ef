// A log that is opened when there is something to write. A disk that is full, or a folder that cannot be written, loses
// lines and nothing else.
#pragma once

#include <cstddef>
#include <string_view>

#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

class LogFile {
 public:
  LogFile() = default;
  explicit LogFile(Path path) : path_(std::move(path)) {}

  // Makes the folders above it. How much of it was written.
  std::size_t append(std::string_view text);
  const Path& path() const { return path_; }

  // The whole content, in place: logs need no temporary file that a kill would leave behind.
  static void replace(const Path& path, std::string_view text);

 private:
  Path path_;
  Fd file_;
};

}  // namespace mlpipe
