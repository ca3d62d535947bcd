#include "nearest.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../base/require.h"

namespace causalsynth {
namespace {

// A tile's distances and one of its columns stay in the first-level cache.
constexpr std::size_t kTile = 256;
constexpr std::size_t kQueries = 64;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Reference rows in tiles of kTile, column by column within a tile; the last one is padded.
struct Tiles {
  explicit Tiles(const MatrixView<const double>& x)
      : rows(x.rows()), cols(x.cols()), count((x.rows() + kTile - 1) / kTile),
        values(count * kTile * x.cols(), 0.0) {
    for (std::size_t j = 0; j < cols; ++j)
      for (std::size_t i = 0; i < rows; ++i)
        values[((i / kTile) * cols + j) * kTile + i % kTile] = x(i, j);
  }
  const double* column(std::size_t tile, std::size_t j) const {
    return values.data() + (tile * cols + j) * kTile;
  }
  std::size_t filled(std::size_t tile) const { return std::min(kTile, rows - tile * kTile); }

  std::size_t rows, cols, count;
  std::vector<double> values;
};

void add_squares(double query, const double* reference, double* sum) {
  for (std::size_t i = 0; i < kTile; ++i) {
    const double difference = query - reference[i];
    sum[i] += difference * difference;
  }
}

void add_mismatches(double query, const double* reference, double* sum) {
  for (std::size_t i = 0; i < kTile; ++i) sum[i] += query != reference[i] ? 1.0 : 0.0;
}

// As above where values may be missing: counts the pairs of which both are known.
void add_observed(double query, bool is_factor, const double* reference, double* sum,
                  double* observed) {
  if (std::isnan(query)) return;
  for (std::size_t i = 0; i < kTile; ++i) {
    const double difference = query - reference[i];
    const bool known = difference == difference;
    const double term = is_factor ? (difference != 0 ? 1.0 : 0.0) : difference * difference;
    sum[i] += known ? term : 0.0;
    observed[i] += known ? 1.0 : 0.0;
  }
}

struct Nearest {
  double first = kInfinity, second = kInfinity;
  std::ptrdiff_t index = -1;
  // Rows come in ascending order, so that the first among equals stays.
  void offer(double distance, std::size_t row) {
    if (!(distance < second)) return;
    if (distance < first) {
      second = first;
      first = distance;
      index = static_cast<std::ptrdiff_t>(row);
    } else {
      second = distance;
    }
  }
};

bool has_missing(const MatrixView<const double>& x) {
  return std::any_of(x.data(), x.data() + x.rows() * x.cols(),
                     [](double value) { return std::isnan(value); });
}

void tile_distances(const NearestInput& input, const Tiles& tiles, std::size_t query,
                    std::size_t tile, double* sum) {
  std::fill(sum, sum + kTile, 0.0);
  for (std::size_t j = 0; j < tiles.cols; ++j) {
    if (input.is_factor[j])
      add_mismatches(input.queries(query, j), tiles.column(tile, j), sum);
    else
      add_squares(input.queries(query, j), tiles.column(tile, j), sum);
  }
}

void tile_distances_missing(const NearestInput& input, const Tiles& tiles, std::size_t query,
                            std::size_t tile, double* sum) {
  double observed[kTile] = {};
  std::fill(sum, sum + kTile, 0.0);
  for (std::size_t j = 0; j < tiles.cols; ++j)
    add_observed(input.queries(query, j), input.is_factor[j], tiles.column(tile, j), sum, observed);
  const double cols = static_cast<double>(tiles.cols);
  for (std::size_t i = 0; i < kTile; ++i)
    sum[i] = observed[i] > 0 ? sum[i] * (cols / observed[i]) : kInfinity;
}

}  // namespace

void nearest_rows(const NearestInput& input, const Execution& execution,
                  const NearestOutput& output) {
  const std::size_t n = input.queries.rows();
  require(input.queries.cols() == input.reference.cols() &&
              input.is_factor.size() == input.reference.cols(),
          "queries and reference must have the same columns");
  require(output.first.size() == n && output.second.size() == n && output.index.size() == n,
          "one result a query is needed");
  const Tiles tiles(input.reference);
  const bool missing = has_missing(input.queries) || has_missing(input.reference);
  const auto distances = missing ? tile_distances_missing : tile_distances;
  const RowBlocks blocks{n, kQueries};

  parallel_for(blocks.count(), execution, [&](std::size_t block, const CancelFlag& cancel) {
    const std::size_t begin = blocks.begin(block), end = blocks.end(block);
    Nearest found[kQueries];
    double sum[kTile];
    for (std::size_t tile = 0; tile < tiles.count; ++tile) {
      cancel.check();
      const std::size_t filled = tiles.filled(tile);
      for (std::size_t query = begin; query < end; ++query) {
        distances(input, tiles, query, tile, sum);
        if (input.same && query / kTile == tile) sum[query % kTile] = kInfinity;
        Nearest& best = found[query - begin];
        for (std::size_t i = 0; i < filled; ++i) best.offer(sum[i], tile * kTile + i);
      }
    }
    for (std::size_t query = begin; query < end; ++query) {
      const Nearest& best = found[query - begin];
      output.first[query] = std::sqrt(best.first);
      output.second[query] = std::sqrt(best.second);
      output.index[query] = static_cast<int>(best.index);
    }
  });
}

}  // namespace causalsynth
