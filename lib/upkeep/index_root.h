// Which folder an index file (reuse/digest_index.h) is of.
#pragma once

#include <optional>

#include "system/files.h"

namespace mlpipe {

// Nothing: not a file as we write them; nobody may say that its root is gone.
std::optional<Path> root_of_index(const Path& file);

}  // namespace mlpipe
