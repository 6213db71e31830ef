#include "reuse/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::size_t deepest = 200;  // each level keeps a descriptor open

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;
using FolderId = std::pair<dev_t, ino_t>;

struct Item {
  std::string sort_name;  // a folder's ends with '/', so that items sort as the paths below them do
  StatKey key;

  bool is_folder() const { return sort_name.back() == '/'; }
};

Error input_error(const Path& path, std::string why, std::string hint = {}) {
  return {ErrorKind::step_failed, fmt::format("cannot read {}: {}", shown_path(path), why), std::move(hint)};
}

Error circle_error(const Path& path) { return input_error(path, "its links go round in a circle", "remove the link that leads back"); }

std::string_view special_name(unsigned mode) {
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "neither a file nor a folder";
}

std::size_t parts_of(std::string_view path) { return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1; }

class Walker {
 public:
  Walker(const Path& root, const IgnoreRules* ignore, const std::string& pattern, const std::set<std::string>* only)
      : root_(root), ignore_(ignore), pattern_(pattern), only_(only) {
    const bool any_depth = pattern.find("**") != std::string::npos;
    most_parts_ = pattern.empty() || any_depth ? deepest + 1 : parts_of(pattern);
  }

  Status run(Fd fd) {
    struct stat st;
    if (::fstat(fd.get(), &st) != 0) return errno_error("read", root_);
    return folder(std::move(fd), {st.st_dev, st.st_ino}, "");
  }

  std::vector<FoundFile> found;

 private:
  Status folder(Fd fd, FolderId id, const std::string& prefix) {
    const Path path = root_ / prefix;
    if (std::find(open_.begin(), open_.end(), id) != open_.end()) return circle_error(path);
    if (open_.size() >= deepest) return input_error(path, fmt::format("more than {} folders inside each other", deepest));
    const int number = fd.get();
    const Folder entries(::fdopendir(fd.release()), ::closedir);
    if (!entries) return errno_error("read", path);
    MLPIPE_TRY(const auto items, list(entries.get(), number, prefix));
    const std::size_t before = found.size();
    open_.push_back(id);
    for (const Item& item : items) MLPIPE_TRY_VOID(visit(item, number, prefix));
    open_.pop_back();
    if (found.size() == before && !prefix.empty() && pattern_.empty()) found.push_back({prefix, {}});
    return {};
  }

  Status visit(const Item& item, int parent, const std::string& prefix) {
    std::string path = prefix + item.sort_name;
    if (!item.is_folder()) {
      found.push_back({std::move(path), item.key});
      return {};
    }
    Fd fd(::openat(parent, item.sort_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st;
    if (!fd || ::fstat(fd.get(), &st) != 0) return errno_error("read", root_ / path);
    if (is_store(fd.get())) return {};
    return folder(std::move(fd), {st.st_dev, st.st_ino}, path);
  }

  // Stores ignore themselves, wherever --store put them.
  static bool is_store(int folder) {
    const Fd fd(::openat(folder, "format", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    char start[13] = {};
    return fd && ::read(fd.get(), start, sizeof start) == sizeof start && std::string_view(start, sizeof start) == "mlpipe store ";
  }

  Result<std::vector<Item>> list(DIR* entries, int number, const std::string& prefix) {
    std::vector<Item> items;
    errno = 0;
    while (const dirent* entry = ::readdir(entries)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") MLPIPE_TRY_VOID(add(*entry, number, prefix, items));
      errno = 0;
    }
    if (errno != 0) return errno_error("read", root_ / prefix);
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.sort_name < b.sort_name; });
    return items;
  }

  Status add(const dirent& entry, int parent, const std::string& prefix, std::vector<Item>& items) const {
    const std::string path = prefix + entry.d_name;
    const bool known = entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN, known_folder = entry.d_type == DT_DIR;
    if (known && !counts(path, known_folder)) return {};
    if (known_folder) {
      items.push_back({entry.d_name + std::string("/"), {}});
      return {};
    }
    struct stat st;
    const bool there = ::fstatat(parent, entry.d_name, &st, 0) == 0;
    const int error_number = errno;
    const bool is_folder = there && S_ISDIR(st.st_mode);
    if (!known && !counts(path, is_folder)) return {};
    if (!there) return cannot_follow(path, entry.d_type == DT_LNK, error_number);
    if (!is_folder && !S_ISREG(st.st_mode)) return special_file_error(root_ / path, st.st_mode);
    if (is_folder) items.push_back({entry.d_name + std::string("/"), {}});
    else items.push_back({entry.d_name, StatKey::of(st)});
    return {};
  }

  Status cannot_follow(const std::string& path, bool link, int error_number) const {
    if (!link) return errno_error("read", root_ / path, error_number);
    if (error_number == ENOENT) return input_error(root_ / path, "it is a link to something that does not exist", "remove or mend it");
    if (error_number == ELOOP) return circle_error(root_ / path);
    return errno_error("follow the link", root_ / path, error_number);
  }

  bool counts(const std::string& path, bool folder) const {
    if (folder && (path == ".mlpipe" || path.ends_with("/.mlpipe"))) return false;
    if (ignore_ && ignore_->ignores(path, folder)) return false;
    if (only_ && !leads_to_any(folder ? path + "/" : path, folder)) return false;
    if (pattern_.empty()) return true;
    return folder ? parts_of(path) < most_parts_ : wildcard_match(pattern_, path);
  }

  bool leads_to_any(const std::string& path, bool folder) const {
    const auto next = only_->lower_bound(path);
    return next != only_->end() && (folder ? next->starts_with(path) : *next == path);
  }

  const Path& root_;
  const IgnoreRules* ignore_;
  const std::string& pattern_;
  const std::set<std::string>* only_;
  std::size_t most_parts_;
  std::vector<FolderId> open_;  // this folder and those above it
};

}  // namespace

Error special_file_error(const Path& path, unsigned mode) {
  return input_error(path, fmt::format("it is {}", special_name(mode)), "only files and folders can be read: move it elsewhere");
}

Result<Found> walk(const Path& root, const IgnoreRules* ignore, const std::string& pattern, const std::set<std::string>* only) {
  struct stat st;
  if (::stat(root.c_str(), &st) != 0) return errno_error("read", root);
  if (S_ISREG(st.st_mode)) return Found{{{"", StatKey::of(st)}}, true};
  if (!S_ISDIR(st.st_mode)) return special_file_error(root, st.st_mode);
  MLPIPE_TRY(Fd fd, open_file(root, O_RDONLY | O_DIRECTORY));
  Walker walker(root, ignore, pattern, only);
  MLPIPE_TRY_VOID(walker.run(std::move(fd)));
  return Found{std::move(walker.found), false};
}

}  // namespace mlpipe
