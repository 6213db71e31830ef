#include "reuse/hash_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "system/blake3.h"
#include "system/event_loop.h"

namespace mlpipe {
namespace {

constexpr int most_reads = 3;
constexpr std::size_t buffer_size = 256 * 1024;
constexpr std::uint64_t stop_interval = 32 * buffer_size;  // how often a large file looks for Ctrl-C
// Below this much work a thread costs more than it saves.
constexpr std::size_t few_files = 32;
constexpr std::uint64_t few_bytes = 1 << 20;

// Bytes read; the digest of exactly those.
Result<std::uint64_t> hash_content(int fd, const Path& path, std::vector<char>& buffer, Digest& digest) {
  Hasher hasher;
  std::uint64_t size = 0;
  while (true) {
    if (size % stop_interval == 0 && stop_pending()) return stopped_error();
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", path);
    if (got == 0) break;
    hasher.bytes(buffer.data(), static_cast<std::size_t>(got));
    size += static_cast<std::uint64_t>(got);
  }
  digest = hasher.finish();
  return size;
}

Result<StatKey> stat_file(int fd, const Path& path) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return errno_error("read", path);
  if (!S_ISREG(st.st_mode)) return special_file_error(path, st.st_mode);
  return StatKey::of(st);
}

Status hash_file(const Path& path, HashJob& job, std::vector<char>& buffer) {
  for (int reads = 0; reads < most_reads; ++reads) {
    // A file may have become a pipe since the walk: never wait for its writer.
    MLPIPE_TRY(const Fd fd, open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    MLPIPE_TRY(const StatKey before, stat_file(fd.get(), path));
    MLPIPE_TRY(const std::uint64_t size, hash_content(fd.get(), path, buffer, job.digest));
    MLPIPE_TRY(job.file->key, stat_file(fd.get(), path));
    if (before == job.file->key && size == before.size) return {};
  }
  return Error{ErrorKind::step_failed, fmt::format("{} changes while it is read", shown_path(path)), "run again when nothing writes to it"};
}

std::size_t useful_threads(const std::vector<HashJob>& jobs, int threads) {
  std::uint64_t bytes = 0;
  for (const HashJob& job : jobs) bytes += job.file->key.size;
  if (jobs.size() < few_files && bytes < few_bytes) return 1;
  return std::min<std::size_t>(jobs.size(), static_cast<std::size_t>(std::max(threads, 1)));
}

class Pool {
 public:
  Pool(const Path& root, std::vector<HashJob>& jobs) : root_(root), jobs_(jobs), results_(jobs.size()) {}

  Status run(std::size_t threads) {
    std::vector<std::thread> helpers;
    try {
      while (helpers.size() + 1 < threads) helpers.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // No more threads to be had: those that run, and this one, do it all.
    }
    work();
    for (std::thread& helper : helpers) helper.join();
    for (Status& result : results_) MLPIPE_TRY_VOID(result);
    return {};
  }

 private:
  void work() {
    std::vector<char> buffer(buffer_size);
    for (std::size_t i; !failed_ && (i = next_++) < jobs_.size();) {
      const std::string& path = jobs_[i].file->path;
      results_[i] = hash_file(path.empty() ? root_ : root_ / path, jobs_[i], buffer);
      if (!results_[i]) failed_ = true;
    }
  }

  const Path& root_;
  std::vector<HashJob>& jobs_;
  std::vector<Status> results_;  // one place a job: no two threads write the same
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
};

}  // namespace

Status hash_files(const Path& root, std::vector<HashJob>& jobs, int threads) {
  if (jobs.empty()) return {};
  return Pool(root, jobs).run(useful_threads(jobs, threads));
}

}  // namespace mlpipe
