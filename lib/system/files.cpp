#include "system/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <random>
#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace mlpipe {
namespace {

ErrorKind kind_of(int error_number) {
  const bool of_the_disk = error_number == ENOSPC || error_number == EDQUOT || error_number == EROFS || error_number == EFBIG;
  return of_the_disk ? ErrorKind::store : ErrorKind::step_failed;
}

std::string hint_for(int error_number) {
  switch (error_number) {
    case ENOSPC: return "free some space on that disk";
    case EDQUOT: return "your disk quota is used up: free some of it";
    case EFBIG: return "raise the limit of a file's size (ulimit -f)";
    case EROFS: return "that file system is mounted read-only: work elsewhere or remount it";
    case EMFILE: return "raise the limit of open files (ulimit -n)";
    default: return {};
  }
}

// Reads until the end of the file or until `limit` bytes more are there.
Status read_more(int fd, std::string& text, std::size_t limit, const Path& shown) {
  std::size_t used = text.size();
  const std::size_t wanted = limit > text.max_size() - used ? text.max_size() : used + limit;
  while (used < wanted) {
    if (used == text.size()) text.resize(std::min(wanted, std::max<std::size_t>({4096, text.capacity(), used + used / 2})));
    const ssize_t got = ::read(fd, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", shown);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  text.resize(used);
  return {};
}

Path aside_name(const Path& path) {
  static std::atomic<unsigned> count{0};
  return path.native() + fmt::format(".tmp-{}-{}", process_mark(), count.fetch_add(1));
}

Status write_aside(const Path& aside, std::string_view bytes, Durability durability) {
  Fd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd && errno == EEXIST) ::unlink(aside.c_str());  // left by a killed process that had our pid
  if (!fd) {
    MLPIPE_TRY(fd, open_file(aside, O_WRONLY | O_CREAT | O_EXCL));
  }
  MLPIPE_TRY_VOID(write_all(fd.get(), bytes, aside));
  if (durability != Durability::none && ::fsync(fd.get()) != 0) return errno_error("sync", aside);
  // A network file system reports what it could not write only here.
  if (::close(fd.release()) != 0 && errno != EINTR) return errno_error("write", aside);
  return {};
}

Path parent_folder(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

}  // namespace

std::string errno_reason(int error_number) {
  std::string reason = std::generic_category().message(error_number);
  const bool acronym = reason.size() > 1 && std::isupper(static_cast<unsigned char>(reason[1]));
  if (!reason.empty() && !acronym) reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  return reason;
}

const std::string& process_mark() {
  static const std::string mark = fmt::format("{}-{:08x}", ::getpid(), std::random_device()());
  return mark;
}

Error errno_error(std::string_view action, const Path& path, int error_number) {
  return {kind_of(error_number), fmt::format("cannot {} {}: {}", action, shown_path(path), errno_reason(error_number)),
          hint_for(error_number)};
}

Error errno_error(std::string_view action, const Path& path) { return errno_error(action, path, errno); }

Result<Fd> open_file(const Path& path, int flags, unsigned mode) {
  while (true) {
    Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (fd) return fd;
    if (errno != EINTR) return errno_error(flags & O_CREAT ? "create" : "open", path);
  }
}

Result<std::string> read_file(const Path& path) {
  MLPIPE_TRY(Fd fd, open_file(path, O_RDONLY));
  std::string text;
  struct stat st;
  // One byte more than the size: the read that fills the text also meets the end.
  if (::fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode)) text.reserve(static_cast<std::size_t>(st.st_size) + 1);
  MLPIPE_TRY_VOID(read_more(fd.get(), text, text.max_size(), path));
  return text;
}

Result<std::size_t> read_at(int fd, std::uint64_t offset, char* to, std::size_t size, const Path& shown) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, to + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", shown);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status write_all(int fd, std::string_view bytes, const Path& shown) {
  if (write_most(fd, bytes) < bytes.size()) return errno_error("write", shown);
  return {};
}

std::size_t write_most(int fd, std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t put = ::write(fd, bytes.data() + written, bytes.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) {  // a terminal or pipe that somebody else made non-blocking
      pollfd writable{fd, POLLOUT, 0};
      ::poll(&writable, 1, -1);
      continue;
    }
    if (put < 0) break;
    written += static_cast<std::size_t>(put);
  }
  return written;
}

std::vector<Path> files_below(const Path& folder) {
  std::vector<Path> files;
  std::error_code failed;
  const auto unreadable = std::filesystem::directory_options::skip_permission_denied;
  for (std::filesystem::recursive_directory_iterator at(folder, unreadable, failed), end; !failed && at != end; at.increment(failed)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored)) files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Status write_file(const Path& path, std::string_view bytes, Durability durability) {
  const Path aside = aside_name(path);
  Status status = write_aside(aside, bytes, durability);
  if (status) status = rename_path(aside, path);
  if (!status) {
    ::unlink(aside.c_str());
    return status;
  }
  return durability == Durability::synced ? sync_folder(parent_folder(path)) : Status();
}

Status make_dirs(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return errno_error("create folder", path, error.value());
  if (!is_folder(path)) return errno_error("create folder", path, ENOTDIR);
  return {};
}

Status sync_folder(const Path& path) {
  MLPIPE_TRY(Fd fd, open_file(path, O_RDONLY | O_DIRECTORY));
  // EINVAL: a file system that cannot sync folders has nothing to lose there.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return errno_error("sync", path);
  return {};
}

Status rename_path(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return errno_error("move " + shown_path(from) + " to", to);
  return {};
}

bool path_exists(const Path& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0;
}

bool is_folder(const Path& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

bool is_file(const Path& path) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

Result<std::vector<std::string>> list_folder(const Path& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return errno_error("list", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return errno_error("list", path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::uint64_t> free_bytes(const Path& path) {
  struct statvfs info;
  if (::statvfs(path.c_str(), &info) != 0) return errno_error("look at the disk of", path);
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

Path absolute_path(const Path& path) {
  std::error_code error;
  Path whole = std::filesystem::absolute(path.empty() ? Path(".") : path, error);
  if (error) whole = "/" / path;  // the working directory is gone: some absolute path that does not exist
  whole = whole.lexically_normal();
  return whole.has_filename() || whole == whole.root_path() ? whole : whole.parent_path();
}

std::string shown_path(const Path& path) {
  const Path whole = absolute_path(path), here = absolute_path(".");
  if (whole == here) return ".";
  if (here == here.root_path()) return whole.string();
  const std::string prefix = here.string() + "/";
  const std::string text = whole.string();
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

}  // namespace mlpipe
