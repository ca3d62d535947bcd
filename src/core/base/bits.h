#pragma once
#include <cstdint>

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

}  // namespace causalsynth
