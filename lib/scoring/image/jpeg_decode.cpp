// The only file that includes libjpeg. Its default error handler ends the process; ours jumps back, so what runs under
// `guarded` owns nothing.
#include <algorithm>
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
#include <jerror.h>

#include "scoring/image/image_decode.h"
#include "scoring/image/pixel_format.h"

namespace mlpipe {
namespace {

class JpegReader {
 public:
  explicit JpegReader(std::string_view file) : file_(file) {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    errors_.output_message = [](j_common_ptr) {};
    jpeg_.client_data = this;
    created_ = guarded([this] { jpeg_create_decompress(&jpeg_); });
    progress_.progress_monitor = on_progress;
    jpeg_.progress = &progress_;
  }
  ~JpegReader() {
    if (created_) jpeg_destroy_decompress(&jpeg_);
  }
  JpegReader(const JpegReader&) = delete;

  Status decode(int channels, Image& image) {
    if (!created_ || !guarded([this] { read_header(); })) return failure();
    MLPIPE_TRY_VOID(check_size());
    MLPIPE_TRY_VOID(choose_format());
    if (!guarded([this] { jpeg_start_decompress(&jpeg_); })) return failure();
    image.reshape(static_cast<int>(jpeg_.output_width), static_cast<int>(jpeg_.output_height), channels);
    if (channels == jpeg_.output_components) {
      if (!guarded([&] { read_rows(image); })) return failure();
      return {};
    }
    std::vector<std::uint8_t> row(image.width * static_cast<std::size_t>(bytes_of(format_)));
    if (!guarded([&] { read_and_convert_rows(image, row.data()); })) return failure();
    return {};
  }

 private:
  static JpegReader& self(j_common_ptr jpeg) { return *static_cast<JpegReader*>(jpeg->client_data); }
  static void on_error(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, self(jpeg).error_);
    std::longjmp(self(jpeg).jump_, 1);
  }
  // Each scan of a progressive file goes over the whole image: thousands of empty ones would take hours.
  static void on_progress(j_common_ptr jpeg) {
    constexpr int most_scans = 500;
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > most_scans) self(jpeg).give_up("more than 500 scans");
  }
  // Running out of data is only a warning to libjpeg, which then makes pixels up. Pillow tolerates the other warnings.
  static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) self(jpeg).give_up("the file is truncated");
  }
  [[noreturn]] void give_up(const char* reason) {
    std::snprintf(error_, sizeof error_, "%s", reason);
    std::longjmp(jump_, 1);
  }

  template <class Action>
  bool guarded(Action action) {
    if (setjmp(jump_)) return false;
    action();
    return true;
  }

  Error failure() const { return damaged_image("JPEG", error_); }

  // Huffman codes have at least one bit, and each 8 x 8 block has at least one.
  Status check_size() const {
    const std::uint64_t pixels = std::uint64_t{jpeg_.image_width} * jpeg_.image_height;
    MLPIPE_TRY_VOID(check_image_size(jpeg_.image_width, jpeg_.image_height));
    return check_file_size(file_, jpeg_.arith_code ? 0 : pixels / 64 / 8);
  }

  void read_header() {
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(file_.data()), file_.size());
    jpeg_read_header(&jpeg_, TRUE);
  }

  Status choose_format() {
    switch (jpeg_.num_components) {
      case 1: format_ = PixelFormat::grey, jpeg_.out_color_space = JCS_GRAYSCALE; return {};
      case 3: format_ = PixelFormat::rgb, jpeg_.out_color_space = JCS_RGB; return {};
      case 4: format_ = PixelFormat::inverted_cmyk, jpeg_.out_color_space = JCS_CMYK; return {};
      default: return Error{ErrorKind::step_failed, "a JPEG of " + std::to_string(jpeg_.num_components) + " components has no RGB or L form", ""};
    }
  }

  void read_rows(Image& image) {
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW rows[most_rows];
      const auto count = std::min<JDIMENSION>(most_rows, jpeg_.output_height - jpeg_.output_scanline);
      for (JDIMENSION i = 0; i < count; ++i) rows[i] = image.row(static_cast<int>(jpeg_.output_scanline + i));
      jpeg_read_scanlines(&jpeg_, rows, count);
    }
    finish();
  }

  void read_and_convert_rows(Image& image, std::uint8_t* row) {
    while (jpeg_.output_scanline < jpeg_.output_height) {
      const int y = static_cast<int>(jpeg_.output_scanline);
      JSAMPROW rows[1] = {row};
      jpeg_read_scanlines(&jpeg_, rows, 1);
      convert_row(row, format_, no_palette_, image.width, image.channels, image.row(y));
    }
    finish();
  }

  // Looks for the end marker: without it Pillow calls the file truncated.
  void finish() { jpeg_finish_decompress(&jpeg_); }

  static constexpr JDIMENSION most_rows = 4;  // as many as libjpeg makes at once

  std::string_view file_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_;
  bool created_ = false;
  char error_[JMSG_LENGTH_MAX] = "";
  PixelFormat format_ = PixelFormat::rgb;
  Palette no_palette_;
};

#define MLPIPE_TEXT_(x) #x
#define MLPIPE_TEXT(x) MLPIPE_TEXT_(x)

}  // namespace

Status decode_jpeg(std::string_view file, int channels, Image& image) { return JpegReader(file).decode(channels, image); }

std::string jpeg_library_version() {
#ifdef LIBJPEG_TURBO_VERSION
  return "libjpeg-turbo " MLPIPE_TEXT(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " MLPIPE_TEXT(JPEG_LIB_VERSION);
#endif
}

}  // namespace mlpipe
