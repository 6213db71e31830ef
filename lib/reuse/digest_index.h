// Remembers digests of files by their stat data, so that unchanged files need not be read. Only an accelerator: losing it
// costs time, never correctness. One index file a scanned root (reuse/root_index.h), checksummed, replaced by rename; damaged or
// foreign ones are ignored. Concurrent runs may each write one: the last wins.
#pragma once

#include <cstdint>
#include <optional>

#include "reuse/root_index.h"
#include "system/clock.h"
#include "system/files.h"

namespace mlpipe {

class DigestIndex {
 public:
  // Keeps its files in `folder` (created when first written).
  DigestIndex(Path folder, const Clock& clock = Clock::real());

  // `root`: what is scanned; scans by pattern may have something appended to it.
  std::optional<RootIndex> load(const Path& root) const;
  // Failing to write is silent.
  void save(const Path& root, RootIndex& index) const;
  std::int64_t now_ns() const;

 private:
  Path folder_;
  const Clock* clock_;
};

// What was scanned for an index file. Nothing: not a file as we write them, so nobody may say that its root is gone.
std::optional<Path> root_of_index(const Path& file);

}  // namespace mlpipe
