#include "scoring/table/short_decimals.h"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mlpipe {
namespace {

constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;
constexpr std::size_t longest = 16;
constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};

bool short_decimal(const char* begin, const char* end, float* out) {
  if (static_cast<std::size_t>(end - begin) > longest) return false;
  const bool negative = begin < end && *begin == '-';
  std::uint64_t digits = 0;
  std::size_t count = 0, fraction = 0;
  bool point = false;
  for (const char* at = begin + negative; at < end; ++at) {
    const auto digit = static_cast<unsigned char>(*at - '0');
    if (digit <= 9) {
      digits = digits * 10 + digit;
      ++count;
      fraction += point;
    } else {
      if (*at != '.' || point) return false;
      point = true;
    }
  }
  if (count == 0 || digits > largest_exact) return false;
  const double value = static_cast<double>(digits) / powers[fraction];
  *out = static_cast<float>(negative ? -value : value);
  return true;
}

#if defined(__x86_64__)
#define MLPIPE_AVX2 __attribute__((target("avx2,bmi")))

// For a point at byte p of 16 (16: none): how to close the gap that it leaves, and what to divide by.
struct PointTables {
  alignas(16) std::uint8_t shuffle[17][16];
  double divisor[2][17], factor[2][17];  // one the reciprocal of the other, nearly; the second ones negative
};

constexpr PointTables make_point_tables() {
  PointTables tables{};
  for (int point = 0; point <= 16; ++point) {
    for (int i = 0; i < 16; ++i) tables.shuffle[point][i] = static_cast<std::uint8_t>(point == 16 || i > point ? i : i == 0 ? 0x80 : i - 1);
    tables.divisor[0][point] = point == 16 ? 1.0 : powers[15 - point];
    tables.divisor[1][point] = -tables.divisor[0][point];
    for (int sign = 0; sign < 2; ++sign) tables.factor[sign][point] = 1.0 / tables.divisor[sign][point];
  }
  return tables;
}
constexpr PointTables point_tables = make_point_tables();

// 16 digits, the first the highest, as a number.
MLPIPE_AVX2 inline std::uint64_t number_of_digits(__m128i digits) {
  const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(1 << 8 | 10));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
  const __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10000));
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  return (both & 0xffffffff) * 100000000 + (both >> 32);
}

// `number` over `divisor` as a float, mostly without dividing, which would take half of all time. The product is less than 3 steps of a
// double away from the quotient; unless the middle between two floats (low bits 1000...0) is as near, both round to the same float.
MLPIPE_AVX2 inline float quotient(double number, double divisor, double factor) {
  constexpr std::uint64_t low_bits = (1u << 29) - 1, middle = 1u << 28, near = 4;
  const double product = number * factor;
  if (((std::bit_cast<std::uint64_t>(product) - (middle - near)) & low_bits) <= 2 * near) [[unlikely]] return static_cast<float>(number / divisor);
  return static_cast<float>(product);
}

// Looks at the 16 bytes that end where the field does.
MLPIPE_AVX2 inline bool short_decimal_avx2(const char* begin, const char* end, float* out) {
  const auto size = static_cast<std::uint32_t>(end - begin);
  const std::uint32_t negative = *begin == '-';
  const std::uint32_t unsigned_size = size - negative;
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
  const __m128i numbers = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i inside = _mm_cmpgt_epi8(numbers, _mm_set1_epi8(static_cast<char>(15 - unsigned_size)));
  const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i digit = _mm_and_si128(inside, _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values));
  const __m128i point = _mm_and_si128(inside, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')));
  const auto inside_bits = static_cast<std::uint32_t>(_mm_movemask_epi8(inside)), digit_bits = static_cast<std::uint32_t>(_mm_movemask_epi8(digit)),
             point_bits = static_cast<std::uint32_t>(_mm_movemask_epi8(point));
  const std::uint32_t at = _tzcnt_u32(point_bits | 1u << 16);
  const __m128i closed = _mm_shuffle_epi8(_mm_and_si128(values, digit), _mm_load_si128(reinterpret_cast<const __m128i*>(point_tables.shuffle[at])));
  const std::uint64_t digits = number_of_digits(closed);
  *out = quotient(static_cast<double>(static_cast<std::int64_t>(digits)), point_tables.divisor[negative][at], point_tables.factor[negative][at]);
  const bool only_these = (digit_bits | point_bits) == inside_bits, one_point = (point_bits & (point_bits - 1)) == 0;
  return only_these & one_point & (digit_bits != 0) & (size <= longest) & (digits <= largest_exact);
}

MLPIPE_AVX2 std::size_t take_short_decimals_avx2(const char* text, const std::uint32_t* ends, const FieldPlaces& fields, float* out, std::uint32_t* rest) {
  std::size_t left = 0;
  for (std::size_t i = 0; i < fields.count; ++i) {
    const std::uint32_t field = fields.fields[i];
    const std::size_t begin = static_cast<std::uint32_t>(ends[static_cast<std::ptrdiff_t>(field) - 1] + 1);
    const bool taken = short_decimal_avx2(text + begin, text + ends[field], out + fields.places[i]);
    rest[left] = static_cast<std::uint32_t>(i);
    left += !taken;
  }
  return left;
}
#endif

}  // namespace

std::size_t take_short_decimals_portable(const char* text, const std::uint32_t* ends, const FieldPlaces& fields, float* out, std::uint32_t* rest) {
  std::size_t left = 0;
  for (std::size_t i = 0; i < fields.count; ++i) {
    const std::uint32_t field = fields.fields[i];
    const std::size_t begin = static_cast<std::uint32_t>(ends[static_cast<std::ptrdiff_t>(field) - 1] + 1);
    if (!short_decimal(text + begin, text + ends[field], out + fields.places[i])) rest[left++] = static_cast<std::uint32_t>(i);
  }
  return left;
}

TakeShortDecimals fastest_take_short_decimals() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) return take_short_decimals_avx2;
#endif
  return take_short_decimals_portable;
}

}  // namespace mlpipe
