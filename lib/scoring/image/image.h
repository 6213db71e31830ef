// Pixels in memory: 8 bits a channel, interleaved, rows from the top without padding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mlpipe {

struct Image {
  int width = 0, height = 0;
  int channels = 3;  // 3: RGB, 1: L
  std::vector<std::uint8_t> pixels;

  std::size_t row_bytes() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels); }
  const std::uint8_t* row(int y) const { return pixels.data() + static_cast<std::size_t>(y) * row_bytes(); }
  std::uint8_t* row(int y) { return pixels.data() + static_cast<std::size_t>(y) * row_bytes(); }

  // Another size in the memory that is there; pixels have any value afterwards.
  void reshape(int new_width, int new_height, int new_channels) {
    width = new_width, height = new_height, channels = new_channels;
    pixels.resize(row_bytes() * static_cast<std::size_t>(height));
  }
};

// Black.
inline Image make_image(int width, int height, int channels) {
  Image image;
  image.reshape(width, height, channels);
  return image;
}

// Beyond it Pillow refuses to decode (DecompressionBombError): 2 x its MAX_IMAGE_PIXELS. So do we, before any allocation.
inline constexpr std::uint64_t most_pixels = 178'956'970;

}  // namespace mlpipe
