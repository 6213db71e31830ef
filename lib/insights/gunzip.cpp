#include "insights/gunzip.h"

#include <zlib.h>

#include <array>

namespace mlpipe::insights {
namespace {

constexpr int gzip_window = 15 + 16;

class Inflater {
 public:
  Inflater() { good_ = ::inflateInit2(&stream_, gzip_window) == Z_OK; }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;

  std::optional<std::string> unpack(std::string_view packed, std::size_t most) {
    if (!good_) return std::nullopt;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    std::array<char, 64u << 10> chunk;
    for (int state = Z_OK; state != Z_STREAM_END;) {
      stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      state = ::inflate(&stream_, Z_NO_FLUSH);
      if (state != Z_OK && state != Z_STREAM_END) return std::nullopt;  // Z_BUF_ERROR among them: it ends too early
      out.append(chunk.data(), chunk.size() - stream_.avail_out);
      if (out.size() > most) return std::nullopt;
    }
    return out;
  }

 private:
  z_stream stream_{};
  bool good_ = false;
};

}  // namespace

std::optional<std::string> gunzip(std::string_view packed, std::size_t most) { return Inflater().unpack(packed, most); }

}  // namespace mlpipe::insights
