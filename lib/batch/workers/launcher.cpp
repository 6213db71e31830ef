#include "batch/workers/launcher.h"

#include <fcntl.h>

#include <cerrno>

namespace mlpipe {

Result<Fd> duplicate(int pidfd) {
  Fd copy(::fcntl(pidfd, F_DUPFD_CLOEXEC, 0));
  if (copy) return copy;
  return Error{ErrorKind::step_failed, "cannot watch a worker: " + errno_reason(errno),
               "raise the limit of open files (ulimit -n), or use fewer workers"};
}

}  // namespace mlpipe
