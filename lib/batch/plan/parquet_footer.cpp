#include "batch/plan/parquet_footer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

namespace mlpipe {
namespace {

// Types of the compact protocol.
enum Type : std::uint8_t { stop, yes, no, i8, i16, i32, i64, real, binary, list, set, map, structure };

constexpr int deepest = 32;

// Reads values off the front; a wrong one makes it bad for good, and what it then gives means nothing.
class Compact {
 public:
  explicit Compact(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte() {
    if (rest_.empty()) good = false;
    if (!good) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint64_t bits = byte();
      value |= (bits & 0x7f) << shift;
      if (bits < 0x80) return value;
    }
    good = false;
    return 0;
  }

  // What may not be negative.
  std::uint64_t count() {
    const auto coded = varint();
    if (coded & 1) good = false;
    return coded >> 1;
  }

  struct Field {
    int id;
    Type type;
  };
  // The next field of a structure after the one with `id`; type stop: there is none.
  Field field(int id) {
    const auto head = byte();
    const auto type = static_cast<Type>(head & 0x0f);
    if (type > structure) good = false;
    if (!good || type == stop) return {0, stop};
    const auto coded = head >> 4 ? 0 : varint();
    if (coded > 0xffff || id > 0x7fff) good = false;  // ids have 16 bits
    if (!good) return {0, stop};
    return {head >> 4 ? id + (head >> 4) : static_cast<int>((coded >> 1) ^ (~(coded & 1) + 1)), type};
  }

  struct Items {
    std::uint64_t count;
    Type type;
  };
  Items items() {
    const auto head = byte();
    std::uint64_t count = head >> 4;
    if (count == 15) count = varint();
    const auto type = static_cast<Type>(head & 0x0f);
    if (type > structure || type == stop || count > rest_.size()) good = false;  // each takes a byte at least
    return good ? Items{count, type} : Items{0, stop};
  }

  void skip(Type type, int depth) {
    if (depth > deepest) good = false;
    if (!good) return;
    switch (type) {
      case stop:
      case yes:
      case no: return;
      case i8: return void(byte());
      case i16:
      case i32:
      case i64: return void(varint());
      case real: return skip_bytes(8);
      case binary: return skip_bytes(varint());
      case list:
      case set: return skip_list(depth);
      case map: return skip_map(depth);
      case structure: return skip_fields(depth);
    }
  }

  bool good = true;

 private:
  void skip_bytes(std::uint64_t size) {
    if (size > rest_.size()) good = false;
    if (good) rest_.remove_prefix(size);
  }

  // In lists and maps a boolean takes a byte of its own.
  void skip_item(Type type, int depth) { type == yes || type == no ? void(byte()) : skip(type, depth + 1); }

  void skip_list(int depth) {
    const auto [count, type] = items();
    for (std::uint64_t i = 0; good && i < count; ++i) skip_item(type, depth);
  }

  void skip_map(int depth) {
    const auto count = varint();
    if (count > rest_.size()) good = false;
    if (!good || count == 0) return;
    const auto types = byte();
    const auto key = static_cast<Type>(types >> 4), value = static_cast<Type>(types & 0x0f);
    if (key > structure || value > structure || key == stop || value == stop) good = false;
    for (std::uint64_t i = 0; good && i < count; ++i) {
      skip_item(key, depth);
      skip_item(value, depth);
    }
  }

  void skip_fields(int depth) {
    int id = 0;
    while (good) {
      const auto next = field(id);
      if (next.type == stop) return;
      id = next.id;
      skip(next.type, depth + 1);
    }
  }

  std::string_view rest_;
};

// RowGroup of parquet.thrift: 2 total_byte_size, 3 num_rows, 6 total_compressed_size.
RowGroup read_row_group(Compact& in) {
  RowGroup group;
  std::uint64_t plain = 0;
  bool rows = false;
  for (auto field = in.field(0); in.good && field.type != stop; field = in.field(field.id)) {
    if (field.id == 2 && field.type == i64) plain = in.count();
    else if (field.id == 3 && field.type == i64) group.rows = in.count(), rows = true;
    else if (field.id == 6 && field.type == i64) group.bytes = in.count();
    else in.skip(field.type, 0);
  }
  if (!rows) in.good = false;
  if (group.bytes == 0) group.bytes = plain;
  return group;
}

Error broken(const char* what) { return {ErrorKind::step_failed, what, "write the file anew, or take it out of the input"}; }

Error about(const Path& path, const Error& error) { return {error.kind, shown_path(path) + " " + error.message, error.hint}; }

Result<std::string> read_part(int fd, std::uint64_t offset, std::size_t size, const Path& path) {
  std::string bytes(size, '\0');
  MLPIPE_TRY(const std::size_t got, read_at(fd, offset, bytes.data(), size, path));
  if (got < size) return about(path, broken("became shorter while it was read"));
  return bytes;
}

}  // namespace

// FileMetaData of parquet.thrift: 4 row_groups.
Result<std::vector<RowGroup>> parse_parquet_footer(std::string_view footer) {
  Compact in(footer);
  std::vector<RowGroup> groups;
  bool found = false;
  for (auto field = in.field(0); in.good && field.type != stop; field = in.field(field.id)) {
    if (field.id != 4 || field.type != list || found) {
      in.skip(field.type, 0);
      continue;
    }
    found = true;
    const auto [count, type] = in.items();
    if (type != structure && count > 0) in.good = false;
    for (std::uint64_t i = 0; in.good && i < count; ++i) groups.push_back(read_row_group(in));
  }
  if (!in.good || !found) return broken("has a damaged Parquet footer");
  return groups;
}

Result<std::vector<RowGroup>> read_row_groups(const Path& path) {
  MLPIPE_TRY(const Fd fd, open_file(path, O_RDONLY));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return errno_error("read", path);
  const auto size = static_cast<std::uint64_t>(st.st_size);
  if (size < 12) return about(path, broken("is too short to be a Parquet file"));
  MLPIPE_TRY(const std::string end, read_part(fd.get(), size - 8, 8, path));
  if (end.substr(4) == "PARE")
    return about(path, {ErrorKind::step_failed, "has an encrypted footer, which cannot be read", "write it without encryption"});
  if (end.substr(4) != "PAR1") return about(path, broken("does not end as a Parquet file does"));
  std::uint32_t length = 0;
  std::memcpy(&length, end.data(), sizeof length);
  if (length > size - 12) return about(path, broken("has a damaged Parquet footer"));
  MLPIPE_TRY(const std::string footer, read_part(fd.get(), size - 8 - length, length, path));
  auto groups = parse_parquet_footer(footer);
  if (!groups) return about(path, groups.error());
  return groups;
}

}  // namespace mlpipe
