// Windows bitmaps (BMP) as Pillow's BmpImagePlugin reads them, its rules for headers, palettes and runs included.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "scoring/image/image_decode.h"
#include "scoring/image/pixel_format.h"

namespace mlpipe {
namespace {

constexpr std::uint32_t raw = 0, rle8 = 1, rle4 = 2, bitfields = 3;

Error damaged(std::string_view reason) { return damaged_image("BMP", reason); }
Error truncated() { return damaged("the file is truncated"); }

// Little-endian numbers of a file; beyond its end all are 0, and `beyond` tells.
class Bytes {
 public:
  explicit Bytes(std::string_view file) : file_(file) {}
  std::uint32_t u8(std::uint64_t at) const { return at < file_.size() ? static_cast<unsigned char>(file_[at]) : 0; }
  std::uint32_t u16(std::uint64_t at) const { return u8(at) | u8(at + 1) << 8; }
  std::uint32_t u32(std::uint64_t at) const { return u16(at) | u16(at + 2) << 16; }
  bool beyond(std::uint64_t end) const { return end > file_.size(); }
  std::uint64_t size() const { return file_.size(); }
  const std::uint8_t* at(std::uint64_t offset) const { return reinterpret_cast<const std::uint8_t*>(file_.data()) + offset; }

 private:
  std::string_view file_;
};

struct Header {
  std::uint64_t width = 0, height = 0;
  bool top_down = false;
  std::uint32_t bits = 0, compression = raw, colours = 0;
  std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha
  std::uint32_t colour_bytes = 4;        // of an entry of the palette
  std::uint64_t end = 0;                 // of the header, where a palette follows
  std::uint64_t pixels = 0;              // where they start
};

constexpr std::uint64_t file_header = 14;

void read_masks(const Bytes& bytes, std::uint32_t size, Header& header) {
  const std::size_t count = size >= 56 ? 4 : 3;
  for (std::size_t i = 0; i < count; ++i) header.masks[i] = bytes.u32(file_header + 40 + i * 4);
  if (size == 40) header.end += 12;
}

void read_long_header(const Bytes& bytes, std::uint32_t size, Header& header) {
  header.width = bytes.u32(file_header + 4);
  header.height = bytes.u32(file_header + 8);
  header.top_down = header.height >> 24 == 0xff;
  if (header.top_down) header.height = (std::uint64_t{1} << 32) - header.height;
  header.bits = bytes.u16(file_header + 14);
  header.compression = bytes.u32(file_header + 16);
  header.colours = bytes.u32(file_header + 32);
  if (header.compression == bitfields) read_masks(bytes, size, header);
}

Result<Header> read_header(const Bytes& bytes) {
  Header header;
  const std::uint32_t size = bytes.u32(file_header);
  header.end = file_header + size;
  if (size == 12) {
    header.width = bytes.u16(file_header + 4);
    header.height = bytes.u16(file_header + 6);
    header.bits = bytes.u16(file_header + 10);
    header.colour_bytes = 3;
  } else if (size == 40 || size == 52 || size == 56 || size == 64 || size == 108 || size == 124) {
    read_long_header(bytes, size, header);
  } else {
    return damaged(fmt::format("a header of {} bytes is of no known kind", size));
  }
  if (bytes.beyond(header.end)) return truncated();
  if (header.colours == 0) header.colours = header.bits < 32 ? 1u << header.bits : 0;
  header.pixels = bytes.u32(10);
  if (header.pixels == file_header + size && header.bits <= 8) header.pixels += std::uint64_t{header.colour_bytes} * header.colours;
  return header;
}

struct Masks {
  std::uint32_t bits;
  std::array<std::uint32_t, 4> masks;
  PixelFormat format;
};

constexpr Masks known_masks[] = {
    {32, {0xff0000, 0xff00, 0xff, 0}, PixelFormat::bgrx},
    {32, {0xff000000, 0xff0000, 0xff00, 0}, PixelFormat::xbgr},
    {32, {0xff000000, 0xff00, 0xff, 0}, PixelFormat::bgxr},
    {32, {0xff000000, 0xff0000, 0xff00, 0xff}, PixelFormat::xbgr},
    {32, {0xff, 0xff00, 0xff0000, 0xff000000}, PixelFormat::rgb_alpha},
    {32, {0xff0000, 0xff00, 0xff, 0xff000000}, PixelFormat::bgrx},
    {32, {0xff000000, 0xff00, 0xff, 0xff0000}, PixelFormat::bgxr},
    {32, {0, 0, 0, 0}, PixelFormat::bgrx},
    {24, {0xff0000, 0xff00, 0xff, 0}, PixelFormat::bgr},
    {16, {0xf800, 0x7e0, 0x1f, 0}, PixelFormat::bgr565},
    {16, {0x7c00, 0x3e0, 0x1f, 0}, PixelFormat::bgr555},
};

// How the samples of a row become pixels, once they are bytes.
struct Samples {
  PixelFormat format = PixelFormat::bgr;
  std::uint32_t bits = 24;  // of a pixel of the file
  Palette palette;
};

std::optional<PixelFormat> format_of_masks(const Header& header) {
  for (const auto& known : known_masks) {
    const bool alpha_too = header.bits == 32;
    if (known.bits == header.bits && std::equal(known.masks.begin(), known.masks.begin() + (alpha_too ? 4 : 3), header.masks.begin())) return known.format;
  }
  return std::nullopt;
}

// Pillow takes a palette of greys in their order for none: pixels of 1 bit (two colours) or 8 bits then, whatever the header says.
bool is_grey_ramp(const Bytes& bytes, const Header& header) {
  for (std::uint32_t i = 0; i < header.colours; ++i) {
    const std::uint32_t value = header.colours == 2 ? i * 255 : i;
    const std::uint64_t at = header.end + std::uint64_t{i} * header.colour_bytes;
    if (value > 255 || bytes.beyond(at + 3) || bytes.u8(at) != value || bytes.u8(at + 1) != value || bytes.u8(at + 2) != value) return false;
  }
  return true;
}

Result<Samples> palette_samples(const Bytes& bytes, const Header& header) {
  if (header.colours == 0 || header.colours > 65536) return damaged(fmt::format("a palette of {} colours", header.colours));
  Samples samples{PixelFormat::palette, header.bits, {}};
  const bool ramp = is_grey_ramp(bytes, header);
  if (ramp) samples.bits = header.colours <= 2 ? 1 : 8;
  for (std::uint32_t i = 0; i < 256; ++i) {
    const std::uint64_t at = header.end + std::uint64_t{i} * header.colour_bytes;
    for (std::uint32_t c = 0; c < 3; ++c) {
      const std::uint32_t grey = samples.bits == 1 ? (i ? 255 : 0) : i;
      samples.palette.colours[i][c] = static_cast<std::uint8_t>(ramp ? grey : i < header.colours ? bytes.u8(at + 2 - c) : 0);
    }
  }
  return samples;
}

Result<Samples> read_samples(const Bytes& bytes, const Header& header) {
  const bool runs = header.compression == rle8 || header.compression == rle4;
  if (header.compression > bitfields) return Error{ErrorKind::step_failed, fmt::format("a BMP of compression {} is not read", header.compression), ""};
  if (header.bits == 1 || header.bits == 4 || header.bits == 8) {
    if (header.compression == bitfields) return damaged("bit fields with a palette");
    return palette_samples(bytes, header);
  }
  if (header.bits != 16 && header.bits != 24 && header.bits != 32) return damaged(fmt::format("{} bits a pixel", header.bits));
  if (runs) return damaged("runs of pixels without a palette");
  if (header.compression == raw) return Samples{header.bits == 16 ? PixelFormat::bgr555 : header.bits == 24 ? PixelFormat::bgr : PixelFormat::bgrx, header.bits, {}};
  const auto format = format_of_masks(header);
  if (!format) return damaged("its bit fields are of no known layout");
  return Samples{*format, header.bits, {}};
}

// Pixels of less than a byte, the highest bits first, to bytes.
void unpack_bits(const std::uint8_t* in, std::uint32_t bits, std::uint64_t width, std::uint8_t* out) {
  const std::uint32_t in_a_byte = 8 / bits, most = (1u << bits) - 1;
  for (std::uint64_t x = 0; x < width; ++x) {
    out[x] = static_cast<std::uint8_t>(in[x / in_a_byte] >> (8 - bits * (x % in_a_byte + 1)) & most);
  }
}

int target_row(const Header& header, std::uint64_t row) {
  return static_cast<int>(header.top_down ? row : header.height - 1 - row);
}

Status read_rows(const Bytes& bytes, const Header& header, const Samples& samples, int channels, Image& image) {
  const std::uint64_t row_bytes = (header.width * samples.bits + 7) / 8, stride = (header.width * header.bits + 31) / 8 & ~std::uint64_t{3};
  if (row_bytes > stride) return damaged("its palette does not fit its pixels");
  if (bytes.beyond(header.pixels + stride * (header.height - 1) + row_bytes)) return truncated();
  image.reshape(static_cast<int>(header.width), static_cast<int>(header.height), channels);
  std::vector<std::uint8_t> unpacked(samples.bits < 8 ? header.width : 0);
  for (std::uint64_t y = 0; y < header.height; ++y) {
    const std::uint8_t* row = bytes.at(header.pixels + y * stride);
    if (samples.bits < 8) unpack_bits(row, samples.bits, header.width, unpacked.data());
    convert_row(samples.bits < 8 ? unpacked.data() : row, samples.format, samples.palette, image.width, channels, image.row(target_row(header, y)));
  }
  return {};
}

// Runs of pixels, decoded to a byte a pixel as BmpRleDecoder of Pillow's does it, oddities included.
class Runs {
 public:
  Runs(const Bytes& bytes, const Header& header) : bytes_(bytes), at_(header.pixels), width_(header.width), wanted_(header.width * header.height), four_bits_(header.compression == rle4) {}

