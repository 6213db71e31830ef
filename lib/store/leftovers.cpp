#include "store/leftovers.h"

#include <fmt/format.h>
#include <unistd.h>

namespace mlpipe {
namespace {

void remove_below(const Path& folder, const std::string& mark) {
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().filename().native().find(mark) == std::string::npos) continue;
    at.disable_recursion_pending();
    (void)remove_tree(at->path());
  }
}

}  // namespace

void remove_leftovers(const Path& store_root, const Path& run_folder, const std::string& process_mark) {
  if (process_mark.empty()) return;
  const std::string mark = fmt::format(".tmp-{}-", process_mark);
  for (const char* name : {"results", "texts", "last", "index", "partial", "published", "code", "models", "downloads"}) remove_below(store_root / name, mark);
  remove_below(run_folder, mark);
}

}  // namespace mlpipe
