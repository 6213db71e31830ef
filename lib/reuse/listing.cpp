#include "reuse/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>

#include "base/text.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

using OpenFolder = std::unique_ptr<DIR, int (*)(DIR*)>;

std::string_view special_name(unsigned mode) {
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "neither a file nor a folder";
}

std::size_t parts_of(std::string_view path) { return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1; }

class Lister {
 public:
  Lister(const Path& root, const std::string& prefix, int folder, const ScanFilter& filter)
      : root_(root), prefix_(prefix), folder_(folder), filter_(filter) {}

  Status add(const dirent& entry) {
    const std::string path = prefix_ + entry.d_name;
    switch (entry.d_type) {
      case DT_REG: return take(entry.d_name, path, false);
      case DT_DIR: return take(entry.d_name, path, true);
      case DT_LNK: case DT_UNKNOWN: return follow(entry, path);
      default: return filter_.counts(path, false) ? Status(special_file_error(root_ / path, DTTOIF(entry.d_type))) : Status();
    }
  }

  Listing listing;

 private:
  Status take(std::string name, const std::string& path, bool folder) {
    if (filter_.counts(path, folder)) listing.names.push_back(folder ? std::move(name) + "/" : std::move(name));
    return {};
  }

  Status follow(const dirent& entry, const std::string& path) {
    if (filter_.everything() && entry.d_type == DT_LNK) return input_error(root_ / path, "it is a link");
    struct stat st;
    const bool there = ::fstatat(folder_, entry.d_name, &st, 0) == 0;
    const int error_number = errno;
    const bool is_folder = there && S_ISDIR(st.st_mode);
    if (entry.d_type == DT_LNK) listing.settles = false;  // what it leads to may change from a folder to a file
    if (!filter_.counts(path, is_folder)) return {};
    if (!there) return cannot_follow(path, entry.d_type == DT_LNK, error_number);
    if (!is_folder && !S_ISREG(st.st_mode)) return special_file_error(root_ / path, st.st_mode);
    return take(entry.d_name, path, is_folder);
  }

  Status cannot_follow(const std::string& path, bool link, int error_number) const {
    if (!link) return errno_error("read", root_ / path, error_number);
    if (error_number == ENOENT) return input_error(root_ / path, "it is a link to something that does not exist", "remove or mend it");
    if (error_number == ELOOP) return circle_error(root_ / path);
    return errno_error("follow the link", root_ / path, error_number);
  }

  const Path& root_;
  const std::string& prefix_;
  int folder_;
  const ScanFilter& filter_;
};

}  // namespace

ScanFilter::ScanFilter(const ScanOptions& options) : options_(&options) {
  const bool any_depth = options.pattern.empty() || options.pattern.find("**") != std::string::npos;
  most_parts_ = any_depth ? std::numeric_limits<std::size_t>::max() : parts_of(options.pattern);
}

bool ScanFilter::counts(const std::string& path, bool folder) const {
  if (everything()) return true;
  if (folder && (path == ".mlpipe" || path.ends_with("/.mlpipe"))) return false;
  if (options_->ignore && options_->ignore->ignores(path, folder)) return false;
  if (options_->only && !leads_to_any(folder ? path + "/" : path, folder)) return false;
  if (options_->pattern.empty()) return true;
  return folder ? parts_of(path) < most_parts_ : wildcard_match(options_->pattern, path);
}

bool ScanFilter::leads_to_any(const std::string& path, bool folder) const {
  const auto next = options_->only->lower_bound(path);
  return next != options_->only->end() && (folder ? next->starts_with(path) : *next == path);
}

Digest ScanFilter::digest() const {
  Hasher hasher;
  hasher.field(options_->pattern).field(options_->ignore ? options_->ignore->digest().hex() : "");
  hasher.number(everything() * 2 + (options_->only != nullptr));
  if (options_->only)
    for (const std::string& path : *options_->only) hasher.field(path);
  return hasher.finish();
}

Result<Listing> list_counted(const Path& root, const std::string& prefix, int folder, const ScanFilter& filter) {
  const OpenFolder entries(::fdopendir(::fcntl(folder, F_DUPFD_CLOEXEC, 0)), ::closedir);
  if (!entries) return errno_error("read", root / prefix);
  Lister lister(root, prefix, folder, filter);
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") MLPIPE_TRY_VOID(lister.add(*entry));
    errno = 0;
  }
  if (errno != 0) return errno_error("read", root / prefix);
  std::sort(lister.listing.names.begin(), lister.listing.names.end());
  return std::move(lister.listing);
}

bool is_store_folder(int folder) {
  const Fd fd(::openat(folder, "format", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  char start[13] = {};
  return fd && ::read(fd.get(), start, sizeof start) == sizeof start && std::string_view(start, sizeof start) == "mlpipe store ";
}

Error input_error(const Path& path, std::string why, std::string hint) {
  return {ErrorKind::step_failed, fmt::format("cannot read {}: {}", shown_path(path), why), std::move(hint)};
}

Error circle_error(const Path& path) { return input_error(path, "its links go round in a circle", "remove the link that leads back"); }

Error special_file_error(const Path& path, unsigned mode) {
  return input_error(path, fmt::format("it is {}", special_name(mode)), "only files and folders can be read: move it elsewhere");
}

}  // namespace mlpipe
