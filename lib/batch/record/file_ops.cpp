#include "batch/record/file_ops.h"

#include <unistd.h>

#include <cstdio>

namespace mlpipe {

ssize_t FileOps::pwrite(int fd, const void* data, std::size_t size, off_t offset) { return ::pwrite(fd, data, size, offset); }
int FileOps::fdatasync(int fd) { return ::fdatasync(fd); }
int FileOps::ftruncate(int fd, off_t size) { return ::ftruncate(fd, size); }
int FileOps::rename(const char* from, const char* to) { return ::rename(from, to); }

FileOps& FileOps::real() {
  static FileOps ops;
  return ops;
}

}  // namespace mlpipe
