// A mini-batch, or a part of one, in the hands of a worker.
#pragma once

#include <cstdint>

#include "batch/plan/slice.h"

namespace mlpipe {

struct Assignment {
  std::uint64_t mini_batch = 0;
  std::uint32_t attempt = 1;  // of the whole up to run_max_try, of parts above: no two of a mini-batch have the same
  Slice slice;                // a part of one that is taken apart; else all of it

  bool is_part() const { return slice != Slice{}; }

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

}  // namespace mlpipe
