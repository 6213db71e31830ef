// PNG, JPEG, WebP and BMP files to L or RGB, pixel for pixel what Pillow's Image.open(...).convert(mode) gives: of animations the
// first picture, no colour profiles, alpha dropped. Like Pillow's it does not turn by EXIF (exif.h). The content tells the format,
// never the name. Damaged, truncated or giant files are errors; nothing ends the process.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "scoring/image/image.h"

namespace mlpipe {

// `channels`: 1 for L, 3 for RGB. `image` becomes the picture, in the memory that it has where that suffices; after an error it
// has any content.
Status decode_image(std::string_view file, int channels, Image& image);

// The formats behind it.
Status decode_png(std::string_view file, int channels, Image& image);
Status decode_jpeg(std::string_view file, int channels, Image& image);
Status decode_webp(std::string_view file, int channels, Image& image);
Status decode_bmp(std::string_view file, int channels, Image& image);

// "libjpeg-turbo 2.1.5, libpng 1.6.39, libwebp 1.2.4"
std::string image_library_versions();

// An error when the size is zero or beyond most_pixels, or when a complete file of that size has at least `least_bytes` bytes and this
// one has not: then no memory is taken for what it only promises.
Status check_image_size(std::uint64_t width, std::uint64_t height);
Status check_file_size(std::string_view file, std::uint64_t least_bytes);

Error damaged_image(std::string_view format, std::string_view reason);

}  // namespace mlpipe
