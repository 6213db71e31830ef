// Digests of files. Of a content of one chunk at most it is the BLAKE3 of its bytes; of more, that of its length and of its
// chunks' digests, so that several threads can share one file.
#pragma once

#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

inline constexpr std::uint64_t digest_chunk = std::uint64_t{8} << 20;  // part of the digests of large files: changing it reruns steps

// Of the first `size` bytes of an open file, which is its size. Kind step_failed: it ends earlier. A stop while it reads more
// than one chunk is an error of its own kind (system/event_loop.h).
Result<Digest> digest_content(int fd, std::uint64_t size, const Path& shown);
Result<Digest> digest_file(const Path& path);

std::uint64_t count_chunks(std::uint64_t size);  // at least one
Result<Digest> digest_one_chunk(int fd, std::uint64_t number, std::uint64_t size, const Path& shown);
Digest join_chunks(const std::vector<Digest>& chunks, std::uint64_t size);

}  // namespace mlpipe
