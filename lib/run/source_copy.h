// The private copy of its source directory in which a step runs. It stays in the store between runs, so that the next one copies
// only what has changed since: making and removing thousands of small files takes longer than most steps.
#pragma once

#include <optional>

#include "base/result.h"
#include "reuse/scan.h"
#include "store/store.h"

namespace mlpipe {

class SourceCopy {
 public:
  // The step's copy in the store, unless another process works in it or it would be too large to be kept: then one in `aside`, which
  // the caller removes.
  static Result<SourceCopy> take(const Store& store, const Path& spec, const std::string& step, const Tree& code, const Path& aside);

  // A new one at `place`.
  static SourceCopy at(Path place) { return {std::move(place), {}}; }

  const Path& path() const { return path_; }

  // Makes it hold what `code` says of `source`, and nothing else, whatever an earlier step or a kill left in it. The files themselves
  // are held against `code` afterwards: false, `source` is no longer what it was.
  Result<bool> fill(const Path& source, const Tree& code, const ScanOptions& options);
  // The digest of what it held before that; nothing: it was empty or none of ours.
  const std::optional<Digest>& held_before() const { return held_before_; }

  // What has another content than `code` says now: a step wrote into its own source. Nothing where that cannot be told.
  std::vector<TreeChange> changes(const Tree& code, const ScanOptions& options) const;

 private:
  bool holds(const Tree& code, const ScanOptions& options) const;
  Result<bool> copy_anew(const Path& source, const Tree& code, const ScanOptions& options) const;

  SourceCopy(Path path, std::optional<Lock> lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  Path path_;
  std::optional<Lock> lock_;  // of one in the store
  std::optional<Digest> held_before_;
};

}  // namespace mlpipe
