#include "telemetry/protobuf.h"

#include <bit>

#include "base/csv_text.h"
#include "base/text.h"

namespace mlpipe::telemetry {

void ProtobufWriter::raw_varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

// Of what was written from `begin` on.
void ProtobufWriter::insert_length(std::size_t begin) {
  char bytes[10];
  std::size_t count = 0;
  std::size_t length = out_.size() - begin;
  for (; length >= 0x80; length >>= 7) bytes[count++] = static_cast<char>(length | 0x80);
  bytes[count++] = static_cast<char>(length);
  out_.insert(begin, bytes, count);
}

void ProtobufWriter::varint(int field, std::uint64_t value) {
  key(field, Wire::varint);
  raw_varint(value);
}

void ProtobufWriter::fixed64(int field, std::uint64_t value) {
  key(field, Wire::fixed64);
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> 8 * i);
  out_.append(bytes, sizeof bytes);
}

void ProtobufWriter::real(int field, double value) { fixed64(field, std::bit_cast<std::uint64_t>(value)); }

void ProtobufWriter::bytes(int field, std::string_view value) {
  key(field, Wire::bytes);
  raw_varint(value.size());
  out_ += value;
}

void ProtobufWriter::text(int field, std::string_view value) {
  if (!invalid_utf8(value)) return bytes(field, value);
  std::string valid;
  append_valid(valid, value);
  bytes(field, valid);
}

}  // namespace mlpipe::telemetry
