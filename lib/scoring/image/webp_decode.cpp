// The only file that includes libwebp. As Pillow does it, through the decoder of animations: it checks that the file is whole, and
// its first picture is the canvas.
#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

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

}  // namespace

Status decode_webp(std::string_view file, int channels, Image& image) {
  MLPIPE_TRY_VOID(check_size(file));
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  const WebPData data{reinterpret_cast<const std::uint8_t*>(file.data()), file.size()};
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(WebPAnimDecoderNew(&data, &options), &WebPAnimDecoderDelete);
  WebPAnimInfo info;
  if (!decoder || !WebPAnimDecoderGetInfo(decoder.get(), &info)) return damaged_image("WebP", "the file is truncated, or its parts do not fit");
  std::uint8_t* pixels = nullptr;
  int end_ms = 0;
  if (!WebPAnimDecoderGetNext(decoder.get(), &pixels, &end_ms)) return damaged_image("WebP", "its pixels cannot be decoded");
  image.reshape(static_cast<int>(info.canvas_width), static_cast<int>(info.canvas_height), channels);
  const std::size_t row_bytes = std::size_t{info.canvas_width} * 4;
  const Palette none;
  for (int y = 0; y < image.height; ++y) {
    convert_row(pixels + static_cast<std::size_t>(y) * row_bytes, PixelFormat::rgb_alpha, none, image.width, channels, image.row(y));
  }
  return {};
}

std::string webp_library_version() {
  const int version = WebPGetDecoderVersion();
  return fmt::format("libwebp {}.{}.{}", version >> 16, version >> 8 & 255, version & 255);
}

}  // namespace mlpipe
