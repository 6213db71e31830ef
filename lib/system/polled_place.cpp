#include "system/polled_place.h"

#include <sys/stat.h>

#include <algorithm>

namespace mlpipe {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

bool WatchedPlace::ignores(const Path& found, bool folder) const {
  const std::size_t above = path.native().size() + 1;
  return ignored && found.native().size() > above && ignored(std::string_view(found.native()).substr(above), folder);
}

PolledPlace::Stamps PolledPlace::look() const {
  Stamps stamps;
  Folders above;
  look_at(place_.path, above, stamps);
  return stamps;
}

void PolledPlace::look_at(const Path& path, Folders& above, Stamps& stamps) const {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return;
  const bool folder = S_ISDIR(found.st_mode);
  if (place_.ignores(path, folder)) return;
  // A folder is what is in it.
  if (!folder) stamps[path] = {nanoseconds(found.st_mtim), nanoseconds(found.st_ctim), static_cast<std::uint64_t>(found.st_size), found.st_ino, found.st_mode};
  else stamps[path] = {};
  const std::pair<std::uint64_t, std::uint64_t> self(found.st_dev, found.st_ino);
  if (!folder || std::find(above.begin(), above.end(), self) != above.end()) return;  // links may lead in a circle
  const auto names = list_folder(path);
  if (!names) return;
  above.push_back(self);
  for (const std::string& name : *names) look_at(path / name, above, stamps);
  above.pop_back();
}

std::vector<Path> PolledPlace::changes() {
  Stamps now = look();
  std::vector<Path> changed;
  for (const auto& [path, stamp] : now) {
    const auto before = known_.find(path);
    if (before == known_.end() || before->second != stamp) changed.push_back(path);
  }
  for (const auto& [path, stamp] : known_)
    if (!now.contains(path)) changed.push_back(path);
  known_ = std::move(now);
  return changed;
}

}  // namespace mlpipe
