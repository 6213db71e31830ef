// Copies of files and folders.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "system/files.h"

namespace mlpipe {
namespace {

Error refused(const Path& path, std::string_view why) {
  return {ErrorKind::step_failed, "cannot copy " + shown_path(path) + ": " + std::string(why), {}};
}

// Moves whole ranges inside the kernel as far as that goes. What remains (all of it where the file systems cannot) is
// left to plain reading, which also meets the end of files that do not tell their size, such as those of /proc.
Status copy_ranges(int in, int out, const Path& to) {
  while (true) {
    const ssize_t moved = ::copy_file_range(in, nullptr, out, nullptr, std::size_t{1} << 30, 0);
    if (moved > 0 || (moved < 0 && errno == EINTR)) continue;
    const bool full = moved < 0 && (errno == ENOSPC || errno == EDQUOT);
    return full ? Status(errno_error("write", to)) : Status();
  }
}

Status copy_by_reading(int in, int out, const Path& from, const Path& to) {
  constexpr std::size_t size = 256 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  while (true) {
    const ssize_t got = ::read(in, buffer.get(), size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", from);
    if (got == 0) return {};
    MLPIPE_TRY_VOID(write_all(out, {buffer.get(), static_cast<std::size_t>(got)}, to));
  }
}

Status copy_content(int in, int out, const Path& from, const Path& to) {
  if (::ioctl(out, FICLONE, in) == 0) return {};
  MLPIPE_TRY_VOID(copy_ranges(in, out, to));
  return copy_by_reading(in, out, from, to);
}

// One folder being copied: those above it are the ones a link must not lead back into.
class TreeCopy {
 public:
  Status copy(const Path& from, const Path& to) {
    struct stat st;
    if (::stat(from.c_str(), &st) != 0) return errno_error("read", from);
    if (S_ISREG(st.st_mode)) return clone_file(from, to);
    if (!S_ISDIR(st.st_mode)) return refused(from, "it is neither a file nor a folder");
    return copy_folder(from, to, {st.st_dev, st.st_ino});
  }

 private:
  using Id = std::pair<dev_t, ino_t>;

  Status copy_folder(const Path& from, const Path& to, Id id) {
    if (std::find(open_.begin(), open_.end(), id) != open_.end()) return refused(from, "its links go round in a circle");
    if (id == made_) return refused(from, "the copy would contain itself");
    MLPIPE_TRY_VOID(make_folder(to));
    MLPIPE_TRY(const auto names, list_folder(from));
    open_.push_back(id);
    for (const auto& name : names) MLPIPE_TRY_VOID(copy(from / name, to / name));
    open_.pop_back();
    return {};
  }

  Status make_folder(const Path& to) {
    MLPIPE_TRY_VOID(make_dirs(to));
    struct stat st;
    if (open_.empty() && ::stat(to.c_str(), &st) == 0) made_ = {st.st_dev, st.st_ino};
    return {};
  }

  std::vector<Id> open_;
  Id made_{};
};

}  // namespace

Status clone_file(const Path& from, const Path& to) {
  MLPIPE_TRY(const Fd in, open_file(from, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat st;
  if (::fstat(in.get(), &st) != 0) return errno_error("read", from);
  if (!S_ISREG(st.st_mode)) return refused(from, "it is not a file");
  // Never write through what stands there: it may be a link, or one of several names of a file that must not change.
  if (::unlink(to.c_str()) != 0 && errno != ENOENT) return errno_error("replace", to);
  MLPIPE_TRY(Fd out, open_file(to, O_WRONLY | O_CREAT | O_EXCL, st.st_mode & 0111 ? 0777 & ~0022 : 0644));
  Status status = copy_content(in.get(), out.get(), from, to);
  // A network file system reports what it could not write only here.
  if (::close(out.release()) != 0 && errno != EINTR && status) status = errno_error("write", to);
  if (!status) ::unlink(to.c_str());
  return status;
}

Status copy_tree(const Path& from, const Path& to) { return TreeCopy().copy(from, to); }

}  // namespace mlpipe
