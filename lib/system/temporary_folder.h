// A folder of our own where the system keeps temporary files.
#pragma once

#include <string>
#include <utility>

#include "system/files.h"

namespace mlpipe {

// Removed with everything in it when the object goes, unless kept.
class TemporaryFolder {
 public:
  // "<TMPDIR or /tmp>/<prefix>XXXXXX", readable by this user alone.
  static Result<TemporaryFolder> make(const std::string& prefix);

  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})), kept_(other.kept_) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const Path& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  explicit TemporaryFolder(Path path) : path_(std::move(path)) {}
  Path path_;
  bool kept_ = false;
};

}  // namespace mlpipe