  // False: the runs end before the last pixel.
  bool decode() {
    while (pixels_.size() < wanted_ && !bytes_.beyond(at_ + 2)) {
      const std::uint32_t count = bytes_.u8(at_), value = bytes_.u8(at_ + 1);
      at_ += 2;
      if (count > 0) repeat(count, value);
      else if (!escape(value)) break;
    }
    return pixels_.size() >= wanted_;
  }
  const std::vector<std::uint8_t>& pixels() const { return pixels_; }

 private:
  void add(std::uint32_t pixel) { pixels_.push_back(static_cast<std::uint8_t>(pixel)); }
  void add_black(std::uint64_t count) { pixels_.resize(pixels_.size() + std::min(count, wanted_ - pixels_.size())); }

  void repeat(std::uint32_t count, std::uint32_t value) {
    const std::uint64_t fits = x_ + count > width_ ? (width_ > x_ ? width_ - x_ : 0) : count;
    for (std::uint64_t i = 0; i < fits; ++i) add(!four_bits_ ? value : i % 2 == 0 ? value >> 4 : value & 15);
    x_ += fits;
  }

  bool escape(std::uint32_t code) {
    if (code == 1) return false;
    if (code == 2) return skip();
    if (code > 2) return copy(code);
    add_black((width_ - pixels_.size() % width_) % width_);
    x_ = 0;
    return true;
  }

