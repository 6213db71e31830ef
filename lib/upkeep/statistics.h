// How large a store is and why, and how often it saved work.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "upkeep/gc.h"

namespace mlpipe {

struct StepShare {
  std::string pipeline, step;  // pipeline: empty when no recorded run knows it
  Sum results;                 // bytes of their outputs; what several results share counts for each
};

struct CacheStatistics {
  std::map<Kind, Sum> kinds;
  std::uint64_t bytes = 0;
  std::vector<StepShare> steps;  // the largest first
  std::size_t runs = 0;
  std::size_t hits = 0, misses = 0;            // steps that were reused; that had to run
  std::map<MissCause, std::size_t> causes;     // of the misses
};

Result<CacheStatistics> cache_statistics(const Store& store);

}  // namespace mlpipe
