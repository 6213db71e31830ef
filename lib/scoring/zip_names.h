// The names in a zip archive, without a zip library: enough to tell model formats apart before any of them is opened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "system/files.h"

namespace mlpipe {

// Nothing: not a zip archive. Error: cannot be read, or a damaged archive. Archives beyond 4 GB (zip64) are read too.
Result<std::optional<std::vector<std::string>>> zip_names(const Path& path);

}  // namespace mlpipe
