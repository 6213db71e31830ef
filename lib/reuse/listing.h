// What counts in one folder of a scanned root. Reads no file.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "reuse/scan.h"
#include "system/files.h"

namespace mlpipe {

// Which files below a root count. The options outlive it.
class ScanFilter {
 public:
  explicit ScanFilter(const ScanOptions& options);

  bool everything() const { return options_->everything; }
  bool counts(const std::string& path, bool folder) const;
  // A tree of all that is there has its empty folders as well.
  bool keeps_empty_folders() const { return options_->pattern.empty(); }
  // Equal for equal choices.
  Digest digest() const;

 private:
  bool leads_to_any(const std::string& path, bool folder) const;

  const ScanOptions* options_;
  std::size_t most_parts_;
};

struct Listing {
  std::vector<std::string> names;  // a folder's ends with '/', so that they sort as the paths below them do; sorted
  // The folder's own stat data tell whether listing it again would give the same. Not so with links that do not count now.
  bool settles = true;
};

// `prefix`: of the folder's path below root, "" or "a/b/"; `folder`: its descriptor, only borrowed. Error: something in it can be neither
// read nor ignored: a link to nothing, a pipe, a socket, a device.
Result<Listing> list_counted(const Path& root, const std::string& prefix, int folder, const ScanFilter& filter);

// Whether it is a store of mlpipe: they ignore themselves, wherever --store put them.
bool is_store_folder(int folder);

Error input_error(const Path& path, std::string why, std::string hint = {});
Error circle_error(const Path& path);
// "it is a named pipe", ... of what is neither a file nor a folder.
Error special_file_error(const Path& path, unsigned mode);

}  // namespace mlpipe
