#include "scoring/zip_names.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace mlpipe {
namespace {

// Sizes of the records of the format's specification (PKWARE APPNOTE 4.3.12 to 4.3.16).
constexpr std::size_t end_record = 22, longest_comment = 65535, locator64 = 20, end_record64 = 56, entry_size = 46;
constexpr std::uint64_t longest_directory = 256u << 20;

std::uint64_t number(std::string_view bytes, std::size_t at, int size) {
  std::uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

struct Archive {
  Fd file;
  Path path;
  std::uint64_t size = 0;

  Error damaged() const { return {ErrorKind::step_failed, fmt::format("{} is a damaged zip archive", path.string()), "write or copy it again"}; }

  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const {
    if (offset > size || length > size - offset) return damaged();
    std::string bytes(length, '\0');
    MLPIPE_TRY(const std::size_t got, read_at(file.get(), offset, bytes.data(), length, path));
    if (got < length) return damaged();
    return bytes;
  }
};

struct Directory {
  std::uint64_t size = 0, offset = 0;
};

Result<Directory> directory64(const Archive& archive, std::uint64_t end_at) {
  if (end_at < locator64) return archive.damaged();
  MLPIPE_TRY(const std::string locator, archive.read(end_at - locator64, locator64));
  if (!locator.starts_with("PK\x06\x07")) return archive.damaged();
  MLPIPE_TRY(const std::string end, archive.read(number(locator, 8, 8), end_record64));
  if (!end.starts_with("PK\x06\x06")) return archive.damaged();
  return Directory{number(end, 40, 8), number(end, 48, 8)};
}

Result<Directory> find_directory(const Archive& archive) {
  const std::uint64_t tail_size = std::min<std::uint64_t>(archive.size, end_record + longest_comment);
  MLPIPE_TRY(const std::string tail, archive.read(archive.size - tail_size, tail_size));
  const auto at = tail.rfind("PK\x05\x06");
  if (at == std::string::npos || tail.size() - at < end_record) return archive.damaged();
  const Directory directory{number(tail, at + 12, 4), number(tail, at + 16, 4)};
  if (directory.size != 0xffffffff && directory.offset != 0xffffffff) return directory;
  return directory64(archive, archive.size - tail_size + at);
}

Result<std::vector<std::string>> names_in(const Archive& archive, const Directory& directory) {
  if (directory.size > longest_directory) return archive.damaged();
  MLPIPE_TRY(const std::string bytes, archive.read(directory.offset, directory.size));
  std::vector<std::string> names;
  for (std::size_t at = 0; bytes.size() - at >= entry_size;) {
    if (bytes.compare(at, 4, "PK\x01\x02") != 0) return archive.damaged();
    const std::size_t name = number(bytes, at + 28, 2), extra = number(bytes, at + 30, 2), comment = number(bytes, at + 32, 2);
    if (bytes.size() - at - entry_size < name + extra + comment) return archive.damaged();
    names.push_back(bytes.substr(at + entry_size, name));
    at += entry_size + name + extra + comment;
  }
  return names;
}

}  // namespace

Result<std::optional<std::vector<std::string>>> zip_names(const Path& path) {
  Archive archive{{}, path, 0};
  MLPIPE_TRY(archive.file, open_file(path, O_RDONLY));
  struct stat status {};
  if (::fstat(archive.file.get(), &status) != 0) return errno_error("read", path);
  archive.size = static_cast<std::uint64_t>(status.st_size);
  MLPIPE_TRY(const std::string start, archive.read(0, std::min<std::uint64_t>(archive.size, 4)));
  if (!start.starts_with("PK\x03\x04") && !start.starts_with("PK\x05\x06")) return std::optional<std::vector<std::string>>();
  MLPIPE_TRY(const Directory directory, find_directory(archive));
  MLPIPE_TRY(auto names, names_in(archive, directory));
  return std::optional(std::move(names));
}

}  // namespace mlpipe
