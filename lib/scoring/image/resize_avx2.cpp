// 22 bits do not fit the 16-bit multiplies, which are the quick ones: rows are made with each weight cut into two halves of 11 bits,
// w = high * 2048 + low, whose sums of products are exact in 32 bits. Columns use 32-bit products.
#include "scoring/image/resize_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#define MLPIPE_AVX2 __attribute__((target("avx2")))

namespace mlpipe {
namespace {

constexpr int low_bits = 11;

constexpr std::int16_t high_half(std::int32_t weight) { return static_cast<std::int16_t>(weight >> low_bits); }
constexpr std::int16_t low_half(std::int32_t weight) { return static_cast<std::int16_t>(weight & ((1 << low_bits) - 1)); }

int steps_of(std::size_t taps, int taps_a_step) { return (static_cast<int>(taps) + taps_a_step - 1) / taps_a_step; }

// L: an output after the other. A step takes 8 inputs: 8 high halves, 8 low ones.
void pack_grey(RowWeights& weights) {
  const ResizeFilter& filter = *weights.filter;
  weights.packed_stride = static_cast<std::size_t>(steps_of(filter.most_taps(), 8)) * 16;
  weights.packed.assign(weights.packed_stride * static_cast<std::size_t>(filter.outputs().count), 0);
  for (int x = 0; x < filter.outputs().count; ++x) {
    const ResizeTaps taps = filter.taps(x);
    std::int16_t* out = weights.packed.data() + static_cast<std::size_t>(x) * weights.packed_stride;
    for (int tap = 0; tap < taps.inputs.count; ++tap) {
      out[tap / 8 * 16 + tap % 8] = high_half(taps.weights[tap]);
      out[tap / 8 * 16 + tap % 8 + 8] = low_half(taps.weights[tap]);
    }
  }
}

// RGB: four outputs at a time, as two pairs: the first of a pair in lanes 0 to 7, the second in 8 to 15. A step takes 4 inputs of each,
// two at a time: r0 r1 g0 g1 b0 b1 - -. Hence 16 halves for each [step][pair][inputs 0 and 1, 2 and 3][high, low].
constexpr int group_outputs = 4, step_inputs = 4, step_numbers = 2 * 2 * 2 * 16;

void pack_output(const ResizeTaps& taps, int place, std::int16_t* out) {
  for (int tap = 0; tap < taps.inputs.count; ++tap) {
    std::int16_t* halves = out + tap / step_inputs * step_numbers + place / 2 * (step_numbers / 2) + tap % step_inputs / 2 * 32 + place % 2 * 8 + tap % 2;
    for (int channel = 0; channel < 3; ++channel) {
      halves[channel * 2] = high_half(taps.weights[tap]);
      halves[channel * 2 + 16] = low_half(taps.weights[tap]);
    }
  }
}

// How many steps the longest group takes.
int find_groups(const ResizeFilter& filter, std::vector<RowWeights::Group>& groups) {
  const int last = filter.outputs().count - 1;
  int most = 0;
  groups.clear();
  for (int x = 0; x <= last; x += group_outputs) {
    RowWeights::Group group{};
    for (int place = 0; place < group_outputs; ++place) {
      const Span inputs = filter.taps(std::min(x + place, last)).inputs;
      group.first_inputs[place] = inputs.first;
      group.steps = std::max(group.steps, steps_of(static_cast<std::size_t>(inputs.count), step_inputs));
    }
    most = std::max(most, group.steps);
    groups.push_back(group);
  }
  return most;
}

void pack_rgb(RowWeights& weights) {
  const ResizeFilter& filter = *weights.filter;
  weights.packed_stride = static_cast<std::size_t>(find_groups(filter, weights.groups) * step_numbers);
  weights.packed.assign(weights.packed_stride * weights.groups.size(), 0);
  for (int x = 0; x < filter.outputs().count; ++x) {
    pack_output(filter.taps(x), x % group_outputs, weights.packed.data() + static_cast<std::size_t>(x / group_outputs) * weights.packed_stride);
  }
}

void pack(RowWeights& weights) { (weights.channels == 1 ? pack_grey : pack_rgb)(weights); }

// Four sums to four bytes.
MLPIPE_AVX2 inline std::uint32_t clipped(__m128i sums) {
  const __m128i shifted = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(resize_one_half)), resize_precision_bits);
  const __m128i words = _mm_packs_epi32(shifted, shifted);
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
}

MLPIPE_AVX2 inline __m256i two_loads(const std::uint8_t* low, const std::uint8_t* high) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low))), _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
}

MLPIPE_AVX2 inline __m256i product_sums(__m256i inputs, const std::int16_t* halves) {
  return _mm256_madd_epi16(inputs, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves)));
}

// The sums of two outputs: r g b - | r g b -.
MLPIPE_AVX2 inline __m256i make_pair(const std::uint8_t* first, const std::uint8_t* second, const std::int16_t* halves, int steps) {
  const __m256i inputs_0_1 = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m256i inputs_2_3 = _mm256_broadcastsi128_si256(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  __m256i high = _mm256_setzero_si256(), low = _mm256_set1_epi32(resize_one_half);
  for (int step = 0; step < steps; ++step, halves += step_numbers) {
    const __m256i pixels = two_loads(first + step * 3 * step_inputs, second + step * 3 * step_inputs);
    const __m256i a = _mm256_shuffle_epi8(pixels, inputs_0_1), b = _mm256_shuffle_epi8(pixels, inputs_2_3);
    high = _mm256_add_epi32(high, _mm256_add_epi32(product_sums(a, halves), product_sums(b, halves + 32)));
    low = _mm256_add_epi32(low, _mm256_add_epi32(product_sums(a, halves + 16), product_sums(b, halves + 48)));
  }
  return _mm256_srai_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, low_bits), low), resize_precision_bits);
}

