#include "scoring/image/resize_filter.h"

#include <algorithm>
#include <cmath>

namespace mlpipe {
namespace {

// The order of all operations here is Pillow's: another order moves the last bit.
struct Scale {
  double scale, filter_scale;

  Scale(int in_size, int out_size) : scale(static_cast<double>(in_size) / out_size), filter_scale(std::max(scale, 1.0)) {}
  double support() const { return filter_scale; }
  double center(int out) const { return (out + 0.5) * scale; }
};

double triangle(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

}  // namespace

Span resize_inputs(int in_size, int out_size, int out) {
  const Scale scale(in_size, out_size);
  const int first = std::max(static_cast<int>(scale.center(out) - scale.support() + 0.5), 0);
  return {first, std::min(static_cast<int>(scale.center(out) + scale.support() + 0.5), in_size) - first};
}

int most_resize_inputs(int in_size, int out_size) {
  return static_cast<int>(std::ceil(Scale(in_size, out_size).support())) * 2 + 1;
}

ResizeFilter::ResizeFilter(int in_size, int out_size, Span outputs)
    : in_size_(in_size), out_size_(out_size), outputs_(outputs), width_(index(most_resize_inputs(in_size, out_size))) {
  weights_.resize(width_ * index(outputs.count));
  inputs_.resize(index(outputs.count));
  std::vector<double> exact(width_);
  for (int i = 0; i < outputs.count; ++i) compute(i, exact);
}

void ResizeFilter::compute(int i, std::vector<double>& exact) {
  const Scale scale(in_size_, out_size_);
  const int out = outputs_.first + i;
  const double center = scale.center(out), inverse = 1.0 / scale.filter_scale;
  const Span inputs = resize_inputs(in_size_, out_size_, out);
  double sum = 0;
  for (int k = 0; k < inputs.count; ++k) sum += exact[index(k)] = triangle((k + inputs.first - center + 0.5) * inverse);
  auto* fixed = weights_.data() + index(i) * width_;
  for (int k = 0; k < inputs.count; ++k) {
    const double weight = sum != 0 ? exact[index(k)] / sum : exact[index(k)];
    fixed[k] = static_cast<std::int32_t>(0.5 + weight * (1 << resize_precision_bits));
  }
  inputs_[index(i)] = inputs;
}

}  // namespace mlpipe
