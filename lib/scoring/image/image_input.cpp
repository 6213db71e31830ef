#include "scoring/image/image_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scoring/image/image_decode.h"
#include "scoring/image/image_resize.h"

namespace mlpipe {
namespace {

Error bad(std::string message) { return {ErrorKind::spec, std::move(message), ""}; }

Status check_sides(std::string_view name, const std::vector<int>& sides) {
  if (sides.size() > 2) return bad(fmt::format("{} takes one or two numbers, not {}", name, sides.size()));
  for (const int side : sides) {
    if (side < 1) return bad(fmt::format("{} must be at least 1, not {}", name, side));
  }
  return {};
}

Status check_channels(std::string_view name, const std::vector<double>& values, int channels) {
  if (values.empty() || values.size() == static_cast<std::size_t>(channels)) return {};
  return bad(fmt::format("{} has {} values for {} channels", name, values.size(), channels));
}

// torchvision's CenterCrop: rounds half to even, and pads an image that is too small with black.
int crop_offset(int size, int wanted) {
  if (size < wanted) return -((wanted - size) / 2);
  return static_cast<int>(std::nearbyint((size - wanted) / 2.0));
}

}  // namespace

Result<ImageInput> ImageInput::make(const ImageSpec& spec) {
  ImageInput input;
  if (spec.mode != "L" && spec.mode != "RGB") return bad(fmt::format("image mode {} is neither L nor RGB", spec.mode));
  input.channels_ = spec.mode == "L" ? 1 : 3;
  MLPIPE_TRY_VOID(check_sides("resize", spec.resize));
  MLPIPE_TRY_VOID(check_sides("crop", spec.crop));
  MLPIPE_TRY_VOID(check_channels("mean", spec.mean, input.channels_));
  MLPIPE_TRY_VOID(check_channels("std", spec.std, input.channels_));
  if (std::find(spec.std.begin(), spec.std.end(), 0.0) != spec.std.end()) return bad("std must not be 0");
  input.resize_ = spec.resize;
  input.crop_ = spec.crop.size() == 1 ? std::vector<int>{spec.crop[0], spec.crop[0]} : spec.crop;
  for (std::size_t c = 0; c < static_cast<std::size_t>(input.channels_); ++c) {
    const float mean = spec.mean.empty() ? 0.0f : static_cast<float>(spec.mean[c]);
    const float deviation = spec.std.empty() ? 1.0f : static_cast<float>(spec.std[c]);
    for (int x = 0; x < 256; ++x) input.values_[c][static_cast<std::size_t>(x)] = (static_cast<float>(x) / 255.0f - mean) / deviation;
  }
  return input;
}

Result<Image> ImageInput::load(std::string_view file) const {
  MLPIPE_TRY(Image image, decode_image(file, channels_));
  MLPIPE_TRY(image, resized(std::move(image)));
  return cropped(std::move(image));
}

Result<Image> ImageInput::resized(Image image) const {
  if (resize_.empty()) return image;
  std::int64_t width = resize_.back(), height = resize_.front();
  if (resize_.size() == 1) {  // torchvision's rule: the longer side is int(n * long / short)
    const std::int64_t longer = std::max(image.width, image.height), shorter = std::min(image.width, image.height);
    const auto scaled = static_cast<std::int64_t>(static_cast<double>(resize_[0] * longer) / static_cast<double>(shorter));
    (image.width <= image.height ? height : width) = scaled;
  }
  MLPIPE_TRY_VOID(check_image_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height)));
  return resize_bilinear(image, static_cast<int>(width), static_cast<int>(height));
}

Image ImageInput::cropped(Image image) const {
  if (crop_.empty() || (image.height == crop_[0] && image.width == crop_[1])) return image;
  Image out = make_image(crop_[1], crop_[0], image.channels);
  const int top = crop_offset(image.height, out.height), left = crop_offset(image.width, out.width);
  const int first = std::max(0, -left), end = std::min(out.width, image.width - left);
  for (int y = std::max(0, -top); y < std::min(out.height, image.height - top); ++y) {
    const std::uint8_t* in = image.row(y + top) + static_cast<std::ptrdiff_t>(first + left) * image.channels;
    std::copy_n(in, static_cast<std::ptrdiff_t>(end - first) * image.channels, out.row(y) + static_cast<std::ptrdiff_t>(first) * image.channels);
  }
  return out;
}

void ImageInput::write(const Image& image, float* out) const {
  const std::size_t pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const auto& values = values_[c];
    for (std::size_t i = 0; i < pixels; ++i) *out++ = values[image.pixels[i * channels + c]];
  }
}

}  // namespace mlpipe
