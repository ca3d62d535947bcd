// Noise of the networks: normal and Gumbel numbers as one of 65,536 equally likely ones, two from
// 32 random bits. Enough for what a network transforms further, and no logarithm a number.
#pragma once
#include <cstddef>

#include "../random/stream.h"

namespace causalsynth {

class NoiseTable {
 public:
  static const NoiseTable& normal();
  static const NoiseTable& gumbel();  // -log(-log(u)), at most 11.8

  template <class T>
  void fill(T* to, std::size_t n, Stream& stream) const {
    std::size_t k = 0;
    for (; k + 2 <= n; k += 2) {
      const std::uint32_t bits = stream.bits32();
      to[k] = static_cast<T>(values_[bits & 0xFFFFu]);
      to[k + 1] = static_cast<T>(values_[bits >> 16]);
    }
    if (k < n) to[k] = static_cast<T>(values_[stream.bits32() & 0xFFFFu]);
  }

 private:
  static constexpr std::size_t kSize = 65536;
  explicit NoiseTable(double (*quantile)(double));
  float values_[kSize];
};

}  // namespace causalsynth
