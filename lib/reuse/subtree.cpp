#include <fmt/format.h>

#include "reuse/tree.h"

namespace mlpipe {

Result<Tree> subtree(const Tree& whole, std::string_view below) {
  while (below.ends_with('/')) below.remove_suffix(1);
  const std::string prefix = std::string(below) + "/";
  std::vector<TreeEntry> inside;
  for (const TreeEntry& entry : whole.entries()) {
    if (entry.path == below) {
      TreeEntry file = entry;
      file.path.clear();
      return make_tree({std::move(file)}, true);
    }
    if (!entry.path.starts_with(prefix)) continue;
    if (entry.path == prefix) return make_tree({}, false);  // an empty folder
    inside.push_back(entry);
    inside.back().path.erase(0, prefix.size());
  }
  if (inside.empty())
    return Error{ErrorKind::step_failed, fmt::format("there is no {} in it", below), "look at what the step wrote: mlpipe output STEP.NAME"};
  return make_tree(std::move(inside), false);
}

}  // namespace mlpipe
