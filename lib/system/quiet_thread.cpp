#include "system/quiet_thread.h"

#include <csignal>

namespace mlpipe {

// It inherits what is blocked where it is started.
std::thread start_quiet_thread(std::function<void()> work) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(work));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace mlpipe
