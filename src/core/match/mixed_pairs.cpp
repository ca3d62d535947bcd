#include "mixed_pairs.h"

#include <algorithm>
#include <cmath>

#include "../base/require.h"

namespace causalsynth {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kQueries = 32;     // queries a unit
constexpr std::size_t kBatch = 512;      // queries whose candidates are looked up together
constexpr std::size_t kCandidates = 16;  // candidates a query in greedy pairs

struct Found {
  double distance;
  int row;
  bool before(const Found& other) const {
    return distance != other.distance ? distance < other.distance : row < other.row;
  }
};

// Both tables row by row.
class MixedTable {
 public:
  explicit MixedTable(const MixedRows& rows)
      : dims_(rows.queries.cols()), gower_(rows.gower), is_factor_(rows.is_factor) {
    require(rows.reference.cols() == dims_ && is_factor_.size() == dims_,
            "queries and reference must have the same columns");
    queries_ = by_row(rows.queries);
    reference_ = by_row(rows.reference);
    n_queries_ = rows.queries.rows();
    n_reference_ = rows.reference.rows();
  }
  std::size_t queries() const { return n_queries_; }
  std::size_t reference() const { return n_reference_; }

  // Infinite where no column is known on both sides.
  double distance(std::size_t query, std::size_t row) const {
    const double* a = queries_.data() + query * dims_;
    const double* b = reference_.data() + row * dims_;
    double sum = 0.0;
    std::size_t known = 0;
    for (std::size_t j = 0; j < dims_; ++j) {
      const double difference = a[j] - b[j];
      if (std::isnan(difference)) continue;
      ++known;
      if (is_factor_[j]) {
        sum += difference != 0.0 ? 1.0 : 0.0;
      } else {
        sum += gower_ ? std::fabs(difference) : difference * difference;
      }
    }
    if (known == 0) return kInfinity;
    const auto compared = static_cast<double>(known);
    if (gower_) return sum / compared;
    return std::sqrt(known == dims_ ? sum : sum * static_cast<double>(dims_) / compared);
  }

  // The nearest `size` rows that `free` allows (null: all), ascending.
  std::vector<Found> nearest(std::size_t query, std::size_t size, double max_distance,
                             const std::vector<char>* free) const {
    std::vector<Found> list;
    double bound = max_distance;
    for (std::size_t r = 0; r < n_reference_; ++r) {
      if (free != nullptr && !(*free)[r]) continue;
      const Found item{distance(query, r), static_cast<int>(r)};
      if (!(item.distance <= bound) || item.distance == kInfinity) continue;
      if (list.size() == size) {
        if (!item.before(list.back())) continue;
        list.pop_back();
      }
      list.insert(std::upper_bound(list.begin(), list.end(), item,
                                   [](const Found& x, const Found& y) { return x.before(y); }),
                  item);
      if (list.size() == size) bound = list.back().distance;
    }
    return list;
  }

 private:
  std::vector<double> by_row(MatrixView<const double> x) const {
    std::vector<double> values(x.rows() * dims_);
    for (std::size_t j = 0; j < dims_; ++j)
      for (std::size_t i = 0; i < x.rows(); ++i) values[i * dims_ + j] = x(i, j);
    return values;
  }
  std::size_t dims_, n_queries_ = 0, n_reference_ = 0;
  bool gower_;
  std::vector<unsigned char> is_factor_;
  std::vector<double> queries_, reference_;
};

// Runs body(i) for each i of [begin, end) on all threads.
template <class Body>
void for_queries(std::size_t begin, std::size_t end, const Execution& execution, const Body& body) {
  const RowBlocks units{end - begin, kQueries};
  parallel_for(units.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    for (std::size_t i = units.begin(unit); i < units.end(unit); ++i) {
      cancel.check();
      body(begin + i);
    }
  });
}

}  // namespace

void MixedOptions::validate() const {
  require(k >= 1, "at least one neighbour must be asked for");
  require(max_distance >= 0.0, "the largest distance must not be below 0");
}

MixedNeighbours nearest_mixed(const MixedRows& rows, const MixedOptions& options,
                              const Execution& execution) {
  options.validate();
  const MixedTable table(rows);
  const std::size_t n = table.queries(), k = static_cast<std::size_t>(options.k);
  MixedNeighbours result{std::vector<int>(n * k, -1), std::vector<double>(n * k, kInfinity)};
  for_queries(0, n, execution, [&](std::size_t i) {
    const std::vector<Found> list = table.nearest(i, k, options.max_distance, nullptr);
    for (std::size_t j = 0; j < list.size(); ++j) {
      result.index[i + n * j] = list[j].row;
      result.distance[i + n * j] = list[j].distance;
    }
  });
  return result;
}

MixedNeighbours greedy_mixed(const MixedRows& rows, const MixedOptions& options,
                             const Execution& execution) {
  options.validate();
  const MixedTable table(rows);
  const std::size_t n = table.queries();
  MixedNeighbours result{std::vector<int>(n, -1), std::vector<double>(n, kInfinity)};
  std::vector<char> free(table.reference(), 1);
  std::vector<std::vector<Found>> lists(std::min(kBatch, n));
  for (std::size_t begin = 0; begin < n; begin += kBatch) {
    const std::size_t end = std::min(begin + kBatch, n);
    for_queries(begin, end, execution, [&](std::size_t i) {
      lists[i - begin] = table.nearest(i, kCandidates, options.max_distance, &free);
    });
    for (std::size_t i = begin; i < end; ++i) {
      std::vector<Found>& list = lists[i - begin];
      const bool was_full = list.size() == kCandidates;
      const auto still_free = [&](const Found& item) {
        return free[static_cast<std::size_t>(item.row)] != 0;
      };
      auto chosen = std::find_if(list.begin(), list.end(), still_free);
      // All candidates are gone, and others may lie beyond them: search again.
      if (chosen == list.end() && was_full) {
        list = table.nearest(i, 1, options.max_distance, &free);
        chosen = list.begin();
      }
      if (chosen == list.end()) continue;
      result.index[i] = chosen->row;
      result.distance[i] = chosen->distance;
      free[static_cast<std::size_t>(chosen->row)] = 0;
    }
  }
  return result;
}

std::vector<double> mixed_distances(const MixedRows& rows, const Execution& execution) {
  const MixedTable table(rows);
  const std::size_t n = table.queries(), m = table.reference();
  std::vector<double> result(n * m);
  for_queries(0, n, execution, [&](std::size_t i) {
    for (std::size_t r = 0; r < m; ++r) result[i + n * r] = table.distance(i, r);
  });
  return result;
}

}  // namespace causalsynth
