#include "scoring/zip/zip_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>

namespace mlpipe {
namespace {

// Sizes of the records of the format's specification (PKWARE APPNOTE 4.3.7 to 4.3.16).
constexpr std::size_t end_record = 22, longest_comment = 65535, locator64 = 20, end_record64 = 56, entry_size = 46, local_header = 30;
constexpr std::uint64_t longest_directory = 256u << 20;
constexpr std::uint64_t unknown32 = 0xffffffff;  // it stands in the zip64 field
// What deflate can do at most.
constexpr std::uint64_t best_ratio = 1032;

std::uint64_t number(std::string_view bytes, std::size_t at, int size) {
  std::uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

ZipEntry::Method method_of(std::uint64_t number) {
  return number == 0 ? ZipEntry::Method::stored : number == 8 ? ZipEntry::Method::deflated : ZipEntry::Method::other;
}

// Field 1 of the extra fields: those of size, packed and offset that did not fit, in this order.
void take_extra64(std::string_view extra, ZipEntry& entry) {
  while (extra.size() >= 4) {
    const std::size_t length = number(extra, 2, 2);
    if (extra.size() - 4 < length) return;
    if (number(extra, 0, 2) == 1) {
      std::string_view field = extra.substr(4, length);
      for (std::uint64_t* value : {&entry.size, &entry.packed, &entry.header}) {
        if (*value != unknown32 || field.size() < 8) continue;
        *value = number(field, 0, 8);
        field.remove_prefix(8);
      }
      return;
    }
    extra.remove_prefix(4 + length);
  }
}

// False: it is not what was packed.
bool inflate_to(std::string_view packed, std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = inflate(&stream, Z_FINISH);
  const bool whole = end == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  return whole;
}

std::uint32_t crc_of(std::string_view bytes) { return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size())); }

}  // namespace

Error ZipFile::damaged() const { return {ErrorKind::step_failed, fmt::format("{} is a damaged zip archive", path_.string()), "write or copy it again"}; }

Result<std::string> ZipFile::bytes(std::uint64_t offset, std::uint64_t length) const {
  if (offset > size_ || length > size_ - offset) return damaged();
  std::string read(length, '\0');
  MLPIPE_TRY(const std::size_t got, read_at(file_.get(), offset, read.data(), length, path_));
  if (got < length) return damaged();
  return read;
}

Result<std::optional<ZipFile>> ZipFile::open(const Path& path) {
  ZipFile zip;
  zip.path_ = path;
  MLPIPE_TRY(zip.file_, open_file(path, O_RDONLY));
  struct stat status {};
  if (::fstat(zip.file_.get(), &status) != 0) return errno_error("read", path);
  zip.size_ = static_cast<std::uint64_t>(status.st_size);
  MLPIPE_TRY(const std::string start, zip.bytes(0, std::min<std::uint64_t>(zip.size_, 4)));
  if (!start.starts_with("PK\x03\x04") && !start.starts_with("PK\x05\x06")) return std::optional<ZipFile>();
  MLPIPE_TRY_VOID(zip.read_directory());
  return std::optional(std::move(zip));
}

Status ZipFile::read_directory64(std::uint64_t end_at, std::uint64_t& size, std::uint64_t& offset) const {
  if (end_at < locator64) return damaged();
  MLPIPE_TRY(const std::string locator, bytes(end_at - locator64, locator64));
  if (!locator.starts_with("PK\x06\x07")) return damaged();
  MLPIPE_TRY(const std::string end, bytes(number(locator, 8, 8), end_record64));
  if (!end.starts_with("PK\x06\x06")) return damaged();
  size = number(end, 40, 8);
  offset = number(end, 48, 8);
  return {};
}

Status ZipFile::read_directory() {
  const std::uint64_t tail_size = std::min<std::uint64_t>(size_, end_record + longest_comment);
  MLPIPE_TRY(const std::string tail, bytes(size_ - tail_size, tail_size));
  const auto at = tail.rfind("PK\x05\x06");
  if (at == std::string::npos || tail.size() - at < end_record) return damaged();
  std::uint64_t size = number(tail, at + 12, 4), offset = number(tail, at + 16, 4);
  if (size == unknown32 || offset == unknown32) MLPIPE_TRY_VOID(read_directory64(size_ - tail_size + at, size, offset));
  if (size > longest_directory) return damaged();
  MLPIPE_TRY(const std::string directory, bytes(offset, size));
  MLPIPE_TRY_VOID(read_entries(directory));
  return check_sizes();
}

