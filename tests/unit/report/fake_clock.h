#pragma once

#include "system/clock.h"

namespace mlpipe::test {

// Stands still until it is told otherwise.
class FakeClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)) + elapsed_; }
  SteadyTime steady() const override { return SteadyTime(std::chrono::hours(1)) + elapsed_; }
  void advance(std::chrono::milliseconds time) { elapsed_ += time; }

 private:
  std::chrono::milliseconds elapsed_{0};
};

}  // namespace mlpipe::test
