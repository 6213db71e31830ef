#include "batch/record/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace mlpipe {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82f63b78u : 0u);
    table[i] = value;
  }
  return table;
}

using Step = std::uint32_t (*)(std::string_view, std::uint32_t);

#if defined(__x86_64__)
#define MLPIPE_CRC_TARGET __attribute__((target("sse4.2")))
MLPIPE_CRC_TARGET std::uint64_t eight(std::uint64_t crc, std::uint64_t value) { return _mm_crc32_u64(crc, value); }
MLPIPE_CRC_TARGET std::uint32_t one(std::uint32_t crc, std::uint8_t value) { return _mm_crc32_u8(crc, value); }
bool has_instructions() { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__)
#define MLPIPE_CRC_TARGET __attribute__((target("+crc")))
MLPIPE_CRC_TARGET std::uint64_t eight(std::uint64_t crc, std::uint64_t value) { return __crc32cd(static_cast<std::uint32_t>(crc), value); }
MLPIPE_CRC_TARGET std::uint32_t one(std::uint32_t crc, std::uint8_t value) { return __crc32cb(crc, value); }
bool has_instructions() { return getauxval(AT_HWCAP) & (1ul << 7); }  // HWCAP_CRC32
#endif

#ifdef MLPIPE_CRC_TARGET
MLPIPE_CRC_TARGET std::uint32_t by_instructions(std::string_view bytes, std::uint32_t before) {
  std::uint64_t crc = ~before;
  while (bytes.size() >= 8) {
    std::uint64_t value;
    std::memcpy(&value, bytes.data(), sizeof value);
    crc = eight(crc, value);
    bytes.remove_prefix(8);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (const char byte : bytes) rest = one(rest, static_cast<std::uint8_t>(byte));
  return ~rest;
}
Step choose() { return has_instructions() ? by_instructions : crc32c_by_table; }
#else
Step choose() { return crc32c_by_table; }
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) {
  static constexpr auto table = make_table();
  std::uint32_t crc = ~before;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  static const Step step = choose();
  return step(bytes, before);
}

}  // namespace mlpipe
