// Pillow's convert("L") and convert("RGB") from what files hold (src/libImaging/Convert.c), a row at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mlpipe {

// Names are orders of bytes; of bgr565 and bgr555, fields of two bytes with the lowest first.
enum class PixelFormat { grey, grey_alpha, grey16_big_endian, rgb, rgb_alpha, palette, inverted_cmyk, bgr, bgrx, xbgr, bgxr, bgr565, bgr555 };

constexpr int bytes_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::grey:
    case PixelFormat::palette: return 1;
    case PixelFormat::grey_alpha:
    case PixelFormat::bgr565:
    case PixelFormat::bgr555:
    case PixelFormat::grey16_big_endian: return 2;
    case PixelFormat::rgb:
    case PixelFormat::bgr: return 3;
    case PixelFormat::rgb_alpha:
    case PixelFormat::bgrx:
    case PixelFormat::xbgr:
    case PixelFormat::bgxr:
    case PixelFormat::inverted_cmyk: return 4;
  }
  return 0;
}

// Unset entries are black, as in Pillow.
struct Palette {
  std::uint8_t colours[256][3] = {};
};

// `channels` is 1 (L) or 3 (RGB). Alpha is dropped, 16-bit grey is clipped to 255: both are what Pillow does.
void convert_row(const std::uint8_t* in, PixelFormat format, const Palette& palette, int width, int channels, std::uint8_t* out);

}  // namespace mlpipe
