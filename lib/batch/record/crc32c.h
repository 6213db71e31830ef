// CRC-32C (Castagnoli), the checksum of the journal: with the CPU's own instructions where it has them.
#pragma once

#include <cstdint>
#include <string_view>

namespace mlpipe {

// The checksum of `bytes` put behind something whose checksum is `before` (0: nothing).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

// The scalar twin that every machine can run; crc32c gives the same on any input.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);

}  // namespace mlpipe
