#include "scoring/array/npy_file.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::size_t buffer_bytes = 256 * 1024;
constexpr std::uint64_t most_bytes = 1ull << 62;

Error bad(std::string message, std::string hint = {}) { return {ErrorKind::step_failed, std::move(message), std::move(hint)}; }

// The text after "'key':", up to where the value ends is up to the caller.
std::optional<std::string_view> value_of(std::string_view literal, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = fmt::format("{}{}{}", quote, key, quote);
    const auto at = literal.find(quoted);
    if (at == std::string_view::npos) continue;
    auto rest = trim(literal.substr(at + quoted.size()));
    if (rest.starts_with(':')) return trim(rest.substr(1));
  }
  return std::nullopt;
}

bool supported(char kind, std::size_t size) {
  switch (kind) {
    case 'f': return size == 2 || size == 4 || size == 8;
    case 'i':
    case 'u': return size == 1 || size == 2 || size == 4 || size == 8;
    case 'b': return size == 1;
    default: return false;
  }
}

Status parse_type(std::string_view descr, NpyHeader& header) {
  const auto unsupported = [&] {
    return bad(fmt::format("arrays of type {} are not supported", descr.substr(0, std::min<std::size_t>(descr.find(",", 1), 40))), "save it as float32: numpy.save(file, array.astype('float32'))");
  };
  if (descr.size() < 2 || (descr[0] != '\'' && descr[0] != '"')) return unsupported();
  const auto end = descr.find(descr[0], 1);
  if (end == std::string_view::npos) return unsupported();
  const auto text = descr.substr(1, end - 1);
  if (text.size() < 3 || std::string_view("<>|=").find(text[0]) == std::string_view::npos) return unsupported();
  const auto size = parse_integer(text.substr(2));
  if (!size || *size < 1 || !supported(text[1], static_cast<std::size_t>(*size))) return unsupported();
  header.kind = text[1];
  header.item_size = static_cast<std::size_t>(*size);
  header.big_endian = text[0] == '>';
  return {};
}

Status parse_shape(std::string_view text, NpyHeader& header) {
  const auto end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) return bad("the array's header has no shape");
  for (const auto part : split(text.substr(1, end - 1), ',')) {
    const auto word = trim(part);
    if (word.empty()) continue;
    const auto side = parse_integer(word);
    if (!side || *side < 0) return bad("the array's header has a malformed shape");
    header.shape.push_back(*side);
  }
  if (header.shape.empty()) return bad("the array has no axis, so it has no rows", "save it with one row an item: array.reshape(1, -1)");
  return {};
}

// Values in a row, checked so that no product of sizes below can overflow.
Result<std::size_t> values_in_row(const NpyHeader& header) {
  std::uint64_t values = 1;
  for (std::size_t i = 1; i < header.shape.size(); ++i) values *= static_cast<std::uint64_t>(header.shape[i]);
  std::uint64_t bytes = header.item_size;
  for (const auto side : header.shape) {
    if (side > 0 && bytes > most_bytes / static_cast<std::uint64_t>(side)) return bad("the array's header claims an impossible size");
    bytes *= static_cast<std::uint64_t>(std::max<std::int64_t>(side, 1));
  }
  if (values == 0) return bad("the array's rows are empty");
  return static_cast<std::size_t>(values);
}

float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff;
  float value = exponent == 31  ? (mantissa ? NAN : INFINITY)
                : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return bits & 0x8000 ? -value : value;
}

template <class T>
T load(const char* in, bool swapped) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, in, sizeof bytes);
  if (swapped) std::reverse(bytes, bytes + sizeof bytes);
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <class T, class Out>
void convert_as(const char* in, std::size_t count, bool swapped, Out* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(load<T>(in + i * sizeof(T), swapped));
}

void convert_halves(const char* in, std::size_t count, bool swapped, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = from_half(load<std::uint16_t>(in + 2 * i, swapped));
}

template <class Out>
void convert_truths(const char* in, std::size_t count, bool, Out* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(in[i] != 0);
}

template <class Out>
using Convert = void (*)(const char*, std::size_t, bool, Out*);

template <class Out>
Convert<Out> integer_conversion(char kind, std::size_t size) {
  if (kind == 'b') return convert_truths<Out>;
  const bool is_signed = kind == 'i';
  switch (size) {
    case 1: return is_signed ? convert_as<std::int8_t, Out> : convert_as<std::uint8_t, Out>;
    case 2: return is_signed ? convert_as<std::int16_t, Out> : convert_as<std::uint16_t, Out>;
    case 4: return is_signed ? convert_as<std::int32_t, Out> : convert_as<std::uint32_t, Out>;
    default: return is_signed ? convert_as<std::int64_t, Out> : convert_as<std::uint64_t, Out>;
  }
}

