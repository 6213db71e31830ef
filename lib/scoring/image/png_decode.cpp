// The only file that includes libpng. libpng reports errors by longjmp: what runs under `guarded` owns nothing.
#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstring>

#include "scoring/image/image_decode.h"
#include "scoring/image/pixel_format.h"

namespace mlpipe {
namespace {

class PngReader {
 public:
  explicit PngReader(std::string_view file) : rest_(file) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;

  Status decode(std::string_view file, int channels, Image& image) {
    if (!info_ || !guarded([this] { read_header(); })) return failure();
    MLPIPE_TRY_VOID(check_image_size(png_get_image_width(png_, info_), png_get_image_height(png_, info_)));
    const std::uint64_t raw_bytes = std::uint64_t{png_get_rowbytes(png_, info_)} * png_get_image_height(png_, info_);
    MLPIPE_TRY_VOID(check_file_size(file, raw_bytes / most_deflated));
    if (!guarded([this] { choose_format(); })) return failure();
    image.reshape(static_cast<int>(png_get_image_width(png_, info_)), static_cast<int>(png_get_image_height(png_, info_)), channels);
    const bool direct = format_ == (channels == 1 ? PixelFormat::grey : PixelFormat::rgb);
    if (direct) point_to(image.pixels); else allocate_rows();
    if (!guarded([this] { png_read_image(png_, rows_.data()); })) return failure();
    if (!direct) convert(image);
    return {};
  }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    static_cast<PngReader*>(png_get_error_ptr(png))->error_ = message ? message : "";
    std::longjmp(png_jmpbuf(png), 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep out, std::size_t size) {
    auto& rest = static_cast<PngReader*>(png_get_io_ptr(png))->rest_;
    if (size > rest.size()) png_error(png, "the file is truncated");
    std::memcpy(out, rest.data(), size);
    rest.remove_prefix(size);
  }

  template <class Action>
  bool guarded(Action action) {
    if (setjmp(png_jmpbuf(png_))) return false;
    action();
    return true;
  }

  Error failure() const { return damaged_image("PNG", error_.empty() ? "out of memory" : error_); }

  void read_header() {
    png_set_read_fn(png_, this, on_read);
    png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);  // check_image_size is the limit, with a better message
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, ignored_chunks, sizeof ignored_chunks / 5);
    png_read_info(png_, info_);
  }

  void choose_format() {
    const int depth = png_get_bit_depth(png_, info_), colour = png_get_color_type(png_, info_);
    format_ = format_of(colour, depth);
    if (depth == 16 && format_ != PixelFormat::grey16_big_endian) png_set_strip_16(png_);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if (colour == PNG_COLOR_TYPE_PALETTE) read_palette();
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  static PixelFormat format_of(int colour, int depth) {
    switch (colour) {
      case PNG_COLOR_TYPE_GRAY: return depth == 16 ? PixelFormat::grey16_big_endian : PixelFormat::grey;
      case PNG_COLOR_TYPE_GRAY_ALPHA: return PixelFormat::grey_alpha;
      case PNG_COLOR_TYPE_PALETTE: return PixelFormat::palette;
      case PNG_COLOR_TYPE_RGB_ALPHA: return PixelFormat::rgb_alpha;
      default: return PixelFormat::rgb;
    }
  }

  void read_palette() {
    png_set_packing(png_);
    png_colorp entries = nullptr;
    int count = 0;
    png_get_PLTE(png_, info_, &entries, &count);
    for (int i = 0; i < count && i < 256; ++i) {
      palette_.colours[i][0] = entries[i].red;
      palette_.colours[i][1] = entries[i].green;
      palette_.colours[i][2] = entries[i].blue;
    }
  }

  void allocate_rows() {
    raw_.resize(png_get_image_height(png_, info_) * png_get_rowbytes(png_, info_));
    point_to(raw_);
  }

  void point_to(std::vector<std::uint8_t>& pixels) {
    const std::size_t row = png_get_rowbytes(png_, info_);
    rows_.resize(png_get_image_height(png_, info_));
    for (std::size_t y = 0; y < rows_.size(); ++y) rows_[y] = pixels.data() + y * row;
  }

  void convert(Image& image) const {
    for (int y = 0; y < image.height; ++y) {
      convert_row(rows_[static_cast<std::size_t>(y)], format_, palette_, image.width, image.channels, image.row(y));
    }
  }

  static constexpr std::uint64_t most_deflated = 1032;  // bytes that one byte of zlib can stand for

  // Nothing in them changes pixels, and text chunks are where decompression bombs live.
  static constexpr png_byte ignored_chunks[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0tRNS\0zTXt";

  std::string_view rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::string error_;
  PixelFormat format_ = PixelFormat::rgb;
  Palette palette_;
  std::vector<std::uint8_t> raw_;
  std::vector<png_bytep> rows_;
};

}  // namespace

Status decode_png(std::string_view file, int channels, Image& image) { return PngReader(file).decode(file, channels, image); }

std::string jpeg_library_version();  // jpeg_decode.cpp
std::string webp_library_version();  // webp_decode.cpp

std::string image_library_versions() {
  return fmt::format("{}, libpng {}, {}", jpeg_library_version(), png_get_libpng_ver(nullptr), webp_library_version());
}

}  // namespace mlpipe
