// Sizes and times as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlpipe {

using Seconds = std::chrono::duration<double>;

// Azure's mini_batch_size: digits and optionally kb, mb or gb in any case, each 1024 times the one before; no blank.
// Plain digits are a count, not bytes: `is_count` tells. Nothing: malformed, or beyond 2^62.
struct CountOrBytes {
  std::int64_t value = 0;
  bool is_count = true;
};
std::optional<CountOrBytes> parse_count_or_bytes(std::string_view text);

std::string format_bytes(std::uint64_t bytes);  // "512 B", "1.4 MB" (1024-based)
std::string format_seconds(Seconds time);       // "3 ms", "1.24 s", "2 m 05 s", "1 h 02 m"

}  // namespace mlpipe
