#include "scoring/table/structure.h"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mlpipe {
namespace {

constexpr std::size_t slack = 64;  // entries are written eight at a time

// Room for what a text of that size may have.
void prepare(std::size_t size, std::size_t begin, Structure& structure) {
  if (structure.places.size() < size + 1 + slack) structure.places.resize(size + 1 + slack);
  if (structure.special.size() < size + slack) structure.special.resize(size + slack);
  structure.places[0] = static_cast<std::uint32_t>(begin - 1);
  structure.count = 1;
  structure.special_count = 0;
}

#if defined(__x86_64__)
#define MLPIPE_AVX2 __attribute__((target("avx2,bmi,popcnt")))

struct Masks {
  std::uint64_t all, special;
};

MLPIPE_AVX2 inline std::uint64_t bits(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) | static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

MLPIPE_AVX2 inline __m256i special_bytes(__m256i bytes) {
  const __m256i lines = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\r')));
  return _mm256_or_si256(lines, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')));
}

MLPIPE_AVX2 inline Masks masks_of(const char* at, __m256i delimiter) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
  const std::uint64_t special = bits(special_bytes(low), special_bytes(high));
  return {special | bits(_mm256_cmpeq_epi8(low, delimiter), _mm256_cmpeq_epi8(high, delimiter)), special};
}

MLPIPE_AVX2 inline void append(std::uint64_t mask, std::uint32_t base, std::uint32_t* to) {
  while (mask != 0) {
    for (int i = 0; i < 8; ++i) {
      to[i] = base + static_cast<std::uint32_t>(_tzcnt_u64(mask));
      mask = _blsr_u64(mask);
    }
    to += 8;
  }
}

MLPIPE_AVX2 void find_structure_avx2(std::string_view text, std::size_t begin, char delimiter, Structure& structure) {
  prepare(text.size(), begin, structure);
  const __m256i delimiters = _mm256_set1_epi8(delimiter);
  std::size_t count = structure.count, special_count = 0;
  for (std::size_t at = begin; at < text.size(); at += 64) {
    Masks masks = masks_of(text.data() + at, delimiters);
    const std::size_t rest = text.size() - at;
    const std::uint64_t inside = rest < 64 ? (std::uint64_t{1} << rest) - 1 : ~std::uint64_t{0};
    masks.all &= inside;
    append(masks.all, static_cast<std::uint32_t>(at), structure.places.data() + count);
    for (std::uint64_t special = masks.special & inside; special != 0; special = _blsr_u64(special)) {
      const std::uint64_t before = masks.all & (_blsi_u64(special) - 1);
      structure.special[special_count++] = static_cast<std::uint32_t>(count + static_cast<std::size_t>(_mm_popcnt_u64(before)));
    }
    count += static_cast<std::size_t>(_mm_popcnt_u64(masks.all));
  }
  structure.count = count;
  structure.special_count = special_count;
}
#endif

}  // namespace

void find_structure_portable(std::string_view text, std::size_t begin, char delimiter, Structure& structure) {
  prepare(text.size(), begin, structure);
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char byte = text[at];
    const bool special = byte == '\n' || byte == '\r' || byte == '"';
    if (!special && byte != delimiter) continue;
    if (special) structure.special[structure.special_count++] = static_cast<std::uint32_t>(structure.count);
    structure.places[structure.count++] = static_cast<std::uint32_t>(at);
  }
}

FindStructure fastest_find_structure() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")) return find_structure_avx2;
#endif
  return find_structure_portable;
}

}  // namespace mlpipe
