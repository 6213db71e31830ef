#include "store/aside.h"

#include <fmt/format.h>

#include <atomic>

#include "store/leftovers.h"

namespace mlpipe {
namespace {

std::string lock_name(const std::string& folder) { return "aside " + folder; }

// With the lock of each: whoever has it may remove the folder.
std::vector<std::pair<Path, Lock>> take_dead(const Store& store) {
  std::vector<std::pair<Path, Lock>> dead;
  const Path folder = store.root() / "aside";
  const auto names = list_folder(folder);
  if (!names) return dead;
  for (const std::string& name : *names)
    if (auto lock = store.locks().try_lock(lock_name(name)); lock && *lock) dead.emplace_back(folder / name, std::move(**lock));
  return dead;
}

}  // namespace

// The lock first, so that nobody sees a folder of a living process without it.
Result<AsideFolder> AsideFolder::make(const Store& store) {
  static std::atomic<unsigned> count{0};
  const std::string name = fmt::format("{}-{}", process_mark(), count.fetch_add(1));
  MLPIPE_TRY(auto lock, store.locks().try_lock(lock_name(name)));
  if (!lock) return Error{ErrorKind::store, fmt::format("the name {} is taken in {}", name, shown_path(store.root())), ""};
  const Path path = store.root() / "aside" / name;
  MLPIPE_TRY_VOID(make_dirs(path));
  return AsideFolder(path, std::move(*lock));
}

AsideFolder::~AsideFolder() {
  if (!path_.empty()) (void)remove_tree(path_);
}

std::vector<Path> dead_asides(const Store& store) {
  std::vector<Path> paths;
  for (const auto& [path, lock] : take_dead(store)) paths.push_back(path);
  return paths;
}

void sweep_asides(const Store& store) {
  for (const auto& [path, lock] : take_dead(store)) {
    const std::string name = path.filename();
    remove_leftovers(store.root(), path, name.substr(0, name.rfind('-')));  // the rest of the name is the mark of its maker
    (void)remove_tree(path);
  }
}

}  // namespace mlpipe
