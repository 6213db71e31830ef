#include "scoring/image/image_resize.h"

#include <algorithm>

namespace mlpipe {
namespace {

// Weights that are made at once: of an image of a hundred million columns all of them would take more memory than the image.
constexpr int most_weights = 1 << 18;

// Pillow 13's rule (its pull request 9549): since each pass rounds, the order shows. Pillow 12 always went horizontally first.
bool vertically_first(const Image& image, int width, int height) {
  const std::int64_t lost_height = image.height - std::int64_t{height}, lost_width = image.width - std::int64_t{width};
  return lost_height > 0 && lost_height > 2 * lost_width;
}

Span inputs_of(int from, int to, Span outputs) {
  const int first = resize_inputs(from, to, outputs.first).first;
  return {first, resize_inputs(from, to, outputs.end() - 1).end() - first};
}

void copy(const Image& image, const Window& window, Image& out) {
  out.reshape(window.columns.count, window.rows.count, image.channels);
  for (int y = 0; y < out.height; ++y) {
    std::copy_n(image.row(window.rows.first + y) + static_cast<std::ptrdiff_t>(window.columns.first) * image.channels, out.row_bytes(), out.row(y));
  }
}

// Calls use(filter) for the outputs, as many at a time as may be; true for `made` when the filter is not that of the last call.
template <class Use>
void each_filter(std::optional<ResizeFilter>& filter, int from, int to, Span outputs, Use use) {
  const int most = std::max(1, most_weights / most_resize_inputs(from, to));
  for (int done = 0; done < outputs.count; done += most) {
    const Span part{outputs.first + done, std::min(most, outputs.count - done)};
    const bool made = !filter || !filter->is_of(from, to, part);
    if (made) filter.emplace(from, to, part);
    use(*filter, made, done);
  }
}

}  // namespace

Resizer::Resizer(const ResizeKernels* kernels) : kernels_(kernels ? *kernels : avx2_kernels() ? *avx2_kernels() : portable_kernels) {}

void Resizer::resize(const Image& image, int width, int height, const Window& window, Image& out) {
  const Pass to_width{image.width, width, window.columns, 0}, to_height{image.height, height, window.rows, 0};
  if (width == image.width && height == image.height) return copy(image, window, out);
  if (width == image.width) return make_columns(image, window.columns, to_height, out);
  if (height == image.height) return make_rows(image, window.rows, to_width, out);
  if (vertically_first(image, width, height)) {
    const Span columns = inputs_of(image.width, width, window.columns);
    make_columns(image, columns, to_height, between_);
    return make_rows(between_, {0, between_.height}, {image.width, width, window.columns, columns.first}, out);
  }
  const Span rows = inputs_of(image.height, height, window.rows);
  make_rows(image, rows, to_width, between_);
  make_columns(between_, {0, between_.width}, {image.height, height, window.rows, rows.first}, out);
}

void Resizer::make_rows(const Image& in, Span rows, const Pass& pass, Image& out) {
  out.reshape(pass.outputs.count, rows.count, in.channels);
  each_filter(horizontal_, pass.from, pass.to, pass.outputs, [&](const ResizeFilter& filter, bool made, int column) {
    if (made || weights_.channels != in.channels) {
      weights_.filter = &filter, weights_.channels = in.channels;
      kernels_.pack(weights_);
    }
    for (int y = 0; y < rows.count; ++y) {
      kernels_.make_row(with_overrun(in, rows.first + y, row_overrun(filter)), pass.first_input, weights_, out.row(y) + static_cast<std::ptrdiff_t>(column) * in.channels);
    }
  });
}

void Resizer::make_columns(const Image& in, Span columns, const Pass& pass, Image& out) {
  out.reshape(columns.count, pass.outputs.count, in.channels);
  const std::ptrdiff_t left = static_cast<std::ptrdiff_t>(columns.first) * in.channels;
  each_filter(vertical_, pass.from, pass.to, pass.outputs, [&](const ResizeFilter& filter, bool, int row) {
    for (int y = 0; y < filter.outputs().count; ++y) {
      const ResizeTaps taps = filter.taps(y);
      kernels_.make_column_sums(in.row(taps.inputs.first - pass.first_input) + left, in.row_bytes(), taps, out.row_bytes(), out.row(row + y));
    }
  });
}

// The row, where so many bytes may be read after it.
const std::uint8_t* Resizer::with_overrun(const Image& image, int row, std::size_t overrun) {
  const std::uint8_t* begin = image.row(row);
  const std::size_t bytes = image.row_bytes(), below = static_cast<std::size_t>(image.height - 1 - row) * bytes;
  if (below >= overrun) return begin;
  last_row_.resize(bytes + overrun);
  std::copy_n(begin, bytes, last_row_.begin());
  return last_row_.data();
}

void Resizer::forget_large_images() {
  constexpr std::size_t large = 32 << 20;
  if (between_.pixels.capacity() > large) between_ = {};
  if (last_row_.capacity() > large) last_row_ = {};
}

}  // namespace mlpipe
