// The system calls through which the journal changes files: a seam where tests make the disk fail.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace mlpipe {

// Each behaves as the system call of its name, errno included.
class FileOps {
 public:
  virtual ~FileOps() = default;
  virtual ssize_t pwrite(int fd, const void* data, std::size_t size, off_t offset);
  virtual int fdatasync(int fd);
  virtual int ftruncate(int fd, off_t size);
  virtual int rename(const char* from, const char* to);

  static FileOps& real();
};

}  // namespace mlpipe
