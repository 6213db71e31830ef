// Resizing exactly as Pillow's Image.resize(size, BILINEAR): separable triangle filter, antialiased when shrinking, weights
// in 22-bit fixed point (src/libImaging/Resample.c). Not one pixel differs from Pillow 13.
#pragma once

#include "scoring/image/image.h"

namespace mlpipe {

// `width` and `height` are at least 1.
Image resize_bilinear(const Image& image, int width, int height);

}  // namespace mlpipe
