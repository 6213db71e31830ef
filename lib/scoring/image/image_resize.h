// Resizing exactly as Pillow's Image.resize(size, BILINEAR): separable triangle filter, antialiased when shrinking, weights
// in 22-bit fixed point (src/libImaging/Resample.c). Not one pixel differs from Pillow 13.
#pragma once

#include <optional>

#include "scoring/image/image.h"
#include "scoring/image/resize_kernels.h"

namespace mlpipe {

// A part of an image.
struct Window {
  Span columns, rows;
};

// Keeps weights and memory from image to image: one a thread.
class Resizer {
 public:
  // `kernels`: the best that this machine has, where it is not given.
  explicit Resizer(const ResizeKernels* kernels = nullptr);
  Resizer(const Resizer&) = delete;

  // What `window` shows of the image resized to width x height (at least 1 x 1); nothing else is computed. Image and out are not the same.
  void resize(const Image& image, int width, int height, const Window& window, Image& out);

  // Gives memory back that only a large image needed.
  void forget_large_images();

 private:
  // One pass of `from` samples to `to` ones.
  struct Pass {
    int from, to;
    Span outputs;     // of the `to`
    int first_input;  // what of the `from` comes first in the image at hand
  };
  void make_rows(const Image& in, Span rows, const Pass& pass, Image& out);
  void make_columns(const Image& in, Span columns, const Pass& pass, Image& out);
  const std::uint8_t* with_overrun(const Image& image, int row, std::size_t overrun);

  const ResizeKernels& kernels_;
  RowWeights weights_;
  std::optional<ResizeFilter> horizontal_, vertical_;
  Image between_;
  std::vector<std::uint8_t> last_row_;
};

}  // namespace mlpipe
