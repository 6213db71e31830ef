#pragma once

#include <cstdint>

namespace mlpipe {

// Some of a mini-batch's items, in their order: all of them, or a part of one that is taken apart to find its bad items.
struct Slice {
  static constexpr std::uint32_t rest = UINT32_MAX;
  std::uint32_t first = 0;
  std::uint32_t count = rest;  // rest: up to the end

  friend bool operator==(const Slice&, const Slice&) = default;
};

}  // namespace mlpipe
