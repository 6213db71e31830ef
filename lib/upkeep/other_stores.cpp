#include "upkeep/other_stores.h"

#include <fmt/format.h>

#include "store/room.h"
#include "system/event_loop.h"
#include "upkeep/incoming.h"

namespace mlpipe {

OtherStores::OtherStores(const std::vector<Path>& roots) {
  for (const Path& root : roots) {
    auto store = Store::open(root, Store::Access::read);
    if (!store) notices_.push_back(fmt::format("nothing is taken from {}: {}", shown_path(root), store.error().message));
    else if (!path_exists(root / "format")) notices_.push_back(fmt::format("nothing is taken from {}: there is no store", shown_path(root)));
    else stores_.push_back(store.take());
  }
}

std::vector<OtherStores::Found> OtherStores::find(const Digest& fingerprint) const {
  std::vector<Found> all;
  for (const Store& store : stores_)
    if (auto result = store.find(fingerprint)) all.push_back({&store, std::move(*result)});
  return all;
}

Status borrow(const OtherStores::Found& found, const Store& ours, Slot& slot, const Path& work) {
  std::uint64_t bytes = 0;
  for (const StoredOutput& output : found.result.outputs) bytes += output.bytes;
  MLPIPE_TRY_VOID(check_room(ours, bytes));
  MLPIPE_TRY_VOID(remove_tree(work));
  std::vector<Path> built;
  for (const StoredOutput& output : found.result.outputs) {
    const Path folder = work / std::to_string(built.size());
    MLPIPE_TRY_VOID(make_dirs(work));
    MLPIPE_TRY_VOID(copy_tree(found.store->object_path(output), folder));
    built.push_back(output.file.empty() ? folder : folder / output.file);
  }
  MLPIPE_TRY_VOID(check_incoming(found.result, built));
  const StopsDeferred until_published;
  MLPIPE_TRY_VOID(slot.publish(found.result, built));
  return remove_tree(work);
}

}  // namespace mlpipe
