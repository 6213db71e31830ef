// Reading what lies on disk as a tree: content decides, stat data only accelerate.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "reuse/digest_index.h"
#include "reuse/ignore.h"
#include "reuse/tree.h"

namespace mlpipe {

// With a pattern (PipelineInput::pattern) only files below root that match it count, and no empty folder does.
struct ScanOptions {
  const IgnoreRules* ignore = nullptr;
  std::string pattern;
  DigestIndex* index = nullptr;
  int threads = 1;
  const std::set<std::string>* only = nullptr;  // paths of files: what else lies there is not even looked at
  bool verify = false;                          // every file is read, whatever the index says of it
  bool everything = false;                      // stores count as well, and a link is an error
};

// Reads `root` (a folder or a file). Links are followed; a loop of links, an unreadable or vanished file, a pipe, socket or
// device and a file that changes while it is read are errors. Stores of mlpipe below root do not count.
// With an index, a file whose stat data are known and old enough is not read, and a folder not listed, where the file system's times
// can be trusted (system/file_system.h).
Result<Tree> scan_tree(const Path& root, const ScanOptions& options = {});

// Equal for options under which the same files count.
Digest filter_digest(const ScanOptions& options);

// Several at once, so that they share the threads. What the options point to outlives the call.
struct ScanRequest {
  Path root;
  ScanOptions options;
};
std::vector<Result<Tree>> scan_trees(const std::vector<ScanRequest>& requests, int threads);

// Files that this process has read for their digests, for those who measure.
std::uint64_t files_read();

}  // namespace mlpipe
