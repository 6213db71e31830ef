// Which devices' times can be trusted, asked once each. For several threads.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "system/file_system.h"

namespace mlpipe {

class TrustedTimes {
 public:
  // Of the device that `fd` lies on.
  bool on(std::uint64_t device, int fd) {
    const std::scoped_lock lock(mutex_);
    const auto found = devices_.find(device);
    return found != devices_.end() ? found->second : (devices_[device] = times_can_be_trusted(fd));
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, bool> devices_;
};

}  // namespace mlpipe
