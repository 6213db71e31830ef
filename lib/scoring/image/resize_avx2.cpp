// 22 bits do not fit the 16-bit multiplies, which are the quick ones: rows are made with each weight cut into two halves of 11 bits,
// w = high * 2048 + low, whose sums of products are exact in 32 bits. Columns use 32-bit products.
#include "scoring/image/resize_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#define MLPIPE_AVX2 __attribute__((target("avx2")))

namespace mlpipe {
namespace {

constexpr int low_bits = 11;

// What one step of make_row takes: of RGB 4 samples in 16 pairs of products, of L 8 samples.
constexpr int samples_a_step(int channels) { return channels == 1 ? 8 : 4; }
constexpr int lanes(int channels) { return channels == 1 ? 8 : 16; }

int step_count(int samples, int channels) { return (samples + samples_a_step(channels) - 1) / samples_a_step(channels); }

// The sample that stands in a lane: RGB pixels lie as r0 r1 g0 g1 b0 b1 - -, r2 r3 g2 g3 b2 b3 - -; L ones in their order.
int sample_in_lane(int lane, int channels) {
  if (channels == 1) return lane;
  return lane % 8 >= 6 ? -1 : lane / 8 * 2 + lane % 2;
}

// For each step the high halves of all lanes, then the low ones.
void pack(RowWeights& weights) {
  const ResizeFilter& filter = *weights.filter;
  const int channels = weights.channels, width = lanes(channels);
  weights.packed_stride = static_cast<std::size_t>(step_count(static_cast<int>(filter.most_taps()), channels) * 2 * width);
  weights.packed.assign(weights.packed_stride * static_cast<std::size_t>(filter.outputs().count), 0);
  for (int x = 0; x < filter.outputs().count; ++x) {
    const ResizeTaps taps = filter.taps(x);
    std::int16_t* out = weights.packed.data() + static_cast<std::size_t>(x) * weights.packed_stride;
    for (int step = 0; step < step_count(taps.inputs.count, channels); ++step, out += 2 * width) {
      for (int lane = 0; lane < width; ++lane) {
        const int sample = sample_in_lane(lane, channels), tap = step * samples_a_step(channels) + sample;
        if (sample < 0 || tap >= taps.inputs.count) continue;
        out[lane] = static_cast<std::int16_t>(taps.weights[tap] >> low_bits);
        out[width + lane] = static_cast<std::int16_t>(taps.weights[tap] & ((1 << low_bits) - 1));
      }
    }
  }
}

// Four sums to four bytes.
MLPIPE_AVX2 inline std::uint32_t clipped(__m128i sums) {
  const __m128i shifted = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(resize_one_half)), resize_precision_bits);
  const __m128i words = _mm_packs_epi32(shifted, shifted);
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
}

MLPIPE_AVX2 void make_rgb_row(const std::uint8_t* in, int first_input, const RowWeights& weights, std::uint8_t* out) {
  const __m256i order = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  const int count = weights.filter->outputs().count;
  for (int x = 0; x < count; ++x, out += 3) {
    const Span inputs = weights.filter->taps(x).inputs;
    const std::uint8_t* sample = in + static_cast<std::ptrdiff_t>(inputs.first - first_input) * 3;
    const auto* weight = reinterpret_cast<const __m256i*>(weights.packed.data() + static_cast<std::size_t>(x) * weights.packed_stride);
    __m256i high = _mm256_setzero_si256(), low = high;
    for (int left = inputs.count; left > 0; left -= 4, sample += 12, weight += 2) {
      const __m256i pixels = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sample)));
      const __m256i pairs = _mm256_shuffle_epi8(pixels, order);
      high = _mm256_add_epi32(high, _mm256_madd_epi16(pairs, _mm256_loadu_si256(weight)));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(pairs, _mm256_loadu_si256(weight + 1)));
    }
    const __m256i sums = _mm256_add_epi32(_mm256_slli_epi32(high, low_bits), low);
    const std::uint32_t pixel = clipped(_mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1)));
    std::memcpy(out, &pixel, 3);
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
