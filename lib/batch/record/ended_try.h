// A try of a mini-batch that came to its end, as logs and traces tell of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system/clock.h"

namespace mlpipe {

enum class TryEnd { done, exception, timeout, crash, out_of_memory };

struct EndedTry {
  std::uint64_t mini_batch = 0;
  std::uint32_t picked = 1;
  int worker = 0;
  WallTime start;
  std::chrono::nanoseconds elapsed{}, process{}, run{};
  std::uint32_t items = 0, failed = 0;
  std::optional<std::uint32_t> first;  // of a part: the number of its first item
  TryEnd end = TryEnd::done;
  std::string message;             // of what failed, also of items in a try that is done
  std::vector<std::string> paths;  // the first of its items
};

}  // namespace mlpipe
