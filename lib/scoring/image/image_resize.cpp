#include "scoring/image/image_resize.h"

#include <algorithm>
#include <cmath>

namespace mlpipe {
namespace {

constexpr int precision_bits = 32 - 8 - 2;
constexpr std::int32_t one_half = 1 << (precision_bits - 1);

// Which input samples make an output sample, and how much of each.
struct Taps {
  int first = 0, count = 0;
  const std::int32_t* weights = nullptr;
};

class Filter {
 public:
  Filter(int in_size, int out_size) {
    const double scale = static_cast<double>(in_size) / out_size, filter_scale = std::max(scale, 1.0);
    const double support = filter_scale;
    width_ = static_cast<int>(std::ceil(support)) * 2 + 1;
    weights_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(out_size));
    ranges_.resize(static_cast<std::size_t>(out_size));
    std::vector<double> exact(static_cast<std::size_t>(width_));
    for (int out = 0; out < out_size; ++out) compute(out, in_size, scale, filter_scale, support, exact);
  }

  Taps taps(int out) const {
    const auto& range = ranges_[static_cast<std::size_t>(out)];
    return {range.first, range.count, weights_.data() + static_cast<std::size_t>(out) * static_cast<std::size_t>(width_)};
  }

 private:
  struct Range {
    int first, count;
  };

  // The order of these operations is Pillow's precompute_coeffs: another order moves the last bit.
  void compute(int out, int in_size, double scale, double filter_scale, double support, std::vector<double>& exact) {
    const double center = (out + 0.5) * scale, inverse = 1.0 / filter_scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int count = std::min(static_cast<int>(center + support + 0.5), in_size) - first;
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      const double weight = triangle((i + first - center + 0.5) * inverse);
      exact[static_cast<std::size_t>(i)] = weight;
      sum += weight;
    }
    auto* fixed = weights_.data() + static_cast<std::size_t>(out) * static_cast<std::size_t>(width_);
    for (int i = 0; i < count; ++i) {
      const double weight = sum != 0 ? exact[static_cast<std::size_t>(i)] / sum : exact[static_cast<std::size_t>(i)];
      fixed[i] = static_cast<std::int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << precision_bits));
    }
    ranges_[static_cast<std::size_t>(out)] = {first, count};
  }

  static double triangle(double x) {
    x = std::fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
  }

  int width_ = 0;
  std::vector<std::int32_t> weights_;
  std::vector<Range> ranges_;
};

std::uint8_t clip(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> precision_bits, 0, 255)); }

template <int channels>
void resize_row(const std::uint8_t* in, const Filter& filter, int width, std::uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    const Taps taps = filter.taps(x);
    const std::uint8_t* sample = in + static_cast<std::ptrdiff_t>(taps.first) * channels;
    std::int32_t sums[channels];
    for (auto& sum : sums) sum = one_half;
    for (int i = 0; i < taps.count; ++i, sample += channels) {
      for (int c = 0; c < channels; ++c) sums[c] += sample[c] * taps.weights[i];
    }
    for (const auto sum : sums) *out++ = clip(sum);
  }
}

Image resize_horizontally(const Image& image, int width) {
  const Filter filter(image.width, width);
  Image out = make_image(width, image.height, image.channels);
  const auto row = image.channels == 1 ? resize_row<1> : resize_row<3>;
  for (int y = 0; y < image.height; ++y) row(image.row(y), filter, width, out.row(y));
  return out;
}

Image resize_vertically(const Image& image, int height) {
  const Filter filter(image.height, height);
  Image out = make_image(image.width, height, image.channels);
  const std::size_t bytes = image.row_bytes();
  std::vector<std::int32_t> sums(bytes);
  for (int y = 0; y < height; ++y) {
    const Taps taps = filter.taps(y);
    std::fill(sums.begin(), sums.end(), one_half);
    for (int i = 0; i < taps.count; ++i) {
      const std::uint8_t* in = image.row(taps.first + i);
      const std::int32_t weight = taps.weights[i];
      for (std::size_t x = 0; x < bytes; ++x) sums[x] += in[x] * weight;
    }
    std::transform(sums.begin(), sums.end(), out.row(y), clip);
  }
  return out;
}

// Pillow 13's rule (its pull request 9549): since each pass rounds, the order shows. Pillow 12 always went horizontally first.
bool vertically_first(const Image& image, int width, int height) {
  const std::int64_t lost_height = image.height - std::int64_t{height}, lost_width = image.width - std::int64_t{width};
  return lost_height > 0 && lost_height > 2 * lost_width;
}

}  // namespace

Image resize_bilinear(const Image& image, int width, int height) {
  if (width == image.width && height == image.height) return image;
  if (width == image.width) return resize_vertically(image, height);
  if (height == image.height) return resize_horizontally(image, width);
  if (vertically_first(image, width, height)) return resize_horizontally(resize_vertically(image, height), width);
  return resize_vertically(resize_horizontally(image, width), height);
}

}  // namespace mlpipe
