// From the bytes of an image file to the numbers that a model sees: decode, turn by EXIF where asked, resize, centre crop,
// (x / 255 - mean) / std.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/scoring.h"
#include "scoring/image/image.h"
#include "scoring/image/image_resize.h"

namespace mlpipe {

class ImageInput {
 public:
  // Error: a mode, a size, or a number of means or deviations that cannot be.
  static Result<ImageInput> make(const ImageSpec& spec);

  int channels() const { return channels_; }
  // Decoded, turned, resized and cropped. An error is one of this file. Any thread may call it.
  Result<Image> load(std::string_view file) const;

  // Of one image in the model's input: channels, height, width, or height, width, channels, as the layout says.
  std::vector<std::int64_t> shape_of(const Image& image) const;
  // The shape of all images, where crop or an exact resize settles it.
  std::optional<std::vector<std::int64_t>> known_shape() const;
  // float32 values in that shape. Operations and their order are those of numpy and torch on float32 arrays: x / 255, minus mean,
  // over std, each rounded.
  void write(const Image& image, float* out) const;

 private:
  struct Size {
    int width, height;
  };
  Result<Size> resized(const Image& image) const;
  std::vector<std::int64_t> shape(int width, int height) const;

  std::vector<int> resize_, crop_;  // crop_: none or height, width
  int channels_ = 3;
  ImageLayout layout_ = ImageLayout::chw;
  bool exif_ = false;
  std::array<std::array<float, 256>, 3> values_{};  // of each byte, by channel
};

}  // namespace mlpipe
