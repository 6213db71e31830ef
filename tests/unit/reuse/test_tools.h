// A clock that runs ahead, so that files just written are old enough for the index; and times of files.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "reuse/scan.h"
#include "support/temp_folder.h"

namespace mlpipe::test {

class AheadClock final : public Clock {
 public:
  explicit AheadClock(std::chrono::seconds ahead) : ahead_(ahead) {}
  WallTime wall() const override { return Clock::real().wall() + ahead_; }
  SteadyTime steady() const override { return Clock::real().steady(); }

 private:
  std::chrono::seconds ahead_;
};

inline struct stat stat_of(const Path& path) {
  struct stat st;
  REQUIRE(::stat(path.c_str(), &st) == 0);
  return st;
}

// Writes other bytes of the same size and puts the old mtime back, as a careless tool (or a test of us) would.
inline void edit_with_old_mtime(const Path& path, const std::string& text) {
  const struct stat before = stat_of(path);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  do {  // a coarse clock may give the same ctime again
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  } while (stat_of(path).st_ctim.tv_nsec == before.st_ctim.tv_nsec && stat_of(path).st_ctim.tv_sec == before.st_ctim.tv_sec);
}

inline Tree scan(const Path& root, const ScanOptions& options = {}) {
  auto tree = scan_tree(root, options);
  if (!tree) FAIL(tree.error().message);
  return tree.take();
}

}  // namespace mlpipe::test
