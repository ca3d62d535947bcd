// Keyed random streams. One 64-bit key per call of the user; every unit of work
// (tree, row block, fold, replicate) has a stream of its own, so that results
// do not depend on how units are spread over threads or workers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "../base/span.h"
#include "philox.h"

namespace causalsynth {

// Bijective full mix of 64 bits (the finaliser of SplitMix64).
std::uint64_t mix64(std::uint64_t x);
// A new key from a key, a tag (which part of the program) and an index.
std::uint64_t derive_key(std::uint64_t key, std::uint64_t tag, std::uint64_t index);

// Tags of the modules that draw; a value is never reused for something else.
enum class StreamTag : std::uint64_t {
  mechanism = 1,
  tree = 2,
  fold = 3,
  generator = 4,
  bootstrap = 7,
  rows = 8,
  uniforms = 9,
  honest = 10,
  importance = 20,
  copula = 30,
  gan = 40,
  row_lm = 45,
  test = 99
};

class Stream {
 public:
  Stream(std::uint64_t key, StreamTag tag, std::uint64_t unit);

  std::uint32_t bits32() {
    if (used_ == kBuffer) refill();
    return buffer_[used_++];
  }
  std::uint64_t bits64() {
    const std::uint64_t high = bits32();
    return (high << 32) | bits32();
  }
  // In the open interval (0, 1), 53 bits: never 0, never 1.
  double uniform() { return (static_cast<double>(bits64() >> 12) + 0.5) * 0x1.0p-52; }
  double normal();  // inverse distribution function: one uniform a draw
  // Unbiased integer in [0, bound): Lemire's multiply and reject.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{bits32()} * bound;
    auto low = static_cast<std::uint32_t>(product);
    if (low < bound) {
      const std::uint32_t floor = (0u - bound) % bound;
      while (low < floor) {
        product = std::uint64_t{bits32()} * bound;
        low = static_cast<std::uint32_t>(product);
      }
    }
    return static_cast<std::uint32_t>(product >> 32);
  }
  // Index drawn in proportion to non-negative weights, given their cumulative sums (the last is
  // positive).
  std::size_t choose(Span<const double> cumulative);

  template <class T>
  void shuffle(Span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[below(static_cast<std::uint32_t>(i))]);
  }

 private:
  void refill();
  std::uint32_t key0_, key1_, unit0_, unit1_;
  std::uint64_t next_ = 0;  // block, a multiple of four: its low half does not overflow within four
  static constexpr int kBuffer = 16;
  std::uint32_t buffer_[kBuffer];
  int used_ = kBuffer;
};

// Standard normal quantile function (Wichura 1988, algorithm AS 241, PPND16).
double normal_quantile(double p);
double normal_cdf(double z);

}  // namespace causalsynth
