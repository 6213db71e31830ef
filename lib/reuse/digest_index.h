// Remembers digests of files by their stat data, so that unchanged files need not be read. Only an accelerator: losing it
// costs time, never correctness. One index file a scanned root, sorted by path, checksummed, replaced by rename; damaged or
// foreign ones are ignored. Concurrent runs may each write one: the last wins.
//
// The file: "mlpipe index 1\n", the root (u32 length, bytes), records, BLAKE3 of all before. A record: u32 length and bytes of
// the path, device, inode, size, mtime, ctime, indexed time (64 bits each), mode (32 bits), digest. In this machine's byte order.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "system/clock.h"
#include "system/files.h"

namespace mlpipe {

// Content decides, stat only accelerates: all of these must be equal.
struct StatKey {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  std::uint32_t mode = 0;

  static StatKey of(const struct stat& st);
  friend bool operator==(const StatKey&, const StatKey&) = default;
};

// The known digests below one root, as bytes of the index file: they are decoded when their turn comes.
class RootIndex {
 public:
  struct Known {
    std::int64_t indexed_ns = 0;  // wall time before the file was read
    Digest digest;
  };

  // Paths must be asked in bytewise order (the walk's order). Nothing: read the file.
  std::optional<Known> find(std::string_view path, const StatKey& key);
  // What the walk found, in its order. Kept only when mtime and ctime are more than 2 s older than indexed_ns: what was
  // changed later than that may be changed again without a new time stamp (racy window).
  void put(std::string_view path, const StatKey& key, const Known& known);

 private:
  friend class DigestIndex;
  std::string known_, found_;  // records
  std::size_t next_ = 0;       // of known_
};

class DigestIndex {
 public:
  // Keeps its files in `folder` (created when first written).
  DigestIndex(Path folder, const Clock& clock = Clock::real());

  RootIndex load(const Path& root) const;
  // Written when something is new, gone or has now left the racy window. Failing to write is silent. What is not a file's path
  // (scans by pattern) may be appended to root.
  void save(const Path& root, RootIndex&& index) const;
  std::int64_t now_ns() const;

 private:
  Path folder_;
  const Clock* clock_;
};

}  // namespace mlpipe
