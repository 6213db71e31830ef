#include "upkeep/incoming.h"

#include <fmt/format.h>

#include <algorithm>

#include "reuse/scan.h"
#include "system/host.h"

namespace mlpipe {
namespace {

// A record of somebody else's might lead us out of the object's folder.
bool is_plain_name(const std::string& file) { return file != "." && file != ".." && file.find('/') == std::string::npos && file.find('\0') == std::string::npos; }

}  // namespace

Status check_incoming(const StepResult& result, const std::vector<Path>& built) {
  for (std::size_t i = 0; i < built.size(); ++i) {
    const StoredOutput& output = result.outputs[i];
    const auto damaged = [&](const std::string& why) { return Error{ErrorKind::store, fmt::format("output {} is damaged: {}", output.name, why), ""}; };
    if (!is_plain_name(output.file)) return damaged("its file has no plain name");
    const auto tree = scan_tree(built[i], {nullptr, "", nullptr, usable_cores()});
    if (!tree && by_signal(tree.error().kind)) return tree.error();
    if (!tree) return damaged(tree.error().message);
    if (tree->digest != output.tree || tree->is_file == output.file.empty()) return damaged("it does not hold what its digest says");
  }
  return {};
}

bool outputs_stand(const Store& store, const StepResult& result) {
  return std::all_of(result.outputs.begin(), result.outputs.end(), [&](const StoredOutput& output) { return path_exists(store.output_path(output)); });
}

}  // namespace mlpipe
