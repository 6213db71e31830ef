#include "telemetry/protobuf.h"

#include <bit>

#include "base/csv_text.h"
#include "base/text.h"

namespace mlpipe::telemetry {

void ProtobufWriter::raw_varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

void ProtobufWriter::varint(int field, std::uint64_t value) {
  key(field, Wire::varint);
  raw_varint(value);
}

void ProtobufWriter::fixed64(int field, std::uint64_t value) {
  key(field, Wire::fixed64);
  for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(value >> shift);
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
