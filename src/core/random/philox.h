// Philox4x32-10, a counter-based generator: Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace causalsynth {

using PhiloxBlock = std::array<std::uint32_t, 4>;

namespace philox {
constexpr std::uint32_t kMul0 = 0xD2511F53u, kMul1 = 0xCD9E8D57u;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
constexpr int kRounds = 10;
}  // namespace philox

inline PhiloxBlock philox4x32(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < philox::kRounds; ++round) {
    const std::uint64_t p0 = std::uint64_t{philox::kMul0} * counter[0];
    const std::uint64_t p1 = std::uint64_t{philox::kMul1} * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(p0)};
    key0 += philox::kWeyl0;
    key1 += philox::kWeyl1;
  }
  return counter;
}

// Four consecutive blocks, of counters (first + 0..3, high, unit0, unit1), one after another in
// `out`. `first` + 3 must not overflow. The same bits as philox4x32, two 64-bit lanes at a time.
inline void philox4x32_four(const PhiloxBlock& counter, std::uint32_t key0, std::uint32_t key1,
                            std::uint32_t* out) {
#if defined(__SSE2__)
  const __m128i mul0 = _mm_set1_epi64x(philox::kMul0), mul1 = _mm_set1_epi64x(philox::kMul1);
  const std::uint64_t first = counter[0];
  // Only the low half of each lane counts; the high one holds leftovers.
  __m128i a0 = _mm_set_epi64x(static_cast<long long>(first + 1), static_cast<long long>(first));
  __m128i b0 = _mm_set_epi64x(static_cast<long long>(first + 3), static_cast<long long>(first + 2));
  __m128i a1 = _mm_set1_epi64x(counter[1]), a2 = _mm_set1_epi64x(counter[2]),
          a3 = _mm_set1_epi64x(counter[3]), b1 = a1, b2 = a2, b3 = a3;
  for (int round = 0; round < philox::kRounds; ++round) {
    const __m128i k0 = _mm_set1_epi64x(key0), k1 = _mm_set1_epi64x(key1);
    const __m128i ap0 = _mm_mul_epu32(a0, mul0), ap1 = _mm_mul_epu32(a2, mul1);
    const __m128i bp0 = _mm_mul_epu32(b0, mul0), bp1 = _mm_mul_epu32(b2, mul1);
    a0 = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(ap1, 32), a1), k0);
    a2 = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(ap0, 32), a3), k1);
    b0 = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(bp1, 32), b1), k0);
    b2 = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(bp0, 32), b3), k1);
    a1 = ap1, a3 = ap0, b1 = bp1, b3 = bp0;
    key0 += philox::kWeyl0;
    key1 += philox::kWeyl1;
  }
  const __m128i low = _mm_set1_epi64x(0xFFFFFFFFll);
  auto join = [&](__m128i even, __m128i odd) {  // words 0 and 1, or 2 and 3, of two blocks
    return _mm_or_si128(_mm_and_si128(even, low), _mm_slli_epi64(odd, 32));
  };
  const __m128i a01 = join(a0, a1), a23 = join(a2, a3), b01 = join(b0, b1), b23 = join(b2, b3);
  auto* to = reinterpret_cast<__m128i*>(out);
  _mm_storeu_si128(to, _mm_unpacklo_epi64(a01, a23));
  _mm_storeu_si128(to + 1, _mm_unpackhi_epi64(a01, a23));
  _mm_storeu_si128(to + 2, _mm_unpacklo_epi64(b01, b23));
  _mm_storeu_si128(to + 3, _mm_unpackhi_epi64(b01, b23));
#else
  for (std::uint32_t k = 0; k < 4; ++k) {
    const PhiloxBlock block =
        philox4x32({counter[0] + k, counter[1], counter[2], counter[3]}, key0, key1);
    for (std::size_t i = 0; i < 4; ++i) out[4 * k + i] = block[i];
  }
#endif
}

}  // namespace causalsynth
