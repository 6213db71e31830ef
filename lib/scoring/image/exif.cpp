#include "scoring/image/exif.h"

#include <algorithm>
#include <optional>
#include <string>

namespace mlpipe {
namespace {

// What a file has to say.
struct Notes {
  std::optional<std::string> exif;
  std::optional<std::string_view> xmp;
};

std::uint32_t number(std::string_view bytes, bool little_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[little_endian ? bytes.size() - 1 - i : i]);
  }
  return value;
}

// "" beyond the end.
std::string_view part(std::string_view text, std::size_t at, std::size_t size) {
  return at <= text.size() && size <= text.size() - at ? text.substr(at, size) : std::string_view();
}

// Segments up to the pixels. Several EXIF ones are one that was cut.
Notes notes_of_jpeg(std::string_view file) {
  constexpr std::string_view exif_start("Exif\0\0", 6), xmp_start("http://ns.adobe.com/xap/1.0/\0", 29);
  Notes notes;
  for (std::size_t at = 2; at + 4 <= file.size() && file[at] == '\xff';) {
    const auto marker = static_cast<unsigned char>(file[at + 1]);
    if (marker == 0xff) { ++at; continue; }
    if (marker == 0xd9 || marker == 0xda) break;
    const std::size_t size = number(part(file, at + 2, 2), false);
    const std::string_view body = size >= 2 ? part(file, at + 4, size - 2) : std::string_view();
    if (marker == 0xe1 && body.starts_with(exif_start)) {
      if (notes.exif) *notes.exif += body.substr(6); else notes.exif = body;
    } else if (marker == 0xe1 && body.starts_with(xmp_start)) {
      notes.xmp = body.substr(xmp_start.size());
    }
    at += 2 + std::max<std::size_t>(size, 2);
  }
  return notes;
}

Notes notes_of_png(std::string_view file) {
  constexpr std::string_view xmp_start("XML:com.adobe.xmp\0\0", 19);  // not compressed
  Notes notes;
  for (std::size_t at = 8; at + 8 <= file.size();) {
    const std::size_t size = number(part(file, at, 4), false);
    const std::string_view kind = part(file, at + 4, 4), body = part(file, at + 8, size);
    if (kind == "eXIf") notes.exif = body;
    if (kind == "iTXt" && body.starts_with(xmp_start)) notes.xmp = body.substr(xmp_start.size());
    at += 12 + size;
  }
  return notes;
}

Notes notes_of_webp(std::string_view file) {
  Notes notes;
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::size_t size = number(part(file, at + 4, 4), true);
    const std::string_view kind = part(file, at, 4), body = part(file, at + 8, size);
    if (kind == "EXIF" && !notes.exif) notes.exif = body;
    if (kind == "XMP " && !notes.xmp) notes.xmp = body;
    at += 8 + size + size % 2;
  }
  return notes;
}

Notes notes_of(std::string_view file) {
  if (file.starts_with("\xff\xd8\xff")) return notes_of_jpeg(file);
  if (file.starts_with("\x89PNG\r\n\x1a\n")) return notes_of_png(file);
  if (file.starts_with("RIFF") && part(file, 8, 4) == "WEBP") return notes_of_webp(file);
  return {};
}

constexpr std::uint32_t orientation_tag = 0x0112, short_type = 3, long_type = 4;

// Nothing: the directory does not speak of it.
std::optional<int> orientation_in_exif(std::string_view exif) {
  constexpr std::string_view start("Exif\0\0", 6);
  for (int times = 0; times < 2 && exif.starts_with(start); ++times) exif.remove_prefix(start.size());
  const bool little = exif.starts_with("II");
  if (!little && !exif.starts_with("MM")) return std::nullopt;
  const std::size_t directory = number(part(exif, 4, 4), little);
  const std::uint32_t count = number(part(exif, directory, 2), little);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string_view entry = part(exif, directory + 2 + std::size_t{i} * 12, 12);
    if (entry.empty()) return std::nullopt;
    if (number(entry.substr(0, 2), little) != orientation_tag) continue;
    const std::uint32_t type = number(entry.substr(2, 2), little), values = number(entry.substr(4, 4), little);
    if (values != 1 || (type != short_type && type != long_type)) continue;
    return static_cast<int>(number(entry.substr(8, type == short_type ? 2 : 4), little) & 0xffff);
  }
  return std::nullopt;
}

std::optional<int> orientation_in_xmp(std::string_view xmp) {
  constexpr std::string_view name = "tiff:Orientation";
  for (std::size_t at = xmp.find(name); at != xmp.npos; at = xmp.find(name, at + 1)) {
    std::string_view rest = xmp.substr(at + name.size());
    if (rest.starts_with("=\"")) rest.remove_prefix(2);
    else if (rest.starts_with(">")) rest.remove_prefix(1);
    else continue;
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') return rest[0] - '0';
  }
  return std::nullopt;
}

// Where the pixel at the top left of what is meant lies, and the steps to its neighbours: right and down.
struct Walk {
  std::ptrdiff_t start, right, down;
};

Walk walk_of(const Image& image, int orientation) {
  const std::ptrdiff_t pixel = image.channels, row = static_cast<std::ptrdiff_t>(image.row_bytes());
  const std::ptrdiff_t last_column = (image.width - 1) * pixel, last_row = (image.height - 1) * row;
  switch (orientation) {
    case 2: return {last_column, -pixel, row};
    case 3: return {last_row + last_column, -pixel, -row};
    case 4: return {last_row, pixel, -row};
    case 5: return {0, row, pixel};
    case 6: return {last_row, -row, pixel};
    case 7: return {last_row + last_column, -row, -pixel};
    case 8: return {last_column, row, -pixel};
    default: return {0, pixel, row};
  }
}

}  // namespace

int exif_orientation(std::string_view file) {
  const Notes notes = notes_of(file);
  std::optional<int> found = notes.exif ? orientation_in_exif(*notes.exif) : std::nullopt;
  if (!found && notes.xmp) found = orientation_in_xmp(*notes.xmp);
  return found && *found >= 1 && *found <= 8 ? *found : 1;
}

void turn(const Image& image, int orientation, Image& turned) {
  const bool on_its_side = orientation >= 5;
  turned.reshape(on_its_side ? image.height : image.width, on_its_side ? image.width : image.height, image.channels);
  const Walk walk = walk_of(image, orientation);
  std::uint8_t* out = turned.pixels.data();
  for (int y = 0; y < turned.height; ++y) {
    std::ptrdiff_t at = walk.start + y * walk.down;
    for (int x = 0; x < turned.width; ++x, at += walk.right) out = std::copy_n(image.pixels.data() + at, image.channels, out);
  }
}

}  // namespace mlpipe
