#include "assignment.h"

#include <cmath>
#include <limits>

#include "../base/require.h"

namespace causalsynth {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One row after the other is brought in along a shortest path of reduced costs, which stay at or
// above zero.
class Assignment {
 public:
  Assignment(MatrixView<const double> cost, double forbidden)
      : cost_(cost),
        forbidden_(forbidden),
        row_price_(cost.rows(), 0.0),
        column_price_(cost.cols(), 0.0),
        row_of_(cost.cols(), -1),
        column_of_(cost.rows(), -1) {}

  void add(std::size_t row) {
    const std::size_t m = cost_.cols();
    shortest_.assign(m, kInfinity);
    before_.assign(m, -1);
    done_.assign(m, 0);
    std::size_t i = row;
    double length = 0.0;
    std::vector<std::size_t> visited;
    for (;;) {
      const std::size_t j = advance(i, length);
      length = shortest_[j];
      done_[j] = 1;
      visited.push_back(j);
      if (row_of_[j] < 0) return finish(row, j, length, visited);
      i = static_cast<std::size_t>(row_of_[j]);
    }
  }

  std::vector<int> columns() const {
    std::vector<int> result(cost_.rows(), -1);
    for (std::size_t i = 0; i < cost_.rows(); ++i)
      if (cost_(i, static_cast<std::size_t>(column_of_[i])) != kInfinity) result[i] = column_of_[i];
    return result;
  }

 private:
  double cost(std::size_t i, std::size_t j) const {
    const double value = cost_(i, j);
    return value == kInfinity ? forbidden_ : value;
  }

  // Relaxes the edges of row i; the nearest column not yet done, a free one first among equals.
  std::size_t advance(std::size_t i, double length) {
    std::size_t best = cost_.cols();
    for (std::size_t j = 0; j < cost_.cols(); ++j) {
      if (done_[j]) continue;
      const double through = length + (cost(i, j) - row_price_[i] - column_price_[j]);
      if (through < shortest_[j]) {
        shortest_[j] = through;
        before_[j] = static_cast<int>(i);
      }
      const bool nearer = best == cost_.cols() || shortest_[j] < shortest_[best] ||
                          (shortest_[j] == shortest_[best] && row_of_[j] < 0 && row_of_[best] >= 0);
      if (nearer) best = j;
    }
    return best;
  }

  void finish(std::size_t row, std::size_t j, double length,
              const std::vector<std::size_t>& visited) {
    row_price_[row] += length;
    for (std::size_t v : visited) {
      const double slack = length - shortest_[v];
      column_price_[v] -= slack;
      if (row_of_[v] >= 0) row_price_[static_cast<std::size_t>(row_of_[v])] += slack;
    }
    // Back along the path: each row takes the column that led on from it.
    for (;;) {
      const int i = before_[j];
      row_of_[j] = i;
      const int left = column_of_[static_cast<std::size_t>(i)];
      column_of_[static_cast<std::size_t>(i)] = static_cast<int>(j);
      if (static_cast<std::size_t>(i) == row) return;
      j = static_cast<std::size_t>(left);
    }
  }

  MatrixView<const double> cost_;
  double forbidden_;
  std::vector<double> row_price_, column_price_, shortest_;
  std::vector<int> row_of_, column_of_, before_;
  std::vector<char> done_;
};

}  // namespace

std::vector<int> assign_pairs(MatrixView<const double> cost, const Execution& execution) {
  require(cost.rows() <= cost.cols(), "optimal pairs need at least as many columns as rows");
  double largest = 0.0;
  for (std::size_t k = 0; k < cost.rows() * cost.cols(); ++k) {
    const double value = cost.data()[k];
    require(value >= 0.0, "costs must not be below 0 or missing");
    if (value != kInfinity && value > largest) largest = value;
  }
  // Dearer than any detour over pairs that are allowed.
  const double forbidden = (largest + 1.0) * static_cast<double>(cost.rows() + 1);
  Assignment assignment(cost, forbidden);
  // One unit: the search is serial; it runs beside the calling thread, which polls its host.
  parallel_for(1, execution, [&](std::size_t, const CancelFlag& cancel) {
    for (std::size_t i = 0; i < cost.rows(); ++i) {
      cancel.check();
      assignment.add(i);
    }
  });
  return assignment.columns();
}

}  // namespace causalsynth
