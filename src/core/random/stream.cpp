#include "stream.h"

#include <algorithm>
#include <cmath>

namespace causalsynth {

std::uint64_t mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

std::uint64_t derive_key(std::uint64_t key, std::uint64_t tag, std::uint64_t index) {
  // Nested, so that (key, tag, index) and its permutations give unlike results.
  return mix64(mix64(mix64(key) ^ tag) ^ mix64(index + 0x632BE59BD9B4E019ull));
}

// cppcheck-suppress uninitMemberVar ; the buffer is filled before its first number is taken
Stream::Stream(std::uint64_t key, StreamTag tag, std::uint64_t unit) {
  const std::uint64_t k = derive_key(key, static_cast<std::uint64_t>(tag), unit);
  const std::uint64_t u = mix64(k ^ mix64(unit));
  key0_ = static_cast<std::uint32_t>(k);
  key1_ = static_cast<std::uint32_t>(k >> 32);
  unit0_ = static_cast<std::uint32_t>(u);
  unit1_ = static_cast<std::uint32_t>(u >> 32);
}

void Stream::refill() {
  philox4x32_four(
      {static_cast<std::uint32_t>(next_), static_cast<std::uint32_t>(next_ >> 32), unit0_, unit1_},
      key0_, key1_, buffer_);
  next_ += 4;
  used_ = 0;
}

double Stream::normal() {
  return normal_quantile(uniform());
}

std::size_t Stream::choose(Span<const double> cumulative) {
  const double target = uniform() * cumulative[cumulative.size() - 1];
  const double* found = std::upper_bound(cumulative.begin(), cumulative.end(), target);
  return std::min<std::size_t>(found - cumulative.begin(), cumulative.size() - 1);
}

}  // namespace causalsynth
