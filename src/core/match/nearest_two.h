// The nearest and second nearest reference row of each query: exact, and without a matrix of all
// distances.
#pragma once
#include <cstddef>
#include <limits>
#include <vector>

#include "../base/span.h"
#include "../parallel/parallel_for.h"

namespace causalsynth {

// Like columns. Levels of a factor are codes: they differ or they do not. `same`: queries and
// reference are the same rows, and a row is not its own neighbour.
struct TwoNearestInput {
  MatrixView<const double> queries, reference;
  std::vector<unsigned char> is_factor;
  bool same = false;
};

// Infinity and -1 where there are fewer rows; `index` is the lowest row among equally near ones.
struct TwoNearest {
  std::vector<double> first, second;
  std::vector<int> index;
};

// Euclidean distance of finite numbers (no factors, nothing missing), by a k-d tree.
TwoNearest nearest_two_points(const TwoNearestInput& input, const Execution& execution);

// Euclid's distance of numbers, levels (a mismatch counts 1) and missing values (left out, the sum
// of squares scaled up), by all pairs.
TwoNearest nearest_two_mixed(const TwoNearestInput& input, const Execution& execution);

// Gower's distance: the mean over columns of min(|a - b|, 1), of 1 where levels differ or one side
// is missing (NaN), of 0 where both are.
TwoNearest nearest_two_gower(const TwoNearestInput& input, const Execution& execution);

// The two best of the rows offered, in any order.
struct BestTwo {
  double first = std::numeric_limits<double>::infinity();
  double second = std::numeric_limits<double>::infinity();
  int index = -1;
  void offer(double distance, int row) {
    if (!(distance <= second)) return;
    if (distance < first || (distance == first && row < index)) {
      second = first;
      first = distance;
      index = row;
    } else {
      second = distance;
    }
  }
};

}  // namespace causalsynth
