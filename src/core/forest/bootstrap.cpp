#include "bootstrap.h"

#include <algorithm>
#include <cmath>

#include "../random/stream.h"

namespace causalsynth {

std::size_t bag_size(const ForestOptions& options, std::size_t rows) {
  return static_cast<std::size_t>(
      std::max(1.0, std::round(options.sample_fraction * static_cast<double>(rows))));
}

void draw_bag(const ForestOptions& options, std::size_t tree, std::vector<std::uint32_t>& counts) {
  Stream stream(options.key, StreamTag::bootstrap, tree);
  const auto n = static_cast<std::uint32_t>(counts.size());
  const auto draws = static_cast<std::uint32_t>(bag_size(options, n));
  std::fill(counts.begin(), counts.end(), 0u);
  if (options.replace) {
    for (std::uint32_t i = 0; i < draws; ++i) ++counts[stream.below(n)];
    return;
  }
  // Floyd's sampling without replacement.
  for (std::uint32_t i = n - draws; i < n; ++i) {
    const std::uint32_t candidate = stream.below(i + 1);
    counts[counts[candidate] ? i : candidate] = 1;
  }
}

}  // namespace causalsynth
