// Folders of the store for what is on its way in or out: what a gc has moved away and is removing, what an import has not verified
// yet. Each is locked while its maker lives; the next sweep removes those of dead ones.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"
#include "system/locks.h"

namespace mlpipe {

// Removed, with all that is in it, when destroyed.
class AsideFolder {
 public:
  static Result<AsideFolder> make(const Store& store);
  AsideFolder(AsideFolder&&) noexcept = default;
  AsideFolder& operator=(AsideFolder&&) = delete;
  ~AsideFolder();

  const Path& path() const { return path_; }

 private:
  AsideFolder(Path path, Lock lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  Path path_;
  Lock lock_;
};

// Paths of those whose makers are dead.
std::vector<Path> dead_asides(const Store& store);
// Removes them. Costs one directory listing when there are none.
void sweep_asides(const Store& store);

}  // namespace mlpipe
