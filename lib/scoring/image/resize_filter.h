// The weights of Pillow's bilinear resize in one direction (precompute_coeffs of its src/libImaging/Resample.c): which input samples
// make an output sample, and how much of each, in 22-bit fixed point.
#pragma once

#include <cstdint>
#include <vector>

namespace mlpipe {

inline constexpr int resize_precision_bits = 32 - 8 - 2;
inline constexpr std::int32_t resize_one_half = 1 << (resize_precision_bits - 1);

// Consecutive samples.
struct Span {
  int first = 0, count = 0;

  int end() const { return first + count; }
  friend bool operator==(const Span&, const Span&) = default;
};

struct ResizeTaps {
  Span inputs;
  const std::int32_t* weights = nullptr;  // as many
};

class ResizeFilter {
 public:
  // Of the outputs `outputs` of out_size ones.
  ResizeFilter(int in_size, int out_size, Span outputs);

  // Number i of the outputs asked for.
  ResizeTaps taps(int i) const { return {inputs_[index(i)], weights_.data() + index(i) * width_}; }
  Span outputs() const { return outputs_; }
  std::size_t most_taps() const { return width_; }
  bool is_of(int in_size, int out_size, Span outputs) const { return in_size == in_size_ && out_size == out_size_ && outputs == outputs_; }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  void compute(int i, std::vector<double>& exact);

  int in_size_, out_size_;
  Span outputs_;
  std::size_t width_;
  std::vector<std::int32_t> weights_;
  std::vector<Span> inputs_;
};

// The inputs that output number `out` is made of.
Span resize_inputs(int in_size, int out_size, int out);

// No output is made of more inputs.
int most_resize_inputs(int in_size, int out_size);

}  // namespace mlpipe
