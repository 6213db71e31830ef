#include "batch/item_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "reuse/ignore.h"

namespace mlpipe {
namespace {

struct CloseDir {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

enum class Kind { file, folder, other };

std::string below(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

// Walks one input's tree by descriptors, so that deep trees need no long path.
class Walk {
 public:
  Walk(const Path& root, const std::string& pattern, ItemListing& listing) : root_(root), pattern_(pattern), listing_(listing) {}

  Status folder(int parent, const char* name, const std::string& path) {
    const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno_error("read", root_ / path);
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
      const int reason = errno;
      ::close(fd);
      return errno_error("read", root_ / path, reason);
    }
    std::unique_ptr<DIR, CloseDir> open(::fdopendir(fd));
    if (!open) {
      ::close(fd);
      return errno_error("read", root_ / path, ENOMEM);
    }
    return enter({info.st_dev, info.st_ino}, *open, path);
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  Status enter(Identity identity, DIR& open, const std::string& path) {
    if (std::find(above_.begin(), above_.end(), identity) != above_.end()) {
      return Error{ErrorKind::step_failed, "links below " + shown_path(root_) + " lead back to a folder above: " + shown_path(root_ / path),
                   "remove the link, or choose the files with a pattern"};
    }
    std::vector<std::string> files, folders;
    MLPIPE_TRY_VOID(read(open, path, files, folders));
    std::sort(files.begin(), files.end());
    std::sort(folders.begin(), folders.end());
    if (!files.empty()) listing_.add_folder(path, files);
    above_.push_back(identity);
    for (const auto& name : folders) MLPIPE_TRY_VOID(folder(::dirfd(&open), name.c_str(), below(path, name)));
    above_.pop_back();
    return {};
  }

  Status read(DIR& open, const std::string& path, std::vector<std::string>& files, std::vector<std::string>& folders) {
    errno = 0;
    while (const dirent* entry = ::readdir(&open)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      MLPIPE_TRY(const Kind kind, kind_of(::dirfd(&open), *entry, path));
      if (kind == Kind::folder) folders.emplace_back(name);
      if (kind == Kind::file && wanted(path, name)) files.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return errno_error("read", root_ / path);
    return {};
  }

  Result<Kind> kind_of(int folder, const dirent& entry, const std::string& path) const {
    if (entry.d_type == DT_REG) return Kind::file;
    if (entry.d_type == DT_DIR) return Kind::folder;
    if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return Kind::other;
    struct stat info {};
    if (::fstatat(folder, entry.d_name, &info, 0) != 0) {
      if (!wanted(path, entry.d_name)) return Kind::other;
      return errno_error("read", root_ / below(path, entry.d_name));
    }
    return S_ISREG(info.st_mode) ? Kind::file : S_ISDIR(info.st_mode) ? Kind::folder : Kind::other;
  }

  bool wanted(const std::string& path, std::string_view name) const {
    return pattern_.empty() || wildcard_match(pattern_, below(path, name));
  }

  const Path& root_;
  const std::string& pattern_;
  ItemListing& listing_;
  std::vector<Identity> above_;
};

Error nothing_found(const std::string& name, const Path& path, const std::string& pattern) {
  const auto where = pattern.empty() ? shown_path(path) : shown_path(path / pattern);
  return {ErrorKind::step_failed, "input `" + name + "` has no files: " + where, "check what the step before it wrote, or the path"};
}

}  // namespace

void ItemListing::add_folder(std::string path, const std::vector<std::string>& item_names) {
  folders.push_back({static_cast<std::uint32_t>(inputs.size() - 1), std::move(path), offsets.size(), item_names.size()});
  for (const auto& name : item_names) {
    offsets.push_back(names.size());
    names.append(name.c_str(), name.size() + 1);
  }
}

Status list_items(const std::string& name, const Path& path, const std::string& pattern, ItemListing& listing) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return Error{ErrorKind::step_failed, "input `" + name + "` is not there: " + shown_path(path), "check its path"};
  }
  if (S_ISREG(info.st_mode)) {
    listing.add_input(name, path.parent_path());
    listing.add_folder("", {path.filename().string()});
    return {};
  }
  const auto before = listing.items();
  listing.add_input(name, path);
  MLPIPE_TRY_VOID(Walk(path, pattern, listing).folder(AT_FDCWD, path.c_str(), ""));
  if (listing.items() == before) return nothing_found(name, path, pattern);
  return {};
}

}  // namespace mlpipe
