#pragma once
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace causalsynth {

// Index of the lowest set bit; the word must not be 0.
inline int lowest_bit(std::uint64_t word) {
#if defined(__GNUC__) || defined(__clang__)
  return __builtin_ctzll(word);
#else
  int bit = 0;
  while (!((word >> bit) & 1)) ++bit;
  return bit;
#endif
}

// Bit k says whether byte k of 64 is 1; the bytes are 0 or 1.
inline std::uint64_t pack_bytes(const unsigned char* bytes) {
  std::uint64_t word = 0;
#if defined(__SSE2__)
  for (int part = 0; part < 4; ++part) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + part);
    const int bits = _mm_movemask_epi8(_mm_cmpgt_epi8(block, _mm_setzero_si128()));
    word |= static_cast<std::uint64_t>(static_cast<unsigned>(bits)) << (16 * part);
  }
#else
  for (int k = 0; k < 64; ++k) word |= static_cast<std::uint64_t>(bytes[k]) << k;
#endif
  return word;
}

}  // namespace causalsynth
