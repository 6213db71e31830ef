#include "system/temporary_folder.h"

#include <cstdlib>

namespace mlpipe {

Result<TemporaryFolder> TemporaryFolder::make(const std::string& prefix) {
  std::error_code failed;
  const Path parent = std::filesystem::temp_directory_path(failed);
  std::string name = absolute_path((failed ? Path("/tmp") : parent) / (prefix + "XXXXXX")).string();
  if (!::mkdtemp(name.data())) return errno_error("create the folder", name);
  return TemporaryFolder(name);
}

TemporaryFolder::~TemporaryFolder() {
  if (!path_.empty() && !kept_) (void)remove_tree(path_);
}

}  // namespace mlpipe
