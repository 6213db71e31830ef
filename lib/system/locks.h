// Locks that the kernel releases when their holder dies, however it dies: bytes of one file, by open file description.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  enum class Share { exclusive, shared };

  explicit LockFile(Path path) : path_(std::move(path)) {}

  // Tries to own the byte that `name` hashes to. Nothing: somebody (perhaps this process) has it.
  // Error (kind store): the file cannot be opened or the file system has no locks.
  Result<std::optional<Lock>> try_lock(std::string_view name) const;
  // Waits for it, at most so long; nothing: somebody still has it. Who wants it alone is not kept waiting by those who come
  // later to share it. Sharing is granted without a lock where the file cannot be written and is not there: nobody can have
  // locked it.
  Result<std::optional<Lock>> wait_lock(std::string_view name, Share share, std::chrono::milliseconds longest) const;
  // Somebody holds it now, alone or with others.
  Result<bool> is_locked(std::string_view name) const;
  // Those who hold it, as people know them: "mlpipe debug train (process 123)". Only processes that we may look at.
  std::vector<std::string> holders(std::string_view name) const;

 private:
  Path path_;
};

}  // namespace mlpipe
