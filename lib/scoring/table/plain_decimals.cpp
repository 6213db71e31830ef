#include "scoring/table/plain_decimals.h"

#include <bit>
#include <iterator>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mlpipe {
namespace {

constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;
constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::size_t most_digits = 19;

// Whether a double less than 4 steps away from this one may round to another float: the middle between two floats, low bits 1000...0,
// is as near.
inline bool near_middle(double value) {
  constexpr std::uint64_t low_bits = (1u << 29) - 1, middle = 1u << 28, near = 4;
  return ((std::bit_cast<std::uint64_t>(value) - (middle - near)) & low_bits) <= 2 * near;
}

bool plain_decimal(const char* begin, const char* end, float* out) {
  const bool negative = begin < end && *begin == '-';
  std::uint64_t digits = 0;
  std::size_t count = 0, fraction = 0;  // digits but for leading zeros, and those behind the point
  bool point = false, any = false;
  for (const char* at = begin + negative; at < end; ++at) {
    const auto digit = static_cast<unsigned char>(*at - '0');
    if (digit <= 9) {
      digits = digits * 10 + digit;
      any = true;
      count += digits != 0;
      fraction += point;
      if (count > most_digits) return false;
    } else {
      if (*at != '.' || point) return false;
      point = true;
    }
  }
  if (!any || fraction >= std::size(powers)) return false;
  // Exact but for the division, or two roundings away from it.
  const double value = static_cast<double>(digits) / powers[fraction];
  if (digits > largest_exact && near_middle(value)) return false;
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

// `number` over `divisor` as a float, mostly without dividing, which would take half of all time: the product is less than 3 steps of a
// double away from the quotient.
MLPIPE_AVX2 inline float quotient(double number, double divisor, double factor) {
  const double product = number * factor;
  if (near_middle(product)) [[unlikely]] return static_cast<float>(number / divisor);
  return static_cast<float>(product);
}

// Of a field of at most 16 bytes: looks at those that end where it does. False also where 16 digits are too many for a double.
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
  return only_these & one_point & (digit_bits != 0) & (digits <= largest_exact);
}

MLPIPE_AVX2 std::size_t take_plain_decimals_avx2(const char* text, const std::uint32_t* ends, const FieldPlaces& fields, float* out, std::uint32_t* rest) {
  std::size_t left = 0;
  for (std::size_t i = 0; i < fields.count; ++i) {
    const std::uint32_t field = fields.fields[i];
    const std::size_t begin = static_cast<std::uint32_t>(ends[static_cast<std::ptrdiff_t>(field) - 1] + 1);
    const char* const from = text + begin;
    const char* const to = text + ends[field];
    const bool taken = (to - from <= 16 && short_decimal_avx2(from, to, out + fields.places[i])) || plain_decimal(from, to, out + fields.places[i]);
    rest[left] = static_cast<std::uint32_t>(i);
    left += !taken;
  }
  return left;
}
#endif

}  // namespace

std::size_t take_plain_decimals_portable(const char* text, const std::uint32_t* ends, const FieldPlaces& fields, float* out, std::uint32_t* rest) {
  std::size_t left = 0;
  for (std::size_t i = 0; i < fields.count; ++i) {
    const std::uint32_t field = fields.fields[i];
    const std::size_t begin = static_cast<std::uint32_t>(ends[static_cast<std::ptrdiff_t>(field) - 1] + 1);
    if (!plain_decimal(text + begin, text + ends[field], out + fields.places[i])) rest[left++] = static_cast<std::uint32_t>(i);
  }
  return left;
}

TakePlainDecimals fastest_take_plain_decimals() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) return take_plain_decimals_avx2;
#endif
  return take_plain_decimals_portable;
}

}  // namespace mlpipe
