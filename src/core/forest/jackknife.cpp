#include "jackknife.h"

#include <Eigen/Dense>
#include <algorithm>

#include "bootstrap.h"
#include "code_block.h"

namespace causalsynth {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Counts = Eigen::Matrix<std::uint32_t, Eigen::Dynamic, Eigen::Dynamic>;

// What is held at a time: numbers of tree predictions and of bag counts.
constexpr std::size_t kPredictions = std::size_t{1} << 23, kCounts = std::size_t{1} << 25;
constexpr Index kTile = 256, kValues = 32;

// One row a unit that bags draw: each row, or the first of each cluster.
std::vector<std::uint32_t> unit_rows(const Forest& forest) {
  std::vector<std::uint32_t> result;
  const auto& clusters = forest.sampling.clusters;
  std::vector<bool> seen(forest.rows, false);
  for (std::uint32_t i = 0; i < forest.rows; ++i) {
    const std::uint32_t unit = clusters.empty() ? i : clusters[i];
    if (!seen[unit]) result.push_back(i);
    seen[unit] = true;
  }
  return result;
}

// Bag counts of a range of units, units x trees.
class UnitCounts {
 public:
  explicit UnitCounts(const Forest& forest)
      : trees_(forest.trees.size()),
        rows_(unit_rows(forest)),
        bags_(forest.options, forest.sampling, forest.rows) {}

  std::size_t units() const { return rows_.size(); }
  std::size_t bag_size() const { return bags_.draws(); }
  RowBlocks ranges() const { return {units(), std::max<std::size_t>(kTile, kCounts / trees_)}; }
  void load(std::size_t begin, std::size_t end, const Execution& execution) {
    if (begin == begin_ && end == end_) return;
    begin_ = begin, end_ = end;
    counts_.resize(static_cast<Index>(end - begin), static_cast<Index>(trees_));
    parallel_for(trees_, execution, [&](std::size_t t, const CancelFlag& cancel) {
      cancel.check();
      std::vector<std::uint32_t> bag;
      bags_.draw(t, bag);
      for (std::size_t u = begin; u < end; ++u)
        counts_(static_cast<Index>(u - begin), static_cast<Index>(t)) = bag[rows_[u]];
    });
  }
  const Counts& counts() const { return counts_; }

  // Sum over the range's units of the variance over trees.
  double variance() const {
    double sum = 0.0;
    const auto trees = static_cast<double>(trees_);
    for (Index u = 0; u < counts_.rows(); u += kTile) {
      const Matrix tile = counts_.middleRows(u, std::min(kTile, counts_.rows() - u)).cast<double>();
      sum += tile.squaredNorm() / trees - (tile.rowwise().sum() / trees).squaredNorm();
    }
    return sum;
  }

 private:
  std::size_t trees_, begin_ = 0, end_ = 0;
  std::vector<std::uint32_t> rows_;
  Bags bags_;
  Counts counts_;
};

// Predictions of each tree less their mean: trees x values, for rows begin..end-1.
Matrix centred_predictions(const Forest& forest, const CodedFrame& data, const RowBlocks& panel,
                           std::size_t number, const Execution& execution) {
  const std::size_t begin = panel.begin(number), rows = panel.end(number) - begin;
  const std::size_t width = forest.width;
  Matrix result(static_cast<Index>(forest.trees.size()), static_cast<Index>(rows * width));
  const RowBlocks blocks{rows, 64};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    const std::size_t from = blocks.begin(b), to = blocks.end(b);
    const CodeBlock codes(data, begin + from, begin + to);
    for (std::size_t t = 0; t < forest.trees.size(); ++t) {
      if (t % 64 == 0) cancel.check();
      const Tree& tree = forest.trees[t];
      for (std::size_t i = from; i < to; ++i) {
        const double* value = tree.value(leaf_of(tree, codes.row(i - from)), width);
        for (std::size_t k = 0; k < width; ++k)
          result(static_cast<Index>(t), static_cast<Index>(i * width + k)) = value[k];
      }
    }
    auto own = result.middleCols(static_cast<Index>(from * width),
                                 static_cast<Index>((to - from) * width));
    own.rowwise() -= own.colwise().mean().eval();
  });
  return result;
}

