#include "system/locks.h"

#include <fcntl.h>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(2);

struct flock byte_of(std::string_view name, LockFile::Share share = LockFile::Share::exclusive) {
  const Digest digest = digest_of(name);
  std::uint64_t place;
  std::memcpy(&place, digest.bytes.data(), sizeof place);
  struct flock byte {};
  byte.l_type = share == LockFile::Share::shared ? F_RDLCK : F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(place >> 2);  // offsets have 63 bits and the byte must end below the last
  byte.l_len = 1;
  return byte;
}

Error no_locks(const Path& path) {
  Error error = errno_error("lock", path);
  error.kind = ErrorKind::store;
  if (error.hint.empty()) error.hint = "keep the store on a file system that has locks";
  return error;
}

Error not_opened(Error error) {
  error.kind = ErrorKind::store;
  return error;
}

// Whether it was had before the deadline.
Result<bool> wait_for(int fd, struct flock byte, std::chrono::steady_clock::time_point deadline, const Path& path) {
  while (::fcntl(fd, F_OFD_SETLK, &byte) != 0) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return no_locks(path);
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(poll_interval);
  }
  return true;
}

// To share a lock of a file that can only be read is possible, too.
Result<Fd> open_to_lock(const Path& path, LockFile::Share share) {
  auto fd = open_file(path, O_RDWR | O_CREAT);
  if (fd || share == LockFile::Share::exclusive) return fd;
  auto readable = open_file(path, O_RDONLY);
  if (readable || path_exists(path)) return readable;
  return Fd();
}

// A line of /proc/PID/fdinfo/FD: "lock:	1: OFDLCK  ADVISORY  READ -1 fd:00:1234 4096 4096".
bool holds_byte(std::string_view fdinfo, const std::string& place) {
  const auto lines = split(fdinfo, '\n');
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    return line.starts_with("lock:") && line.find("OFDLCK") != line.npos && line.ends_with(" " + place + " " + place);
  });
}

bool holds_byte(const Path& process, const struct stat& file, const std::string& place) {
  const auto descriptors = list_folder(process / "fd");
  return descriptors && std::any_of(descriptors->begin(), descriptors->end(), [&](const std::string& fd) {
    struct stat st;
    if (::stat((process / "fd" / fd).c_str(), &st) != 0 || st.st_dev != file.st_dev || st.st_ino != file.st_ino) return false;
    const auto info = read_file(process / "fdinfo" / fd);
    return info && holds_byte(*info, place);
  });
}

std::string shown_process(const Path& process) {
  const auto command = read_file(process / "cmdline");
  std::string words = command ? *command : "a process";
  std::replace(words.begin(), words.end(), '\0', ' ');
  return fmt::format("{} (process {})", trim(words).substr(0, 100), process.filename().string());
}

}  // namespace

Result<std::optional<Lock>> LockFile::try_lock(std::string_view name) const {
  auto fd = open_file(path_, O_RDWR | O_CREAT);
  if (!fd) return not_opened(fd.error());
  struct flock byte = byte_of(name);
  if (::fcntl(fd->get(), F_OFD_SETLK, &byte) == 0) return std::optional<Lock>(Lock(fd.take()));
  if (errno == EAGAIN || errno == EACCES) return std::optional<Lock>();
  return no_locks(path_);
}

// The turnstile is a second byte: who wants the lock alone waits for it inside, so that those who share stay outside.
Result<std::optional<Lock>> LockFile::wait_lock(std::string_view name, Share share, std::chrono::milliseconds longest) const {
  auto fd = open_to_lock(path_, share);
  if (!fd) return not_opened(fd.error());
  if (!*fd) return std::optional<Lock>(Lock());
  const auto deadline = std::chrono::steady_clock::now() + longest;
  struct flock turnstile = byte_of(fmt::format("turnstile {}", name), share);
  MLPIPE_TRY(const bool inside, wait_for(fd->get(), turnstile, deadline, path_));
  if (!inside) return std::optional<Lock>();
  MLPIPE_TRY(const bool had, wait_for(fd->get(), byte_of(name, share), deadline, path_));
  if (!had) return std::optional<Lock>();
  turnstile.l_type = F_UNLCK;
  if (::fcntl(fd->get(), F_OFD_SETLK, &turnstile) != 0) return no_locks(path_);
  return std::optional<Lock>(Lock(fd.take()));
}

std::vector<std::string> LockFile::holders(std::string_view name) const {
  std::vector<std::string> found;
  struct stat file;
  const auto processes = list_folder("/proc");
  if (!processes || ::stat(path_.c_str(), &file) != 0) return found;
  const std::string place = std::to_string(byte_of(name).l_start);
  for (const std::string& pid : *processes)
    if (parse_integer(pid) && holds_byte(Path("/proc") / pid, file, place)) found.push_back(shown_process(Path("/proc") / pid));
  return found;
}

Result<bool> LockFile::is_locked(std::string_view name) const {
  if (!path_exists(path_)) return false;
  const auto fd = open_file(path_, O_RDONLY);
  if (!fd) return not_opened(fd.error());
  struct flock byte = byte_of(name);
  if (::fcntl(fd->get(), F_OFD_GETLK, &byte) != 0) return no_locks(path_);
  return byte.l_type != F_UNLCK;
}

}  // namespace mlpipe
