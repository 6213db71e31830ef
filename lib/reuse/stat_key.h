// What the file system tells of a file without reading it. Content decides, stat data only accelerates.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>

namespace mlpipe {

// All of these must be equal for a file to be taken for unchanged.
struct StatKey {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  std::uint64_t mode = 0;

  static StatKey of(const struct stat& st) {
    const auto nanoseconds = [](const timespec& time) { return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec; };
    return {st.st_dev, st.st_ino, static_cast<std::uint64_t>(st.st_size), nanoseconds(st.st_mtim), nanoseconds(st.st_ctim), st.st_mode};
  }
  // Changed longer than 2 s before `now_ns`, when it was read: what was changed later may be changed again without a new time
  // stamp, for clocks of file systems are coarse (racy window).
  bool settled(std::int64_t now_ns) const { return std::max(mtime_ns, ctime_ns) < now_ns - 2'000'000'000; }

  friend bool operator==(const StatKey&, const StatKey&) = default;
};

}  // namespace mlpipe
