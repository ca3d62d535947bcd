#include "radix_sort.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace causalsynth {
namespace {

constexpr int kDigitBits = 11, kPasses = 6;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

// Maps doubles to integers in the same order: flips all bits of negatives, the sign of others.
std::uint64_t ordered_bits(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits ^ ((bits >> 63) ? ~std::uint64_t{0} : std::uint64_t{1} << 63);
}

double from_ordered_bits(std::uint64_t bits) {
  bits ^= (bits >> 63) ? std::uint64_t{1} << 63 : ~std::uint64_t{0};
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

void radix_sort(std::vector<double>& values) {
  const std::size_t n = values.size();
  if (n < 2048) {
    std::sort(values.begin(), values.end());
    return;
  }
  std::vector<std::uint64_t> from(n), to(n);
  std::vector<std::array<std::size_t, kDigits>> counts(kPasses);
  for (auto& pass : counts) pass.fill(0);
  for (std::size_t i = 0; i < n; ++i) {
    from[i] = ordered_bits(values[i]);
    for (int pass = 0; pass < kPasses; ++pass)
      ++counts[pass][(from[i] >> (kDigitBits * pass)) & (kDigits - 1)];
  }
  for (int pass = 0; pass < kPasses; ++pass) {
    std::size_t start = 0;
    for (auto& count : counts[pass]) {
      const std::size_t size = count;
      count = start;
      start += size;
    }
    for (const std::uint64_t key : from)
      to[counts[pass][(key >> (kDigitBits * pass)) & (kDigits - 1)]++] = key;
    from.swap(to);
  }
  for (std::size_t i = 0; i < n; ++i) values[i] = from_ordered_bits(from[i]);
}

}  // namespace causalsynth
