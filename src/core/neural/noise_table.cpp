#include "noise_table.h"

#include <cmath>

namespace causalsynth {

NoiseTable::NoiseTable(double (*quantile)(double)) {
  for (std::size_t k = 0; k < kSize; ++k)
    values_[k] = static_cast<float>(quantile((static_cast<double>(k) + 0.5) / kSize));
}

const NoiseTable& NoiseTable::normal() {
  static const NoiseTable table(normal_quantile);
  return table;
}

const NoiseTable& NoiseTable::gumbel() {
  static const NoiseTable table(+[](double u) { return -std::log(-std::log(u)); });
  return table;
}

}  // namespace causalsynth
