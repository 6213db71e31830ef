// A file, or a folder with all below it, that is looked at from time to time: where the kernel does not tell what is saved.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system/files.h"

namespace mlpipe {

struct WatchedPlace {
  Path path;  // absolute: a file, also one that is not there yet, or a folder with all that is below it
  // What does not count below a folder, by its path from there. A folder that does not is not descended into. Null: all counts.
  std::function<bool(std::string_view below, bool folder)> ignored{};

  // `found`: this place, or something below it, written as `path` and what comes behind that.
  bool ignores(const Path& found, bool folder) const;
};

class PolledPlace {
 public:
  explicit PolledPlace(const WatchedPlace& place) : place_(place), known_(look()) {}

  const Path& path() const { return place_.path; }
  // What is new, gone or has other stat data since the last call, or since this was made. Costs a walk.
  std::vector<Path> changes();

 private:
  struct Stamp {
    std::int64_t modified = 0, changed = 0;  // ns
    std::uint64_t size = 0, inode = 0;
    std::uint32_t mode = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  using Stamps = std::map<Path, Stamp>;

  Stamps look() const;
  using Folders = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // device and inode
  void look_at(const Path& path, Folders& above, Stamps& stamps) const;

  WatchedPlace place_;
  Stamps known_;
};

}  // namespace mlpipe
