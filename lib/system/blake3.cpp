#include "system/blake3.h"

#include <blake3.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <type_traits>

namespace mlpipe {
namespace {

static_assert(std::is_trivially_copyable_v<blake3_hasher>);

blake3_hasher* hasher_in(unsigned char* state) { return reinterpret_cast<blake3_hasher*>(state); }
const blake3_hasher* hasher_in(const unsigned char* state) { return reinterpret_cast<const blake3_hasher*>(state); }

}  // namespace

Hasher::Hasher() {
  static_assert(sizeof(blake3_hasher) <= sizeof state_ && alignof(blake3_hasher) <= 64);
  blake3_hasher_init(hasher_in(state_));
}

Hasher& Hasher::bytes(const void* data, std::size_t size) {
  blake3_hasher_update(hasher_in(state_), data, size);
  return *this;
}

Hasher& Hasher::field(std::string_view text) { return number(text.size()).bytes(text); }

Hasher& Hasher::number(std::uint64_t value) {
  unsigned char little_endian[8];
  for (auto& byte : little_endian) {
    byte = static_cast<unsigned char>(value);
    value >>= 8;
  }
  return bytes(little_endian, sizeof little_endian);
}

Digest Hasher::finish() const {
  Digest digest;
  blake3_hasher_finalize(hasher_in(state_), digest.bytes.data(), digest.bytes.size());
  return digest;
}

Digest digest_of(std::string_view bytes) { return Hasher().bytes(bytes).finish(); }

// Read, not mapped: a mapping is a quarter faster for large files, but takes twice as long for the many small ones, and a file
// that shrinks meanwhile would kill us. 256 KiB was the fastest buffer of 16 KiB to 4 MiB.
Result<Digest> digest_file(const Path& path) {
  constexpr std::size_t size = 256 * 1024;
  thread_local const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  MLPIPE_TRY(const Fd fd, open_file(path, O_RDONLY));
  Hasher hasher;
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.get(), size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", path);
    if (got == 0) return hasher.finish();
    hasher.bytes(buffer.get(), static_cast<std::size_t>(got));
  }
}

}  // namespace mlpipe