Convert<float> float_conversion(char kind, std::size_t size) {
  if (kind != 'f') return integer_conversion<float>(kind, size);
  return size == 2 ? convert_halves : size == 4 ? convert_as<float, float> : convert_as<double, float>;
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view literal) {
  NpyHeader header;
  const auto descr = value_of(literal, "descr"), order = value_of(literal, "fortran_order"), shape = value_of(literal, "shape");
  if (!descr || !order || !shape) return bad("the array's header is malformed");
  MLPIPE_TRY_VOID(parse_type(*descr, header));
  MLPIPE_TRY_VOID(parse_shape(*shape, header));
  header.fortran_order = order->starts_with("True");
  return header;
}

Result<NpyFile> NpyFile::open(const Path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || !is_file(path)) return bad(fmt::format("{} is not a file", path.string()));
  return open(path, 0, size);
}

Result<NpyFile> NpyFile::open(const Path& path, std::uint64_t begin, std::uint64_t size) {
  NpyFile array;
  array.path_ = path;
  array.begin_ = begin;
  array.size_ = size;
  MLPIPE_TRY(array.file_, open_file(path, O_RDONLY));
  MLPIPE_TRY_VOID(array.read_header());
  return array;
}

Result<NpyFile> NpyFile::of_bytes(std::string bytes) {
  NpyFile array;
  array.size_ = bytes.size();
  array.memory_ = std::move(bytes);
  MLPIPE_TRY_VOID(array.read_header());
  return array;
}

Status NpyFile::read(std::uint64_t offset, char* to, std::size_t size) const {
  if (offset > size_ || size > size_ - offset) return bad("the array file is truncated");
  if (!file_) {
    std::memcpy(to, memory_.data() + offset, size);
    return {};
  }
  MLPIPE_TRY(const std::size_t got, read_at(file_.get(), begin_ + offset, to, size, path_));
  return got < size ? Status(bad("the array file is truncated")) : Status();
}

Status NpyFile::read_header() {
  unsigned char start[12] = {};
  char* const bytes = reinterpret_cast<char*>(start);
  if (!read(0, bytes, 10)) return bad("not a numpy .npy file (too short)");
  if (std::memcmp(start, "\x93NUMPY", 6) != 0) return bad("not a numpy .npy file", "write it with numpy.save");
  if (start[6] < 1 || start[6] > 3) return bad(fmt::format("numpy format version {} is not supported", start[6]));
  const std::size_t prefix = start[6] == 1 ? 10 : 12;
  MLPIPE_TRY_VOID(read(0, bytes, prefix));
  std::uint64_t size = 0;
  for (std::size_t i = prefix; i-- > 8;) size = size << 8 | start[i];
  if (size > 1024 * 1024) return bad("the array's header is too long");
  std::string literal(size, '\0');
  MLPIPE_TRY_VOID(read(prefix, literal.data(), literal.size()));
  MLPIPE_TRY(header_, parse_npy_header(literal));
  if (header_.fortran_order && header_.shape.size() > 1) {
    return bad("the array is in Fortran order", "save it in C order: numpy.save(file, numpy.ascontiguousarray(array))");
  }
  MLPIPE_TRY(row_values_, values_in_row(header_));
  data_at_ = prefix + size;
  return size_ - data_at_ < rows() * row_values_ * header_.item_size ? Status(bad("the array file is truncated")) : Status();
}

Status NpyFile::fill(std::size_t first_row) {
  const std::size_t row_bytes = row_values_ * header_.item_size;
  const std::size_t count = std::min(std::max<std::size_t>(buffer_bytes / row_bytes, 1), rows() - first_row);
  buffer_.resize(count * row_bytes);
  buffered_ = 0;
  MLPIPE_TRY_VOID(read(data_at_ + first_row * row_bytes, buffer_.data(), buffer_.size()));
  buffered_from_ = first_row;
  buffered_ = count;
  return {};
}

Result<const char*> NpyFile::row_bytes(std::size_t row) {
  if (row < buffered_from_ || row >= buffered_from_ + buffered_) MLPIPE_TRY_VOID(fill(row));
  return static_cast<const char*>(buffer_.data()) + (row - buffered_from_) * row_values_ * header_.item_size;
}

bool NpyFile::swapped() const { return header_.big_endian != (std::endian::native == std::endian::big); }

Status NpyFile::read_row(std::size_t row, float* out) {
  MLPIPE_TRY(const char* const in, row_bytes(row));
  float_conversion(header_.kind, header_.item_size)(in, row_values_, swapped(), out);
  return {};
}

Status NpyFile::read_row(std::size_t row, std::int64_t* out) {
  MLPIPE_TRY(const char* const in, row_bytes(row));
  integer_conversion<std::int64_t>(header_.kind, header_.item_size)(in, row_values_, swapped(), out);
  const bool may_be_too_large = header_.kind == 'u' && header_.item_size == 8;
  if (may_be_too_large && std::any_of(out, out + row_values_, [](std::int64_t value) { return value < 0; }))
    return bad(fmt::format("row {} has a number that does not fit into int64", row));
  return {};
}

}  // namespace mlpipe
