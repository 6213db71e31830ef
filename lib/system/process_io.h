// How often a process has written.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace mlpipe {

struct WriteCounts {
  std::uint64_t calls = 0, bytes = 0;
};
// Of a process that lives, or has ended and was not waited for yet; children that it waited for are added. Zeros: it cannot be told.
WriteCounts writes_of(pid_t pid);

}  // namespace mlpipe
