// PNG and JPEG files to L or RGB, pixel for pixel what Pillow's Image.open(...).convert(mode) gives. Like Pillow's it does
// not apply EXIF orientation or colour profiles. Damaged, truncated or giant files are errors; nothing ends the process.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "scoring/image/image.h"

namespace mlpipe {

// `channels`: 1 for L, 3 for RGB.
Result<Image> decode_image(std::string_view file, int channels);

// The two formats behind it.
Result<Image> decode_png(std::string_view file, int channels);
Result<Image> decode_jpeg(std::string_view file, int channels);

// "libjpeg-turbo 2.1.5, libpng 1.6.39"
std::string image_library_versions();

// An error when the size is zero or beyond most_pixels.
Status check_image_size(std::uint64_t width, std::uint64_t height);

}  // namespace mlpipe
