#include "store/room.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>

namespace mlpipe {
namespace {

// For records, logs and whatever else is small.
constexpr std::uint64_t spare = 64 << 20;

}  // namespace

Status check_room(const Store& store, std::uint64_t wanted) {
  struct statvfs disk;
  if (::statvfs(store.root().c_str(), &disk) != 0 || disk.f_blocks == 0) return {};
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize, all = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  const std::uint64_t margin = std::min(spare, all / 20);
  if (free >= margin && free - margin >= wanted) return {};
  const std::string use = wanted == 0 ? "" : fmt::format("{} to copy and ", format_bytes(wanted));
  return Error{ErrorKind::store,
               fmt::format("the disk of the store {} has only {} free: {}{} to spare are needed", shown_path(store.root()), format_bytes(free), use,
                           format_bytes(margin)),
               "`mlpipe gc` removes what no kept run needs; --store names another place"};
}

}  // namespace mlpipe