  bool skip() {
    if (bytes_.beyond(at_ + 2)) return false;
    add_black(bytes_.u8(at_) + bytes_.u8(at_ + 1) * width_);
    at_ += 2;
    x_ = pixels_.size() % width_;
    return true;
  }

  bool copy(std::uint32_t count) {
    const std::uint64_t fits = std::min<std::uint64_t>(wanted_ - pixels_.size(), count), size = four_bits_ ? (fits + 1) / 2 : fits;
    if (bytes_.beyond(at_ + size)) return false;
    for (std::uint64_t i = 0; i < fits; ++i) {
      const std::uint32_t byte = bytes_.u8(at_ + (four_bits_ ? i / 2 : i));
      add(!four_bits_ ? byte : i % 2 == 0 ? byte >> 4 : byte & 15);
    }
    at_ += size + (at_ + size) % 2;
    x_ += count;
    return pixels_.size() < wanted_;
  }

  const Bytes& bytes_;
  std::uint64_t at_, width_, wanted_, x_ = 0;
  bool four_bits_;
  std::vector<std::uint8_t> pixels_;
};

Status read_runs(const Bytes& bytes, const Header& header, const Samples& samples, int channels, Image& image) {
  Runs runs(bytes, header);
  if (!runs.decode()) return damaged("its runs end before the last pixel");
  image.reshape(static_cast<int>(header.width), static_cast<int>(header.height), channels);
  for (std::uint64_t y = 0; y < header.height; ++y) {
    convert_row(runs.pixels().data() + y * header.width, samples.format, samples.palette, image.width, channels, image.row(target_row(header, y)));
  }
  return {};
}

}  // namespace

Status decode_bmp(std::string_view file, int channels, Image& image) {
  const Bytes bytes(file);
  MLPIPE_TRY(const Header header, read_header(bytes));
  MLPIPE_TRY_VOID(check_image_size(header.width, header.height));
  MLPIPE_TRY(const Samples samples, read_samples(bytes, header));
  if (header.compression == rle8 || header.compression == rle4) return read_runs(bytes, header, samples, channels, image);
  return read_rows(bytes, header, samples, channels, image);
}

}  // namespace mlpipe
