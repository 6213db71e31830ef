// The only file that includes libwebp. Of an animation the first picture, where it lies on a black canvas: Pillow's decoder of animations
// gives the same, and takes three times the memory.
#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "scoring/image/image_decode.h"
#include "scoring/image/pixel_format.h"

namespace mlpipe {
namespace {

Status check_size(std::string_view file) {
  int width = 0, height = 0;
  if (!WebPGetInfo(reinterpret_cast<const std::uint8_t*>(file.data()), file.size(), &width, &height)) {
    return damaged_image("WebP", "its header cannot be read");
  }
  return check_image_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height));
}

bool decode_first_picture(WebPDemuxer& parts, Image& canvas) {
  WebPIterator picture{};
  const std::unique_ptr<WebPIterator, decltype(&WebPDemuxReleaseIterator)> owner(&picture, &WebPDemuxReleaseIterator);
  if (!WebPDemuxGetFrame(&parts, 1, &picture)) return false;
  if (picture.x_offset + picture.width > canvas.width || picture.y_offset + picture.height > canvas.height) return false;
  if (picture.width != canvas.width || picture.height != canvas.height) std::fill(canvas.pixels.begin(), canvas.pixels.end(), std::uint8_t{0});
  const std::size_t start = static_cast<std::size_t>(picture.y_offset) * canvas.row_bytes() + static_cast<std::size_t>(picture.x_offset) * 3;
  return WebPDecodeRGBInto(picture.fragment.bytes, picture.fragment.size, canvas.pixels.data() + start, canvas.pixels.size() - start,
                           static_cast<int>(canvas.row_bytes())) != nullptr;
}

void convert(const Image& colours, Image& grey) {
  const Palette none;
  grey.reshape(colours.width, colours.height, 1);
  for (int y = 0; y < grey.height; ++y) convert_row(colours.row(y), PixelFormat::rgb, none, grey.width, 1, grey.row(y));
}

}  // namespace

Status decode_webp(std::string_view file, int channels, Image& image) {
  MLPIPE_TRY_VOID(check_size(file));
  const WebPData data{reinterpret_cast<const std::uint8_t*>(file.data()), file.size()};
  const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> parts(WebPDemux(&data), &WebPDemuxDelete);
  if (!parts) return damaged_image("WebP", "the file is truncated, or its parts do not fit");
  const std::uint32_t width = WebPDemuxGetI(parts.get(), WEBP_FF_CANVAS_WIDTH), height = WebPDemuxGetI(parts.get(), WEBP_FF_CANVAS_HEIGHT);
  MLPIPE_TRY_VOID(check_image_size(width, height));
  Image colours;
  Image& canvas = channels == 3 ? image : colours;
  canvas.reshape(static_cast<int>(width), static_cast<int>(height), 3);
  if (!decode_first_picture(*parts, canvas)) return damaged_image("WebP", "its pixels cannot be decoded");
  if (channels == 1) convert(colours, image);
  return {};
}

std::string webp_library_version() {
  const int version = WebPGetDecoderVersion();
  return fmt::format("libwebp {}.{}.{}", version >> 16, version >> 8 & 255, version & 255);
}

}  // namespace mlpipe
