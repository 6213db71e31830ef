// The orientation that a camera noted in a file (EXIF, else XMP), and turning by it as Pillow's ImageOps.exif_transpose does.
#pragma once

#include <string_view>

#include "scoring/image/image.h"

namespace mlpipe {

// 1 to 8 as EXIF counts them; 1, upright, also where nothing or nothing readable is said. Of JPEG, PNG and WebP files. PNG texts that are
// compressed are not read.
int exif_orientation(std::string_view file);

// `turned` becomes the image as it was meant; 2 to 8.
void turn(const Image& image, int orientation, Image& turned);

}  // namespace mlpipe