Status ZipFile::read_entries(const std::string& directory) {
  for (std::size_t at = 0; directory.size() - at >= entry_size;) {
    if (directory.compare(at, 4, "PK\x01\x02") != 0) return damaged();
    const std::size_t name = number(directory, at + 28, 2), extra = number(directory, at + 30, 2), comment = number(directory, at + 32, 2);
    if (directory.size() - at - entry_size < name + extra + comment) return damaged();
    ZipEntry entry{directory.substr(at + entry_size, name), method_of(number(directory, at + 10, 2)), number(directory, at + 20, 4),
                   number(directory, at + 24, 4), number(directory, at + 42, 4), static_cast<std::uint32_t>(number(directory, at + 16, 4))};
    take_extra64(std::string_view(directory).substr(at + entry_size + name, extra), entry);
    entries_.push_back(std::move(entry));
    at += entry_size + name + extra + comment;
  }
  return {};
}

// Entries that share bytes, or promise more than they can hold, are how a small file becomes a large one.
Status ZipFile::check_sizes() const {
  std::uint64_t together = 0;
  for (const ZipEntry& entry : entries_) {
    if (entry.packed > size_ || entry.header >= size_) return damaged();
    together += entry.packed;
    if (together > size_) return damaged();
    if (entry.method == ZipEntry::Method::stored && entry.packed != entry.size) return damaged();
    if (entry.method == ZipEntry::Method::deflated && entry.size / best_ratio > entry.packed + 1) return damaged();
  }
  return {};
}

const ZipEntry* ZipFile::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const ZipEntry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

Result<std::uint64_t> ZipFile::data_at(const ZipEntry& entry) const {
  MLPIPE_TRY(const std::string header, bytes(entry.header, local_header));
  if (!header.starts_with("PK\x03\x04")) return damaged();
  return entry.header + local_header + number(header, 26, 2) + number(header, 28, 2);
}

Result<std::string> ZipFile::read(const ZipEntry& entry, std::uint64_t most) const {
  if (entry.method == ZipEntry::Method::deflated) most = std::min<std::uint64_t>(most, unknown32);  // zlib counts in 32 bits
  if (entry.size > most || entry.packed > most)
    return Error{ErrorKind::step_failed, fmt::format("{}: {} would take {} bytes, more than the {} that are allowed", path_.string(), entry.name, entry.size, most), ""};
  if (entry.method == ZipEntry::Method::other)
    return Error{ErrorKind::step_failed, fmt::format("{}: {} is packed in a way that is not supported", path_.string(), entry.name), "pack it anew with zip or numpy"};
  MLPIPE_TRY(const std::uint64_t at, data_at(entry));
  MLPIPE_TRY(std::string content, bytes(at, entry.packed));
  if (entry.method == ZipEntry::Method::deflated) {
    std::string unpacked(entry.size, '\0');
    if (!inflate_to(content, unpacked)) return damaged();
    content = std::move(unpacked);
  }
  if (crc_of(content) != entry.crc) return damaged();
  return content;
}

Status ZipFile::extract(const ZipEntry& entry, const Path& path) const {
  if (entry.method != ZipEntry::Method::stored) {
    constexpr std::uint64_t small = 64u << 20;
    MLPIPE_TRY(const std::string content, read(entry, small));
    return write_file(path, content);
  }
  MLPIPE_TRY(const Fd out, open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
  return stream(entry, [&](const std::string& part) { return write_all(out.get(), part, path); });
}

Status ZipFile::check(const ZipEntry& entry) const {
  return stream(entry, [](const std::string&) { return Status(); });
}

Status ZipFile::stream(const ZipEntry& entry, const std::function<Status(const std::string&)>& take) const {
  MLPIPE_TRY(std::uint64_t at, data_at(entry));
  uLong crc = 0;
  for (std::uint64_t rest = entry.size; rest > 0;) {
    const std::uint64_t part = std::min<std::uint64_t>(rest, 1u << 20);
    MLPIPE_TRY(const std::string content, bytes(at, part));
    MLPIPE_TRY_VOID(take(content));
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(content.data()), content.size());
    at += part;
    rest -= part;
  }
  return crc == entry.crc ? Status() : damaged();
}

}  // namespace mlpipe
