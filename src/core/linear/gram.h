// X'WX for many W, in single precision: good enough where it only directs steps (ridge.h), and
// twice as fast as in double.
#pragma once
#include <vector>

#include "core/base/span.h"

namespace causalsynth {

class WeightedGram {
 public:
  explicit WeightedGram(const MatrixView<const double>& x);
  // Lower triangle, column-major, of the columns of x.
  std::vector<double> operator()(const std::vector<double>& weights) const;

 private:
  std::size_t rows_, columns_, panels_;
  std::vector<float> packed_;  // panels of kPanel columns, row after row
};

}  // namespace causalsynth
