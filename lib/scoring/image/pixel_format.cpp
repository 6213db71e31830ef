#include "scoring/image/pixel_format.h"

namespace mlpipe {
namespace {

struct Rgb {
  std::uint8_t r, g, b;
};

std::uint8_t luma(Rgb c) { return static_cast<std::uint8_t>((c.r * 19595u + c.g * 38470u + c.b * 7471u + 0x8000u) >> 16); }

std::uint8_t multiply_255(unsigned a, unsigned b) {
  const unsigned product = a * b + 128;
  return static_cast<std::uint8_t>(((product >> 8) + product) >> 8);
}

// Files hold CMYK the way Adobe writes it: inverted.
Rgb from_inverted_cmyk(const std::uint8_t* in) {
  const unsigned white = in[3];
  const auto ink = [&](std::uint8_t inverted) {
    const unsigned value = white - multiply_255(255u - inverted, white);
    return static_cast<std::uint8_t>(value);
  };
  return {ink(in[0]), ink(in[1]), ink(in[2])};
}

// `green_bits`: 5 or 6.
Rgb from_16_bits(const std::uint8_t* in, int green_bits) {
  const unsigned pixel = in[0] + in[1] * 256u, most_green = (1u << green_bits) - 1;
  const auto byte = [](unsigned value, unsigned most) { return static_cast<std::uint8_t>((value & most) * 255 / most); };
  return {byte(pixel >> (5 + green_bits), 31), byte(pixel >> 5, most_green), byte(pixel, 31)};
}

template <class Read>
void each_pixel(int step, int width, int channels, const std::uint8_t* in, std::uint8_t* out, Read read) {
  for (int x = 0; x < width; ++x, in += step) {
    const Rgb colour = read(in);
    if (channels == 1) {
      *out++ = luma(colour);
    } else {
      *out++ = colour.r;
      *out++ = colour.g;
      *out++ = colour.b;
    }
  }
}

}  // namespace

void convert_row(const std::uint8_t* in, PixelFormat format, const Palette& palette, int width, int channels, std::uint8_t* out) {
  const auto rows = [&](auto read) { each_pixel(bytes_of(format), width, channels, in, out, read); };
  switch (format) {
    case PixelFormat::grey:
    case PixelFormat::grey_alpha: return rows([](const std::uint8_t* p) { return Rgb{p[0], p[0], p[0]}; });
    case PixelFormat::grey16_big_endian:
      return rows([](const std::uint8_t* p) {
        const std::uint8_t clipped = p[0] != 0 ? 255 : p[1];
        return Rgb{clipped, clipped, clipped};
      });
    case PixelFormat::rgb:
    case PixelFormat::rgb_alpha: return rows([](const std::uint8_t* p) { return Rgb{p[0], p[1], p[2]}; });
    case PixelFormat::palette:
      return rows([&](const std::uint8_t* p) {
        const auto& c = palette.colours[*p];
        return Rgb{c[0], c[1], c[2]};
      });
    case PixelFormat::bgr:
    case PixelFormat::bgrx: return rows([](const std::uint8_t* p) { return Rgb{p[2], p[1], p[0]}; });
    case PixelFormat::xbgr: return rows([](const std::uint8_t* p) { return Rgb{p[3], p[2], p[1]}; });
    case PixelFormat::bgxr: return rows([](const std::uint8_t* p) { return Rgb{p[3], p[1], p[0]}; });
    case PixelFormat::bgr565: return rows([](const std::uint8_t* p) { return from_16_bits(p, 6); });
    case PixelFormat::bgr555: return rows([](const std::uint8_t* p) { return from_16_bits(p, 5); });
    case PixelFormat::inverted_cmyk: return rows([](const std::uint8_t* p) { return from_inverted_cmyk(p); });
  }
}

}  // namespace mlpipe
