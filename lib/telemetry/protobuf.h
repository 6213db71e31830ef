// Writes fields of protocol buffers one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mlpipe::telemetry {

class ProtobufWriter {
 public:
  void varint(int field, std::uint64_t value);
  void fixed64(int field, std::uint64_t value);
  void real(int field, double value);
  void bytes(int field, std::string_view value);
  // Bytes that are not UTF-8 become U+FFFD: readers refuse a message for one of them.
  void text(int field, std::string_view value);
  // A message whose fields `fill` writes: into the same text, for a request has tens of thousands of them.
  template <class Fill>
  void message(int field, Fill fill) {
    key(field, Wire::bytes);
    const std::size_t begin = out_.size();
    fill();
    insert_length(begin);
  }

  std::string take() { return std::move(out_); }

 private:
  enum class Wire { varint = 0, fixed64 = 1, bytes = 2 };
  void key(int field, Wire wire) { raw_varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire)); }
  void raw_varint(std::uint64_t value);
  void insert_length(std::size_t begin);

  std::string out_;
};

}  // namespace mlpipe::telemetry
