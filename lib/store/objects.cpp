#include "store/objects.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>


namespace mlpipe {
namespace {

constexpr int most_tries = 100;  // each lost race means that another process put an object there or took one away

// A folder around a file output, so that the object holds it under its name.
Result<Path> wrap(const Path& built, const std::string& file) {
  const Path folder = built.native() + ".object";
  MLPIPE_TRY_VOID(remove_tree(folder));
  MLPIPE_TRY_VOID(make_dirs(folder));
  MLPIPE_TRY_VOID(rename_path(built, folder / file));
  return folder;
}

// A folder that lost its write permission cannot be moved by anybody but root: its ".." changes.
void permit_move(const Path& folder) {
  struct stat st;
  if (::lstat(folder.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) ::chmod(folder.c_str(), (st.st_mode & 07777) | S_IRWXU);
}

bool stands_there(int error_number) { return error_number == EEXIST || error_number == ENOTEMPTY || error_number == ENOTDIR; }

// A file system without exchange: until the next rename the object is missing, which readers take for "run it again".
Status move_away(const Path& object, const Path& aside) {
  MLPIPE_TRY_VOID(remove_tree(aside));
  if (::rename(object.c_str(), aside.c_str()) != 0 && errno != ENOENT) return errno_error("replace", object);
  return remove_tree(aside);
}

// Whether `folder` took the object's place. Not: look again, the object may be gone by now.
Result<bool> replace_damaged(const Path& folder, const Path& object) {
  permit_move(object);
  if (::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, object.c_str(), RENAME_EXCHANGE) == 0) {
    MLPIPE_TRY_VOID(sync_folder(object.parent_path()));
    MLPIPE_TRY_VOID(remove_tree(folder));
    return true;
  }
  if (errno == ENOENT) return false;
  if (errno != EINVAL && errno != ENOSYS) return errno_error("replace", object);
  MLPIPE_TRY_VOID(move_away(object, folder.native() + ".damaged"));
  return false;
}

Status place(const Path& folder, const Path& object) {
  permit_move(folder);
  for (int tries = 0; tries < most_tries; ++tries) {
    if (::rename(folder.c_str(), object.c_str()) == 0) return sync_folder(object.parent_path());
    if (!stands_there(errno)) return errno_error("publish", object);
    if (same_content(folder, object)) return remove_tree(folder);
    MLPIPE_TRY(const bool replaced, replace_damaged(folder, object));
    if (replaced) return {};
  }
  return errno_error("publish", object, EBUSY);
}

// Reads until the buffer is full or the file ends; -1: it cannot be read.
ssize_t fill(int fd, std::vector<char>& buffer) {
  std::size_t used = 0;
  while (used < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(used);
}

bool same_bytes(const Path& left, const Path& right) {
  const auto a = open_file(left, O_RDONLY | O_NOFOLLOW), b = open_file(right, O_RDONLY | O_NOFOLLOW);
  if (!a || !b) return false;
  std::vector<char> from_a(256 * 1024), from_b(from_a.size());
  while (true) {
    const ssize_t a_size = fill(a->get(), from_a), b_size = fill(b->get(), from_b);
    if (a_size < 0 || a_size != b_size || !std::equal(from_a.begin(), from_a.begin() + a_size, from_b.begin())) return false;
    if (a_size == 0) return true;
  }
}

bool same_folders(const Path& left, const Path& right) {
  const auto names = list_folder(left), others = list_folder(right);
  if (!names || !others || *names != *others) return false;
  for (const std::string& name : *names)
    if (!same_content(left / name, right / name)) return false;
  return true;
}

Status settle(const Path& link) {
  const Path aside = link.native() + ".settled";
  MLPIPE_TRY_VOID(remove_tree(aside));
  MLPIPE_TRY_VOID(copy_tree(link, aside));
  MLPIPE_TRY_VOID(remove_tree(link));
  return rename_path(aside, link);
}

}  // namespace

bool same_content(const Path& left, const Path& right) {
  struct stat a, b;
  if (::lstat(left.c_str(), &a) != 0 || ::lstat(right.c_str(), &b) != 0) return false;
  if (S_ISDIR(a.st_mode) && S_ISDIR(b.st_mode)) return same_folders(left, right);
  if (!S_ISREG(a.st_mode) || !S_ISREG(b.st_mode)) return false;
  return a.st_size == b.st_size && (a.st_mode & S_IXUSR) == (b.st_mode & S_IXUSR) && same_bytes(left, right);
}

Status settle_links(const Path& path) {
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0) return errno_error("read", path);
  if (S_ISLNK(st.st_mode)) return settle(path);
  if (!S_ISDIR(st.st_mode)) return {};
  MLPIPE_TRY(const auto names, list_folder(path));
  for (const std::string& name : names) MLPIPE_TRY_VOID(settle_links(path / name));
  return {};
}

Result<PreparedObject> prepare_object(const Path& built, const Path& object, const std::string& file) {
  MLPIPE_TRY_VOID(settle_links(built));
  PreparedObject prepared;
  MLPIPE_TRY(prepared.folder, file.empty() ? Result<Path>(built) : wrap(built, file));
  prepared.there = same_content(prepared.folder, object);
  if (!prepared.there) MLPIPE_TRY_VOID(sync_tree(prepared.folder));
  return prepared;
}

// One that was there may have been collected meanwhile.
Result<bool> place_object(const PreparedObject& prepared, const Path& object) {
  if (prepared.there && is_folder(object)) {
    MLPIPE_TRY_VOID(remove_tree(prepared.folder));
    return false;
  }
  if (prepared.there) MLPIPE_TRY_VOID(sync_tree(prepared.folder));
  const bool is_new = !path_exists(object);
  MLPIPE_TRY_VOID(place(prepared.folder, object));
  return is_new;
}

}  // namespace mlpipe
