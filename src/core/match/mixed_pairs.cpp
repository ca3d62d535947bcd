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

class MixedTable {
 public:
  explicit MixedTable(const MixedRows& rows)
      : dims_(rows.queries.cols()), n_queries_(rows.queries.rows()), gower_(rows.gower),
        queries_(row_major(rows.queries)), tiles_(rows) {}
  std::size_t queries() const { return n_queries_; }
  std::size_t reference() const { return tiles_.rows(); }

  // Calls take(row, distance) for every reference row, in order.
  template <class Take>
  void each(std::size_t query, const Take& take) const {
    double found[MixedTiles::kTile];
    for (std::size_t tile = 0; tile < tiles_.count(); ++tile) {
      tiles_.measure(queries_.data() + query * dims_, tile, found);
      if (!gower_)
        for (double& value : found) value = std::sqrt(value);
      const std::size_t first = tile * MixedTiles::kTile, filled = tiles_.filled(tile);
      for (std::size_t i = 0; i < filled; ++i) take(first + i, found[i]);
    }
  }

  // The nearest `size` rows that `free` allows (null: all), ascending.
  std::vector<Found> nearest(std::size_t query, std::size_t size, double max_distance,
                             const std::vector<char>* free) const {
    std::vector<Found> list;
    double bound = max_distance;
    each(query, [&](std::size_t row, double distance) {
      if (!(distance <= bound) || distance == kInfinity) return;
      if (free != nullptr && !(*free)[row]) return;
      const Found item{distance, static_cast<int>(row)};
      if (list.size() == size) {
        if (!item.before(list.back())) return;
        list.pop_back();
      }
      list.insert(std::upper_bound(list.begin(), list.end(), item,
                                   [](const Found& x, const Found& y) { return x.before(y); }),
                  item);
      if (list.size() == size) bound = list.back().distance;
    });
    return list;
  }

 private:
  std::size_t dims_, n_queries_;
  bool gower_;
  std::vector<double> queries_;
  MixedTiles tiles_;
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
    table.each(i, [&](std::size_t row, double distance) { result[i + n * row] = distance; });
  });
  return result;
}

}  // namespace causalsynth
