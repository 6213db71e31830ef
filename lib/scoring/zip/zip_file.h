// Zip archives as PyTorch and numpy write them. Never more memory or disk than an archive's own directory promises, and that is held
// against the file: sizes that cannot be are errors before anything is allocated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

struct ZipEntry {
  enum class Method { stored, deflated, other };
  std::string name;
  Method method = Method::stored;
  std::uint64_t packed = 0, size = 0;  // bytes, in the archive and outside
  std::uint64_t header = 0;            // where its local header lies
  std::uint32_t crc = 0;
};

class ZipFile {
 public:
  // Nothing: not a zip archive. Error: cannot be read, or damaged. Archives beyond 4 GB (zip64) are read too.
  static Result<std::optional<ZipFile>> open(const Path& path);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  const ZipEntry* find(std::string_view name) const;
  // The whole content, checked. Error: damaged, or a method or a size that is refused (`most` bytes).
  Result<std::string> read(const ZipEntry& entry, std::uint64_t most) const;
  // Where the bytes of a stored entry lie in the file.
  Result<std::uint64_t> data_at(const ZipEntry& entry) const;
  // Writes an entry to `path`; a stored one without holding it in memory, a packed one of up to 64 MB.
  Status extract(const ZipEntry& entry, const Path& path) const;
  // Holds a stored entry against its check sum, without holding it in memory.
  Status check(const ZipEntry& entry) const;

 private:
  Error damaged() const;
  // Calls `take` with the bytes of a stored entry, part by part, and checks them.
  Status stream(const ZipEntry& entry, const std::function<Status(const std::string&)>& take) const;
  Result<std::string> bytes(std::uint64_t offset, std::uint64_t length) const;
  Status read_directory();
  Status read_directory64(std::uint64_t end_at, std::uint64_t& size, std::uint64_t& offset) const;
  Status read_entries(const std::string& directory);
  Status check_sizes() const;

  Path path_;
  Fd file_;
  std::uint64_t size_ = 0;
  std::vector<ZipEntry> entries_;
};

}  // namespace mlpipe
