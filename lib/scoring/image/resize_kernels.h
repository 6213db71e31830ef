// The sums of a resize, for one kind of machine. All kinds give the same bits: products and sums are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scoring/image/resize_filter.h"

namespace mlpipe {

// Weights in the order in which a kind of machine wants them; that of the portable one is the filter's own.
struct RowWeights {
  const ResizeFilter* filter = nullptr;
  int channels = 0;
  std::vector<std::int16_t> packed;
  std::size_t packed_stride = 0;  // numbers an output, or a group
  struct Group {
    int first_inputs[4], steps;
  };
  std::vector<Group> groups;  // where outputs are made four at a time
};

struct ResizeKernels {
  // Of weights whose `filter` and `channels` are set.
  void (*pack)(RowWeights& weights);
  // A row of filter.outputs() pixels, from one whose first pixel is the filter's input `first_input`. May read up to row_overrun()
  // bytes beyond the last input.
  void (*make_row)(const std::uint8_t* in, int first_input, const RowWeights& weights, std::uint8_t* out);
  // One row of `bytes` bytes, each made of those below each other, `stride` bytes apart. `in`: the first of them.
  void (*make_column_sums)(const std::uint8_t* in, std::size_t stride, const ResizeTaps& taps, std::size_t bytes, std::uint8_t* out);
};

inline std::size_t row_overrun(const ResizeFilter& filter) { return (filter.most_taps() + 8) * 3; }

extern const ResizeKernels portable_kernels;

// nullptr: this machine has no AVX2.
const ResizeKernels* avx2_kernels();

}  // namespace mlpipe
