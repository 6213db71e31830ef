// What a process and its descendants use, as /proc tells.
#pragma once

#include <cstdint>

#include "system/files.h"

namespace mlpipe {

struct ProcessUsage {
  std::uint64_t processes = 0, threads = 0;
  std::uint64_t rss = 0;        // bytes; memory that processes share counts for each
  std::uint64_t cpu_ticks = 0;  // descendants that ended among them
};

inline constexpr int deepest_generation = 16;

// With so many generations of descendants; 0: of the process alone, without those that ended. All zero: there is no such process.
ProcessUsage process_usage(long long pid, int generations = deepest_generation, const Path& proc = "/proc");

}  // namespace mlpipe
