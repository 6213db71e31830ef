// From the bytes of an image file to the numbers that a model sees: decode, resize, centre crop, (x / 255 - mean) / std.
#pragma once

#include <array>
#include <string_view>

#include "base/result.h"
#include "pipeline/parallel_run_config.h"
#include "scoring/image/image.h"

namespace mlpipe {

class ImageInput {
 public:
  // Error: a mode, a size, or a number of means or deviations that cannot be.
  static Result<ImageInput> make(const ImageSpec& spec);

  int channels() const { return channels_; }
  // Decoded, resized and cropped. An error is one of this file.
  Result<Image> load(std::string_view file) const;
  // channels x height x width float32 values. Operations and their order are those of numpy and torch on float32 arrays:
  // x / 255, minus mean, over std, each rounded.
  void write(const Image& image, float* out) const;

 private:
  Result<Image> resized(Image image) const;
  Image cropped(Image image) const;

  std::vector<int> resize_, crop_;
  int channels_ = 3;
  std::array<std::array<float, 256>, 3> values_{};  // of each byte, by channel
};

}  // namespace mlpipe
