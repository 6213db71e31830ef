#include "run/source_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "system/blake3.h"
#include "system/event_loop.h"

namespace mlpipe {
namespace {

// Azure's limit of a snapshot: a larger source is worth no second copy on disk.
constexpr std::uint64_t largest_kept = std::uint64_t{300} << 20;

// A copy holds files and folders alone, and all that lies in it counts.
ScanOptions whole(const ScanOptions& options) {
  ScanOptions every = options;
  every.everything = true;
  return every;
}

void remove_empty_folders(const Path& top, Path folder) {
  while (folder != top && ::rmdir(folder.c_str()) == 0) folder = folder.parent_path();
}

void remove_entry(const Path& top, const std::string& path) {
  const Path place = top / path;
  if (path.ends_with('/')) return remove_empty_folders(top, place.parent_path());
  ::unlink(place.c_str());
  remove_empty_folders(top, place.parent_path());
}

Status copy_entries(const Path& source, const Path& copy, const std::vector<std::string>& paths) {
  std::set<Path> made{copy};
  for (const std::string& path : paths) {
    if (stop_pending()) return stopped_error();
    const bool folder = path.ends_with('/');
    const Path target = copy / path;
    const Path parent = target.parent_path();
    if (made.insert(parent).second) MLPIPE_TRY_VOID(make_dirs(parent));
    if (!folder) MLPIPE_TRY_VOID(clone_file(source / path, target));
  }
  return {};
}

// Removes first: a folder may have to make room for a file.
Status mend(const Path& source, const Path& copy, const std::vector<TreeChange>& changes) {
  std::vector<std::string> wanted;
  for (const TreeChange& change : changes) {
    if (change.kind != TreeChange::Kind::removed) wanted.push_back(change.path);
    if (change.kind != TreeChange::Kind::added) remove_entry(copy, change.path);
  }
  return copy_entries(source, copy, wanted);
}

}  // namespace

Result<SourceCopy> SourceCopy::take(const Store& store, const Path& spec, const std::string& step, const Tree& code, const Path& aside) {
  if (code.bytes > largest_kept) return SourceCopy(aside, {});
  const std::string name = Hasher().field(spec.native()).field(step).finish().hex().substr(0, 32);
  MLPIPE_TRY(const Lock still, store.undisturbed());
  MLPIPE_TRY(auto lock, store.locks().try_lock("copy " + name));
  if (!lock) return SourceCopy(aside, {});
  Path place = store.copies_path() / name;
  MLPIPE_TRY_VOID(make_dirs(place));
  (void)::utimensat(AT_FDCWD, place.c_str(), nullptr, 0);  // gc keeps what was used since we began
  return SourceCopy(std::move(place), std::move(lock));
}

Result<bool> SourceCopy::fill(const Path& source, const Tree& code, const ScanOptions& options) {
  auto there = path_exists(path_) ? scan_tree(path_, whole(options)) : Result<Tree>(make_tree({}, false));
  if (!there && by_signal(there.error().kind)) return there.error();
  if (!there || there->is_file) {  // links, pipes, unreadable folders: whatever the step made of it
    MLPIPE_TRY_VOID(remove_tree(path_));
    there = make_tree({}, false);
  }
  MLPIPE_TRY_VOID(make_dirs(path_));
  if (there->count > 0) held_before_ = there->digest;
  if (there->digest == code.digest) return true;
  const Status mended = mend(source, path_, compare(*there, code));
  if (!mended && by_signal(mended.error().kind)) return mended.error();
  if (mended && holds(code, options)) return true;
  return copy_anew(source, code, options);
}

bool SourceCopy::holds(const Tree& code, const ScanOptions& options) const {
  const auto now = scan_tree(path_, whole(options));
  return now && now->digest == code.digest;
}

Result<bool> SourceCopy::copy_anew(const Path& source, const Tree& code, const ScanOptions& options) const {
  MLPIPE_TRY_VOID(remove_tree(path_));
  MLPIPE_TRY_VOID(make_dirs(path_));
  MLPIPE_TRY_VOID(mend(source, path_, compare(make_tree({}, false), code)));
  return holds(code, options);
}

std::vector<TreeChange> SourceCopy::changes(const Tree& code, const ScanOptions& options) const {
  const auto now = scan_tree(path_, whole(options));
  if (!now || now->digest == code.digest) return {};
  std::vector<TreeChange> changes = compare(code, *now);
  std::erase_if(changes, [](const TreeChange& change) { return change.before == change.after; });  // of its mode alone
  return changes;
}

}  // namespace mlpipe
