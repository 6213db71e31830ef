#include "system/file_digest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "system/blake3.h"
#include "system/event_loop.h"

namespace mlpipe {
namespace {

// Read, not mapped: a mapping is a quarter faster for large files, but takes twice as long for the many small ones, and a file
// that shrinks meanwhile would kill us. 256 KiB was the fastest buffer of 16 KiB to 4 MiB.
constexpr std::size_t buffer_size = 256 * 1024;

char* buffer() {
  thread_local const auto bytes = std::make_unique_for_overwrite<char[]>(buffer_size);
  return bytes.get();
}

}  // namespace

std::uint64_t count_chunks(std::uint64_t size) { return size == 0 ? 1 : (size - 1) / digest_chunk + 1; }

Result<Digest> digest_one_chunk(int fd, std::uint64_t number, std::uint64_t size, const Path& shown) {
  if (number > 0 && stop_pending()) return stopped_error();
  Hasher hasher;
  const std::uint64_t end = std::min(size, (number + 1) * digest_chunk);
  for (std::uint64_t at = number * digest_chunk; at < end;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_size, end - at));
    MLPIPE_TRY(const std::size_t got, read_at(fd, at, buffer(), wanted, shown));
    if (got < wanted) return Error{ErrorKind::step_failed, fmt::format("{} was cut short while it was read", shown_path(shown)), ""};
    hasher.bytes(buffer(), got);
    at += got;
  }
  return hasher.finish();
}

Digest join_chunks(const std::vector<Digest>& chunks, std::uint64_t size) {
  if (chunks.size() == 1) return chunks.front();
  Hasher hasher("mlpipe 2026 chunks of a file");
  hasher.number(size);
  for (const Digest& chunk : chunks) hasher.bytes(chunk.bytes.data(), chunk.bytes.size());
  return hasher.finish();
}

Result<Digest> digest_content(int fd, std::uint64_t size, const Path& shown) {
  std::vector<Digest> chunks(count_chunks(size));
  for (std::uint64_t i = 0; i < chunks.size(); ++i) {
    MLPIPE_TRY(chunks[i], digest_one_chunk(fd, i, size, shown));
  }
  return join_chunks(chunks, size);
}

Result<Digest> digest_file(const Path& path) {
  MLPIPE_TRY(const Fd fd, open_file(path, O_RDONLY));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return errno_error("read", path);
  return digest_content(fd.get(), static_cast<std::uint64_t>(st.st_size), path);
}

}  // namespace mlpipe
