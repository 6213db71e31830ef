#include <algorithm>

#include "scoring/image/resize_kernels.h"

namespace mlpipe {
namespace {

std::uint8_t clip(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> resize_precision_bits, 0, 255)); }

void pack(RowWeights&) {}

template <int channels>
void make_row_of(const std::uint8_t* in, int first_input, const ResizeFilter& filter, std::uint8_t* out) {
  for (int x = 0; x < filter.outputs().count; ++x) {
    const ResizeTaps taps = filter.taps(x);
    const std::uint8_t* sample = in + static_cast<std::ptrdiff_t>(taps.inputs.first - first_input) * channels;
    std::int32_t sums[channels];
    for (auto& sum : sums) sum = resize_one_half;
    for (int i = 0; i < taps.inputs.count; ++i, sample += channels) {
      for (int c = 0; c < channels; ++c) sums[c] += sample[c] * taps.weights[i];
    }
    for (const auto sum : sums) *out++ = clip(sum);
  }
}

void make_row(const std::uint8_t* in, int first_input, const RowWeights& weights, std::uint8_t* out) {
  (weights.channels == 1 ? make_row_of<1> : make_row_of<3>)(in, first_input, *weights.filter, out);
}

void make_column_sums(const std::uint8_t* in, std::size_t stride, const ResizeTaps& taps, std::size_t bytes, std::uint8_t* out) {
  constexpr std::size_t block = 256;  // so that sums stay in the nearest cache
  std::int32_t sums[block];
  for (std::size_t begin = 0; begin < bytes; begin += block) {
    const std::size_t count = std::min(block, bytes - begin);
    std::fill_n(sums, count, resize_one_half);
    for (int i = 0; i < taps.inputs.count; ++i) {
      const std::uint8_t* row = in + static_cast<std::size_t>(i) * stride + begin;
      const std::int32_t weight = taps.weights[i];
      for (std::size_t x = 0; x < count; ++x) sums[x] += row[x] * weight;
    }
    std::transform(sums, sums + count, out + begin, clip);
  }
}

}  // namespace

const ResizeKernels portable_kernels{pack, make_row, make_column_sums};

}  // namespace mlpipe
