#include "scoring/image/image_decode.h"

#include <fmt/format.h>

namespace mlpipe {
namespace {

using Decoder = Status (*)(std::string_view, int, Image&);

struct Format {
  std::string_view start;
  std::size_t more_at;  // where `more` stands
  std::string_view more;
  std::string_view name;
  Decoder decode;  // nullptr: known, and not read
};

constexpr Format formats[] = {
    {"\xff\xd8\xff", 0, "", "JPEG", decode_jpeg},
    {"\x89PNG\r\n\x1a\n", 0, "", "PNG", decode_png},
    {"RIFF", 8, "WEBP", "WebP", decode_webp},
    {"BM", 0, "", "BMP", decode_bmp},
    {"GIF8", 0, "", "GIF", nullptr},
    {{"II*\0", 4}, 0, "", "TIFF", nullptr},
    {{"MM\0*", 4}, 0, "", "TIFF", nullptr},
    {{"II+\0", 4}, 0, "", "TIFF", nullptr},
    {{"MM\0+", 4}, 0, "", "TIFF", nullptr},
    {"", 4, "ftypavif", "AVIF", nullptr},
    {"", 4, "ftyphei", "HEIF", nullptr},
    {{"\0\0\0\x0cjP  ", 8}, 0, "", "JPEG 2000", nullptr},
    {"\xff\x0a", 0, "", "JPEG XL", nullptr},
};

bool is(const Format& format, std::string_view file) {
  return file.starts_with(format.start) && (format.more.empty() || (file.size() >= format.more_at && file.substr(format.more_at).starts_with(format.more)));
}

std::string first_bytes(std::string_view file) {
  std::string text;
  for (const char byte : file.substr(0, 4)) text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned char>(byte));
  return text;
}

Error unknown(std::string message) {
  return {ErrorKind::step_failed, std::move(message), "convert it, or score such files with an entry_script in Python"};
}

}  // namespace

Error damaged_image(std::string_view format, std::string_view reason) {
  return {ErrorKind::step_failed, fmt::format("damaged {}: {}", format, reason), ""};
}

Status check_image_size(std::uint64_t width, std::uint64_t height) {
  if (width == 0 || height == 0) return Error{ErrorKind::step_failed, "the image has no pixels", ""};
  if (width > most_pixels || height > most_pixels || width * height > most_pixels) {
    return Error{ErrorKind::step_failed, fmt::format("the image has {} x {} pixels, more than the limit of {}", width, height, most_pixels), ""};
  }
  return {};
}

Status check_file_size(std::string_view file, std::uint64_t least_bytes) {
  if (file.size() >= least_bytes) return {};
  return Error{ErrorKind::step_failed, fmt::format("the file is truncated: its {} bytes cannot hold an image of the size it states", file.size()), ""};
}

Status decode_image(std::string_view file, int channels, Image& image) {
  if (file.empty()) return Error{ErrorKind::step_failed, "the file is empty", ""};
  for (const auto& format : formats) {
    if (!is(format, file)) continue;
    if (format.decode) return format.decode(file, channels, image);
    return unknown(fmt::format("a {} image: only JPEG, PNG, WebP and BMP are read", format.name));
  }
  return unknown(fmt::format("no JPEG, PNG, WebP or BMP image (starts with {})", first_bytes(file)));
}

}  // namespace mlpipe
