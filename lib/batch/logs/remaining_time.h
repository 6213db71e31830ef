// How long the rest will take, from how fast it went lately. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/units.h"
#include "system/clock.h"

namespace mlpipe {

// The rate is that of the last minute, or of the last 20 mini-batches where those took longer.
class RemainingTime {
 public:
  // Work begins, with `done` of it done before; what was said so far is forgotten.
  void begin(SteadyTime now, std::uint64_t done);
  void progress(SteadyTime now, std::uint64_t done);
  // Nothing: it has not begun, is not two seconds old, or nothing has been done lately.
  std::optional<Seconds> remaining(std::uint64_t total) const;

 private:
  struct Point {
    SteadyTime when;
    std::uint64_t done;
  };
  std::deque<Point> points_;  // a second apart, but for the last
};

}  // namespace mlpipe
