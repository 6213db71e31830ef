#include "system/locks.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "system/blake3.h"

namespace mlpipe {
namespace {

struct flock byte_of(std::string_view name) {
  const Digest digest = digest_of(name);
  std::uint64_t place;
  std::memcpy(&place, digest.bytes.data(), sizeof place);
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(place >> 2);  // offsets have 63 bits and the byte must end below the last
  byte.l_len = 1;
  return byte;
}

Error no_locks(const Path& path) {
  Error error = errno_error("lock", path);
  error.kind = ErrorKind::store;
  if (error.hint.empty()) error.hint = "keep the store on a file system that has locks";
  return error;
}

Error not_opened(Error error) {
  error.kind = ErrorKind::store;
  return error;
}

}  // namespace

Result<std::optional<Lock>> LockFile::try_lock(std::string_view name) const {
  auto fd = open_file(path_, O_RDWR | O_CREAT);
  if (!fd) return not_opened(fd.error());
  struct flock byte = byte_of(name);
  if (::fcntl(fd->get(), F_OFD_SETLK, &byte) == 0) return std::optional<Lock>(Lock(fd.take()));
  if (errno == EAGAIN || errno == EACCES) return std::optional<Lock>();
  return no_locks(path_);
}

Result<bool> LockFile::is_locked(std::string_view name) const {
  if (!path_exists(path_)) return false;
  const auto fd = open_file(path_, O_RDONLY);
  if (!fd) return not_opened(fd.error());
  struct flock byte = byte_of(name);
  if (::fcntl(fd->get(), F_OFD_GETLK, &byte) != 0) return no_locks(path_);
  return byte.l_type != F_UNLCK;
}

}  // namespace mlpipe