// Adds to `sums` the squared norms of the columns of counts * predictions / trees.
void add_squares(const Counts& counts, const Matrix& predictions, double* sums,
                 const Execution& execution) {
  const Index values = predictions.cols(), trees = predictions.rows();
  const RowBlocks blocks{static_cast<std::size_t>(values), static_cast<std::size_t>(kValues)};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    const auto first = static_cast<Index>(blocks.begin(b));
    const Index width = static_cast<Index>(blocks.end(b)) - first;
    Matrix tile, covariance;
    for (Index u = 0; u < counts.rows(); u += kTile) {
      cancel.check();
      const Index height = std::min(kTile, counts.rows() - u);
      covariance.setZero(height, width);
      for (Index t = 0; t < trees; t += kTile) {
        const Index depth = std::min(kTile, trees - t);
        tile = counts.block(u, t, height, depth).cast<double>();
        covariance.noalias() += tile * predictions.block(t, first, depth, width);
      }
      covariance /= static_cast<double>(trees);
      for (Index v = 0; v < width; ++v) sums[first + v] += covariance.col(v).squaredNorm();
    }
  });
}

double without_replacement_factor(double units, double draws) {
  const double rest = units / (units - draws);
  return (units - 1.0) / units * rest * rest;
}

}  // namespace

std::vector<double> jackknife_variance(const Forest& forest, const Frame& x,
                                       const Execution& execution) {
  UnitCounts units(forest);
  const std::size_t trees = forest.trees.size(), width = forest.width;
  const ForestOptions& options = forest.options;
  require(trees >= 2, "standard errors need at least two trees");
  require(options.replace || units.bag_size() < units.units(), "bags must leave rows out");
  require(options.replace || forest.sampling.weights.empty(),
          "weighted bags must be drawn with replacement");
  const CodedFrame data = forest.quantiser.encode(x, execution);
  std::vector<double> result(x.rows() * width, 0.0);
  const RowBlocks panels{x.rows(), std::max<std::size_t>(1, kPredictions / trees / width)};
  const RowBlocks ranges = units.ranges();
  double count_variance = 0.0;
  for (std::size_t p = 0; p < panels.count(); ++p) {
    const Matrix predictions = centred_predictions(forest, data, panels, p, execution);
    double* own = result.data() + panels.begin(p) * width;
    for (std::size_t r = 0; r < ranges.count(); ++r) {
      units.load(ranges.begin(r), ranges.end(r), execution);
      if (p == 0) count_variance += units.variance();
      add_squares(units.counts(), predictions, own, execution);
    }
    const double scale = static_cast<double>(trees) * static_cast<double>(trees);
    for (Index v = 0; v < predictions.cols(); ++v)
      own[v] -= count_variance * predictions.col(v).squaredNorm() / scale;
  }
  if (!options.replace) {
    const double factor = without_replacement_factor(static_cast<double>(units.units()),
                                                     static_cast<double>(units.bag_size()));
    for (double& variance : result) variance *= factor;
  }
  return result;
}

std::vector<int> bag_counts(const Forest& forest, const Execution& execution) {
  const Bags bags(forest.options, forest.sampling, forest.rows);
  std::vector<int> result(forest.rows * forest.trees.size());
  parallel_for(forest.trees.size(), execution, [&](std::size_t t, const CancelFlag&) {
    std::vector<std::uint32_t> counts;
    bags.draw(t, counts);
    std::copy(counts.begin(), counts.end(),
              result.begin() + static_cast<std::ptrdiff_t>(t * forest.rows));
  });
  return result;
}

}  // namespace causalsynth
