// The walk over a folder: every file that counts, in bytewise order of the paths, with its stat data. Reads no file.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "reuse/digest_index.h"
#include "reuse/ignore.h"
#include "system/files.h"

namespace mlpipe {

struct FoundFile {
  std::string path;  // as TreeEntry::path
  StatKey key;       // of a folder: zero

  bool is_folder() const { return path.ends_with('/'); }
};

struct Found {
  std::vector<FoundFile> files;
  bool is_file = false;  // the root itself is a file
};

// `only`: paths of files; no others count. Null: all do.
Result<Found> walk(const Path& root, const IgnoreRules* ignore, const std::string& pattern, const std::set<std::string>* only = nullptr);

// "it is a named pipe", ... of what is neither a file nor a folder.
Error special_file_error(const Path& path, unsigned mode);

}  // namespace mlpipe
