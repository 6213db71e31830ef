// The 256 folders that results, objects and texts are spread over.
#pragma once

#include "base/digest.h"
#include "system/files.h"

namespace mlpipe {

inline Path shard_path(const Path& folder, const Digest& name) {
  const std::string hex = name.hex();
  return folder / hex.substr(0, 2) / hex;
}

// Makes the folder that `path` goes into; a new one is made to survive a power cut.
Status make_shard(const Path& path);

}  // namespace mlpipe
