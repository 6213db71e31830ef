#include "system/blake3.h"

#include <blake3.h>

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

Hasher::Hasher(const char* context) { blake3_hasher_init_derive_key(hasher_in(state_), context); }

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

}  // namespace mlpipe