// Two pairs of sums to 12 bytes, and 4 zeros.
MLPIPE_AVX2 inline __m128i four_pixels(__m256i first_pair, __m256i second_pair) {
  const __m256i words = _mm256_packs_epi32(first_pair, second_pair), bytes = _mm256_packus_epi16(words, words);
  const __m128i pixels = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  return _mm_shuffle_epi8(pixels, _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
}

MLPIPE_AVX2 void make_rgb_row(const std::uint8_t* in, int first_input, const RowWeights& weights, std::uint8_t* out) {
  const std::int16_t* halves = weights.packed.data();
  int left = weights.filter->outputs().count;
  for (const auto& group : weights.groups) {
    const auto input = [&](int place) { return in + static_cast<std::ptrdiff_t>(group.first_inputs[place] - first_input) * 3; };
    const __m256i first_pair = make_pair(input(0), input(1), halves, group.steps);
    const __m256i second_pair = make_pair(input(2), input(3), halves + step_numbers / 2, group.steps);
    const __m128i pixels = four_pixels(first_pair, second_pair);
    if (left > group_outputs + 1) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), pixels);  // the next group writes over the zeros
    } else {
      alignas(16) std::uint8_t bytes[16];
      _mm_store_si128(reinterpret_cast<__m128i*>(bytes), pixels);
      std::memcpy(out, bytes, static_cast<std::size_t>(std::min(left, group_outputs)) * 3);
    }
    out += group_outputs * 3, left -= group_outputs, halves += weights.packed_stride;
  }
}

MLPIPE_AVX2 void make_grey_row(const std::uint8_t* in, int first_input, const RowWeights& weights, std::uint8_t* out) {
  const int count = weights.filter->outputs().count;
  for (int x = 0; x < count; ++x) {
    const Span inputs = weights.filter->taps(x).inputs;
    const std::uint8_t* sample = in + (inputs.first - first_input);
    const auto* weight = reinterpret_cast<const __m128i*>(weights.packed.data() + static_cast<std::size_t>(x) * weights.packed_stride);
    __m128i high = _mm_setzero_si128(), low = high;
    for (int left = inputs.count; left > 0; left -= 8, sample += 8, weight += 2) {
      const __m128i samples = _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(sample)));
      high = _mm_add_epi32(high, _mm_madd_epi16(samples, _mm_loadu_si128(weight)));
      low = _mm_add_epi32(low, _mm_madd_epi16(samples, _mm_loadu_si128(weight + 1)));
    }
    const __m128i sums = _mm_add_epi32(_mm_slli_epi32(high, low_bits), low);
    const __m128i halves = _mm_hadd_epi32(sums, sums);
    *out++ = static_cast<std::uint8_t>(clipped(_mm_hadd_epi32(halves, halves)));
  }
}

void make_row(const std::uint8_t* in, int first_input, const RowWeights& weights, std::uint8_t* out) {
  (weights.channels == 1 ? make_grey_row : make_rgb_row)(in, first_input, weights, out);
}

MLPIPE_AVX2 inline __m256i eight_bytes(const std::uint8_t* in) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in))); }

MLPIPE_AVX2 void sum_32_columns(const std::uint8_t* in, std::size_t stride, const ResizeTaps& taps, std::uint8_t* out) {
  __m256i sums[4];
  for (auto& sum : sums) sum = _mm256_set1_epi32(resize_one_half);
  for (int i = 0; i < taps.inputs.count; ++i, in += stride) {
    const __m256i weight = _mm256_set1_epi32(taps.weights[i]);
    for (int k = 0; k < 4; ++k) sums[k] = _mm256_add_epi32(sums[k], _mm256_mullo_epi32(eight_bytes(in + 8 * k), weight));
  }
  for (auto& sum : sums) sum = _mm256_srai_epi32(sum, resize_precision_bits);
  // Packing works within halves of 128 bits; the permutation puts groups of four back into their order.
  const __m256i packed = _mm256_packus_epi16(_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3]));
  const __m256i ordered = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), ordered);
}

void make_column_sums(const std::uint8_t* in, std::size_t stride, const ResizeTaps& taps, std::size_t bytes, std::uint8_t* out) {
  if (bytes < 32) return portable_kernels.make_column_sums(in, stride, taps, bytes, out);
  for (std::size_t x = 0; x + 32 <= bytes; x += 32) sum_32_columns(in + x, stride, taps, out + x);
  if (bytes % 32 != 0) sum_32_columns(in + bytes - 32, stride, taps, out + bytes - 32);
}

const ResizeKernels kernels{pack, make_row, make_column_sums};

}  // namespace

const ResizeKernels* avx2_kernels() { return __builtin_cpu_supports("avx2") ? &kernels : nullptr; }

}  // namespace mlpipe

#else

namespace mlpipe {

const ResizeKernels* avx2_kernels() { return nullptr; }

}  // namespace mlpipe

#endif
