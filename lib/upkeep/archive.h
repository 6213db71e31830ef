// Archives: tar files packed with zstd. The one place that knows libarchive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

// Equal content gives equal bytes: no times, no owners. Errors are of kind store.
class ArchiveWriter {
 public:
  // To a descriptor, which stays the caller's; `shown`: what it is called in errors.
  static Result<ArchiveWriter> open(int fd, const Path& shown);
  ArchiveWriter(ArchiveWriter&&) noexcept;
  ~ArchiveWriter();

  Status add_text(const std::string& name, std::string_view text);
  // A file, or a folder with all below it. Kind store: it holds what is neither.
  Status add_tree(const std::string& name, const Path& path);
  // Nothing that was added is sure to be written before.
  Status close();

 private:
  struct Impl;
  explicit ArchiveWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct ArchiveEntry {
  std::string name;  // as the archive has it: anything may be in it
  bool is_file = false, is_folder = false;  // neither: a link, a device, ...
  bool executable = false;
  std::uint64_t size = 0;  // as the archive says
};

class ArchiveReader {
 public:
  static Result<ArchiveReader> open(int fd, const Path& shown);
  ArchiveReader(ArchiveReader&&) noexcept;
  ~ArchiveReader();

  // Nothing: the end. Kind store: it is no such archive, damaged, or cut off.
  Result<std::optional<ArchiveEntry>> next();
  // The content of the entry that next() gave.
  Result<std::string> text(std::size_t most);
  // Into a new file. What stands there is an error; the folder above has to be there.
  Status extract(const ArchiveEntry& entry, const Path& to);

 private:
  struct Impl;
  explicit ArchiveReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlpipe
