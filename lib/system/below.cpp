#include "system/below.h"

namespace mlpipe {

std::optional<Path> below(const Path& path, const Path& folder) {
  Path rest = path.lexically_relative(folder);
  if (rest.empty() || *rest.begin() == "..") return std::nullopt;
  return rest;
}

}  // namespace mlpipe
