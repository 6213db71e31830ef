// How often the kernel had killed for lack of memory when a step began.
#pragma once

#include <cstdint>
#include <optional>

#include "system/clock.h"
#include "system/host.h"

namespace mlpipe {

// Reading the kernel's counters takes half a millisecond, so that steps that begin within a second share one look.
class OomCount {
 public:
  std::uint64_t at(SteadyTime now) {
    if (!looked_ || now - *looked_ > std::chrono::seconds(1)) {
      count_ = oom_kills();
      looked_ = now;
    }
    return count_;
  }

 private:
  std::optional<SteadyTime> looked_;
  std::uint64_t count_ = 0;
};

}  // namespace mlpipe
