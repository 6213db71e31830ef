// BLAKE3 from its official C implementation: the one digest of mlpipe.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/digest.h"

namespace mlpipe {

class Hasher {
 public:
  Hasher();
  // Its digests equal none of a Hasher() or of another context.
  explicit Hasher(const char* context);
  Hasher& bytes(const void* data, std::size_t size);
  Hasher& bytes(std::string_view text) { return bytes(text.data(), text.size()); }
  // Length first, so that neighbouring fields cannot run into each other.
  Hasher& field(std::string_view text);
  Hasher& number(std::uint64_t value);
  Digest finish() const;

 private:
  alignas(64) unsigned char state_[1920];  // blake3_hasher, kept out of this header
};

Digest digest_of(std::string_view bytes);

}  // namespace mlpipe
