// Time, as an interface that tests replace.
#pragma once

#include <chrono>
#include <string>

namespace mlpipe {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;

  static const Clock& real();
};

std::string format_utc(WallTime time);   // 2026-11-23T00:15:30.123Z
std::string format_stamp(WallTime time); // 20261123-001530-123, the form of run ids
// The inverse of format_utc; epoch when malformed.
WallTime parse_utc(const std::string& text);

}  // namespace mlpipe
