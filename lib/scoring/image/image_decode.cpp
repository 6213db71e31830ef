#include "scoring/image/image_decode.h"

#include <fmt/format.h>

namespace mlpipe {
namespace {

std::string first_bytes(std::string_view file) {
  std::string text;
  for (const char byte : file.substr(0, 4)) text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace

Status check_image_size(std::uint64_t width, std::uint64_t height) {
  if (width == 0 || height == 0) return Error{ErrorKind::step_failed, "the image has no pixels", ""};
  if (width > most_pixels || height > most_pixels || width * height > most_pixels) {
    return Error{ErrorKind::step_failed, fmt::format("the image has {} x {} pixels, more than the limit of {}", width, height, most_pixels), ""};
  }
  return {};
}

Result<Image> decode_image(std::string_view file, int channels) {
  if (file.empty()) return Error{ErrorKind::step_failed, "the file is empty", ""};
  if (file.starts_with("\x89PNG\r\n\x1a\n")) return decode_png(file, channels);
  if (file.starts_with("\xff\xd8\xff")) return decode_jpeg(file, channels);
  return Error{ErrorKind::step_failed, fmt::format("neither a PNG nor a JPEG image (starts with {})", first_bytes(file)),
               "convert it, or read it in a Python entry_script"};
}

}  // namespace mlpipe
