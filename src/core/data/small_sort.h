// Sorting networks for up to eight words: no branch depends on the values.
#pragma once
#include <cstddef>
#include <cstdint>

namespace causalsynth {

constexpr std::size_t kSmallSort = 8;

namespace small_sort {

inline void exchange(std::uint32_t* x, int i, int j) {
  const std::uint32_t a = x[i], b = x[j];
  const std::uint32_t change = (a ^ b) & (0u - static_cast<std::uint32_t>(a > b));
  x[i] = a ^ change;
  x[j] = b ^ change;
}

inline void four(std::uint32_t* x) {
  exchange(x, 0, 1), exchange(x, 2, 3), exchange(x, 0, 2), exchange(x, 1, 3), exchange(x, 1, 2);
}

// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2).
inline void eight(std::uint32_t* x) {
  four(x);
  four(x + 4);
  exchange(x, 0, 4), exchange(x, 1, 5), exchange(x, 2, 6), exchange(x, 3, 7);
  exchange(x, 2, 4), exchange(x, 3, 5);
  exchange(x, 1, 2), exchange(x, 3, 4), exchange(x, 5, 6);
}

}  // namespace small_sort

// Sorts x[0..n-1], n at most kSmallSort; x has room for kSmallSort words.
inline void sort_few(std::uint32_t* x, std::size_t n) {
  const std::size_t width = n <= 4 ? 4 : kSmallSort;
  for (std::size_t i = n; i < width; ++i) x[i] = ~std::uint32_t{0};
  if (n <= 4)
    small_sort::four(x);
  else
    small_sort::eight(x);
}

}  // namespace causalsynth
