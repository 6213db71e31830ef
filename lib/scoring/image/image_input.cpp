#include "scoring/image/image_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scoring/image/exif.h"
#include "scoring/image/image_decode.h"

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

// What of `wanted` pixels from `offset` on an image of `size` has.
Span inside(int offset, int wanted, int size) {
  const int first = std::max(0, offset);
  return {first, std::min(offset + wanted, size) - first};
}

// Memory that a thread keeps from image to image; more than most images need is given back.
struct Workbench {
  Image decoded, turned;
  Resizer resizer;

  void tidy() {
    constexpr std::size_t large = 32 << 20;
    if (decoded.pixels.capacity() > large) decoded = {};
    if (turned.pixels.capacity() > large) turned = {};
    resizer.forget_large_images();
  }
};

Workbench& workbench() {
  static thread_local Workbench bench;
  return bench;
}

// `shown` with its pixel 0, 0 at left, top of a black image.
Image on_black(const Image& shown, int left, int top, int width, int height) {
  Image out = make_image(width, height, shown.channels);
  for (int y = 0; y < shown.height; ++y) {
    std::copy_n(shown.row(y), shown.row_bytes(), out.row(y + top) + static_cast<std::ptrdiff_t>(left) * out.channels);
  }
  return out;
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
  input.layout_ = spec.layout;
  input.exif_ = spec.exif;
  for (std::size_t c = 0; c < static_cast<std::size_t>(input.channels_); ++c) {
    const float mean = spec.mean.empty() ? 0.0f : static_cast<float>(spec.mean[c]);
    const float deviation = spec.std.empty() ? 1.0f : static_cast<float>(spec.std[c]);
    for (int x = 0; x < 256; ++x) input.values_[c][static_cast<std::size_t>(x)] = (static_cast<float>(x) / 255.0f - mean) / deviation;
  }
  return input;
}

Result<Image> ImageInput::load(std::string_view file) const {
  Workbench& bench = workbench();
  struct Tidy {
    Workbench& bench;
    ~Tidy() { bench.tidy(); }
  } tidy{bench};
  MLPIPE_TRY_VOID(decode_image(file, channels_, bench.decoded));
  const int orientation = exif_ ? exif_orientation(file) : 1;
  if (orientation != 1) turn(bench.decoded, orientation, bench.turned);
  const Image& image = orientation == 1 ? bench.decoded : bench.turned;
  MLPIPE_TRY(const Size size, resized(image));
  const int width = crop_.empty() ? size.width : crop_[1], height = crop_.empty() ? size.height : crop_[0];
  const int left = crop_offset(size.width, width), top = crop_offset(size.height, height);
  const Window window{inside(left, width, size.width), inside(top, height, size.height)};
  Image out;
  bench.resizer.resize(image, size.width, size.height, window, out);
  if (out.width == width && out.height == height) return out;
  return on_black(out, std::max(0, -left), std::max(0, -top), width, height);
}

Result<ImageInput::Size> ImageInput::resized(const Image& image) const {
  if (resize_.empty()) return Size{image.width, image.height};
  std::int64_t width = resize_.back(), height = resize_.front();
  if (resize_.size() == 1) {  // torchvision's rule: the longer side is int(n * long / short)
    const std::int64_t longer = std::max(image.width, image.height), shorter = std::min(image.width, image.height);
    const auto scaled = static_cast<std::int64_t>(static_cast<double>(resize_[0] * longer) / static_cast<double>(shorter));
    (image.width <= image.height ? height : width) = scaled;
  }
  MLPIPE_TRY_VOID(check_image_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height)));
  return Size{static_cast<int>(width), static_cast<int>(height)};
}

std::vector<std::int64_t> ImageInput::shape(int width, int height) const {
  if (layout_ == ImageLayout::hwc) return {height, width, channels_};
  return {channels_, height, width};
}

std::vector<std::int64_t> ImageInput::shape_of(const Image& image) const { return shape(image.width, image.height); }

std::optional<std::vector<std::int64_t>> ImageInput::known_shape() const {
  if (!crop_.empty()) return shape(crop_[1], crop_[0]);
  if (resize_.size() == 2) return shape(resize_[1], resize_[0]);
  return std::nullopt;
}

void ImageInput::write(const Image& image, float* out) const {
  const std::size_t pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  const std::uint8_t* in = image.pixels.data();
  const auto &red = values_[0], &green = values_[1], &blue = values_[2];
  if (channels_ == 1) {
    for (std::size_t i = 0; i < pixels; ++i) out[i] = red[in[i]];
  } else if (layout_ == ImageLayout::hwc) {
    for (std::size_t i = 0; i < 3 * pixels; i += 3) out[i] = red[in[i]], out[i + 1] = green[in[i + 1]], out[i + 2] = blue[in[i + 2]];
  } else {
    for (std::size_t i = 0; i < pixels; ++i, in += 3) out[i] = red[in[0]], out[pixels + i] = green[in[1]], out[2 * pixels + i] = blue[in[2]];
  }
}

}  // namespace mlpipe
