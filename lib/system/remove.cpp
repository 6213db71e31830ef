// Removing and syncing whole trees. Neither follows links.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "system/files.h"

namespace mlpipe {
namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

// Removes by descriptors, so that neither a link put in the way nor the length of a path matters.
class TreeRemoval {
 public:
  explicit TreeRemoval(const Path& path) : path_(path) {}

  Status run() {
    if (::unlink(path_.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
    if (errno != EISDIR && errno != EPERM) return errno_error("remove", path_);
    top_ = open_folder(AT_FDCWD, path_.c_str());
    if (!top_) return first_ == ENOENT ? Status() : failure();
    do {
      raised_ = false;
      empty_folder(top_.get(), 0);
    } while (raised_ && first_ == 0);
    if (first_ == 0 && ::rmdir(path_.c_str()) != 0 && errno != ENOENT) note(errno);
    return failure();
  }

 private:
  // Every level keeps a descriptor open. Deeper folders are moved up and removed from there.
  static constexpr int deepest = 100;

  Status failure() const { return first_ == 0 ? Status() : Status(errno_error("remove", path_, first_)); }

  void note(int error_number) {
    if (first_ == 0) first_ = error_number;
  }

  Fd open_folder(int parent, const char* name) {
    Fd folder(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && errno == EACCES) {
      permit(parent, name);
      folder = Fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!folder) {
      note(errno);
      return folder;
    }
    struct stat st;
    if (::fstat(folder.get(), &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU) ::fchmod(folder.get(), S_IRWXU);
    return folder;
  }

  // chmod of exactly that folder: through O_PATH, as a chmod by name would follow a link.
  static void permit(int parent, const char* name) {
    const Fd place(::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (place) ::chmod(fmt::format("/proc/self/fd/{}", place.get()).c_str(), S_IRWXU);
  }

  void empty_folder(int folder, int depth) {
    const int copy = ::fcntl(folder, F_DUPFD_CLOEXEC, 0);
    const Folder entries(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
    if (!entries) return note(errno);
    ::rewinddir(entries.get());
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") remove_entry(folder, entry->d_name, depth);
    }
  }

  void remove_entry(int folder, const char* name, int depth) {
    if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) return note(errno);
    if (depth >= deepest) return raise(folder, name);
    {
      const Fd inner = open_folder(folder, name);
      if (!inner) return;
      empty_folder(inner.get(), depth + 1);
    }
    // ENOTEMPTY: something in it was moved up late or could not be removed; the latter has been noted.
    if (::unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT) note(errno);
  }

  void raise(int folder, const char* name) {
    // Only a folder whose own permissions allow it can be moved: its ".." changes.
    open_folder(folder, name).reset();
    const std::string above = fmt::format(".removed-{}-{}", ::getpid(), raised_count_++);
    if (::renameat(folder, name, top_.get(), above.c_str()) != 0) return note(errno);
    raised_ = true;
  }

  const Path path_;
  Fd top_;
  int first_ = 0;
  bool raised_ = false;
  unsigned raised_count_ = 0;
};

Status sync_file(const Path& path) {
  MLPIPE_TRY(const Fd fd, open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (::fsync(fd.get()) != 0) return errno_error("sync", path);
  return {};
}

}  // namespace

Status remove_tree(const Path& path) {
  // "folder/" and "folder" mean the same here, and a link is removed, not what it points to.
  return TreeRemoval(path.has_filename() ? path : path.parent_path()).run();
}

Status sync_tree(const Path& path) {
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0) return errno_error("sync", path);
  if (S_ISREG(st.st_mode)) return sync_file(path);
  if (!S_ISDIR(st.st_mode)) return {};
  MLPIPE_TRY(const auto names, list_folder(path));
  for (const auto& name : names) MLPIPE_TRY_VOID(sync_tree(path / name));
  return sync_folder(path);
}

}  // namespace mlpipe
