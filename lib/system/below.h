// Whether a path lies in a folder.
#pragma once

#include <optional>

#include "system/files.h"

namespace mlpipe {

// The path from `folder` on; ".": it is the folder. Nothing: it lies elsewhere. By the names alone: links are not followed.
std::optional<Path> below(const Path& path, const Path& folder);

}  // namespace mlpipe
