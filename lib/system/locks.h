// Locks that the kernel releases when their holder dies, however it dies: bytes of one file, by open file description.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

class LockFile;

// Held until destroyed. Children never inherit it (close-on-exec).
class Lock {
 public:
  Lock() = default;
  Lock(Lock&&) noexcept = default;
  Lock& operator=(Lock&&) noexcept = default;

 private:
  friend class LockFile;
  explicit Lock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;  // own open file description: closing it gives the byte back
};

class LockFile {
 public:
  explicit LockFile(Path path) : path_(std::move(path)) {}

  // Tries to own the byte that `name` hashes to. Nothing: somebody (perhaps this process) has it.
  // Error (kind store): the file cannot be opened or the file system has no locks.
  Result<std::optional<Lock>> try_lock(std::string_view name) const;
  // Somebody holds it now.
  Result<bool> is_locked(std::string_view name) const;

 private:
  Path path_;
};

}  // namespace mlpipe
