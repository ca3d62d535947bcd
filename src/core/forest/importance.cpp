#include "importance.h"

#include <algorithm>
#include <cmath>

#include "bootstrap.h"
#include "code_block.h"

namespace causalsynth {
namespace {

// Sums by column, kept sparse: a tree may split a few of many columns.
TreeImportance by_column(std::vector<std::pair<std::uint32_t, double>> parts) {
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  TreeImportance result;
  for (const auto& part : parts) {
    if (result.empty() || result.back().first != part.first)
      result.push_back(part);
    else
      result.back().second += part.second;
  }
  return result;
}

}  // namespace

// With the node's sums S of weight W and the left child's s of weight w, W times the decrease of
// impurity is |s W - S w|^2 / (W w (W - w)).
TreeImportance split_gains(const GrownTree& tree, std::size_t width, std::uint32_t size) {
  std::vector<std::pair<std::uint32_t, double>> parts;
  std::vector<std::uint32_t> pending{0};
  const double all = tree.fill_weight(0);
  while (!pending.empty()) {
    const std::uint32_t at = pending.back();
    pending.pop_back();
    const Node& node = tree.nodes[at];
    if (node.leaf() || tree.weights[at] <= size) continue;
    const std::uint32_t left = node.left();
    const double weight = tree.fill_weight(at), below = tree.fill_weight(left);
    double distance = 0.0;
    for (std::size_t k = 0; k < width; ++k) {
      const double d = tree.sums[left * width + k] * weight - tree.sums[at * width + k] * below;
      distance += d * d;
    }
    parts.push_back({node.column, distance / (weight * below * (weight - below)) / all});
    pending.push_back(left + 1);
    pending.push_back(left);
  }
  return by_column(std::move(parts));
}

GainRecord::GainRecord(const ForestOptions& options)
    : sizes_(options.min_node_size), wanted_(options.importance == ImportanceKind::impurity) {
  if (wanted_)
    trees_.assign(sizes_.size(),
                  std::vector<TreeImportance>(static_cast<std::size_t>(options.trees)));
}

void GainRecord::note(std::size_t t, const GrownTree& tree, std::size_t width) {
  for (std::size_t c = 0; c < trees_.size(); ++c)
    trees_[c][t] = split_gains(tree, width, static_cast<std::uint32_t>(sizes_[c]));
}

std::vector<double> GainRecord::means(int node_size, std::size_t columns) const {
  std::vector<double> result(columns, 0.0);
  const auto& trees = trees_[std::find(sizes_.begin(), sizes_.end(), node_size) - sizes_.begin()];
  for (const TreeImportance& tree : trees)
    for (const auto& part : tree) result[part.first] += part.second;
  for (double& value : result) value /= static_cast<double>(trees.size());
  return result;
}

namespace {

// What shuffling the columns does to one tree's left-out rows.
class TreeShuffler {
 public:
  TreeShuffler(const Forest& forest, const CodeBlock& codes, Span<const double> y)
      : forest_(forest), codes_(codes), y_(y) {}

  // Increase of the squared error by column; empty if the tree leaves no row out.
  TreeImportance measure(std::size_t number, const Bags& bags) {
    std::vector<std::uint32_t> counts;
    bags.draw(number, counts);
    for (std::uint32_t row = 0; row < counts.size(); ++row)
      if (counts[row] == 0 && weight(row) > 0.0) {
        rows_.push_back(row);
        weight_ += weight(row);
      }
    const Tree& tree = forest_.trees[number];
    std::vector<std::uint16_t> columns;
    for (const Node& node : tree.nodes)
      if (!node.leaf()) columns.push_back(node.column);
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    TreeImportance result;
    if (rows_.empty()) return result;
    walk_all(tree);
    const std::uint64_t key =
        derive_key(forest_.options.key, static_cast<std::uint64_t>(StreamTag::importance), number);
    for (std::uint16_t column : columns) result.push_back({column, increase(tree, column, key)});
    return result;
  }
  bool left_some_out() const { return !rows_.empty(); }

 private:
  // Losses as they are, and which columns each row meets on its way (modulo 64).
  void walk_all(const Tree& tree) {
    losses_.resize(rows_.size());
    met_.assign(rows_.size(), 0);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::uint16_t* codes = codes_.row(rows_[i]);
      std::uint32_t at = 0;
      while (!tree.nodes[at].leaf()) {
        const Node& node = tree.nodes[at];
        met_[i] |= std::uint64_t{1} << (node.column & 63);
        at = node.left() + tree.goes_right(at, codes[node.column]);
      }
      losses_[i] = loss(tree, at, rows_[i]);
    }
  }

  double increase(const Tree& tree, std::uint16_t column, std::uint64_t key) {
    std::vector<std::uint32_t> from(rows_);
    Stream stream(key, StreamTag::importance, column);
    stream.shuffle(Span<std::uint32_t>(from));
    double sum = 0.0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!((met_[i] >> (column & 63)) & 1)) continue;
      const std::uint16_t* codes = codes_.row(rows_[i]);
      const std::uint16_t shuffled = codes_.row(from[i])[column];
      if (codes[column] == shuffled) continue;
      std::uint32_t at = 0;
      while (!tree.nodes[at].leaf()) {
        const Node& node = tree.nodes[at];
        at = node.left() +
             tree.goes_right(at, node.column == column ? shuffled : codes[node.column]);
      }
      sum += weight(rows_[i]) * (loss(tree, at, rows_[i]) - losses_[i]);
    }
    return sum / weight_;
  }

  double weight(std::uint32_t row) const {
    return forest_.sampling.weights.empty() ? 1.0 : forest_.sampling.weights[row];
  }

  double loss(const Tree& tree, std::uint32_t leaf, std::uint32_t row) const {
    const double* value = tree.value(leaf, forest_.width);
    double sum = 0.0;
    for (std::size_t k = 0; k < forest_.width; ++k) {
      const double truth = forest_.width == 1 ? y_[row] : (y_[row] == static_cast<double>(k));
      sum += (value[k] - truth) * (value[k] - truth);
    }
    return sum;
  }

  const Forest& forest_;
  const CodeBlock& codes_;
  Span<const double> y_;
  double weight_ = 0.0;  // of rows_
  std::vector<std::uint32_t> rows_;
  std::vector<double> losses_;
  std::vector<std::uint64_t> met_;
};

}  // namespace

ColumnImportance permutation_importance(const Forest& forest, const CodedFrame& data,
                                        Span<const double> y, const Execution& execution) {
  require(forest.options.out_of_bag, "permutation importance needs out-of-bag rows");
  const std::size_t n = forest.trees.size(), columns = data.columns.size();
  const CodeBlock codes(data, 0, data.rows);
  const Bags bags(forest.options, forest.sampling, data.rows);
  std::vector<TreeImportance> trees(n);
  std::vector<char> used(n, 0);  // bags may hold all rows
  parallel_for(n, execution, [&](std::size_t t, const CancelFlag& cancel) {
    cancel.check();
    TreeShuffler shuffler(forest, codes, y);
    trees[t] = shuffler.measure(t, bags);
    used[t] = shuffler.left_some_out();
  });
  const double count = static_cast<double>(std::count(used.begin(), used.end(), 1));
  ColumnImportance result{std::vector<double>(columns, 0.0), std::vector<double>(columns, 0.0)};
  for (const TreeImportance& tree : trees)
    for (const auto& part : tree) result.value[part.first] += part.second / count;
  // A tree that does not split the column has the difference 0.
  std::vector<double> squares(columns, 0.0), split(columns, 0.0);
  for (const TreeImportance& tree : trees)
    for (const auto& part : tree) {
      const double d = part.second - result.value[part.first];
      squares[part.first] += d * d;
      ++split[part.first];
    }
  for (std::size_t j = 0; j < columns; ++j) {
    squares[j] += (count - split[j]) * result.value[j] * result.value[j];
    result.error[j] = std::sqrt(squares[j] / (count - 1.0) / count);  // NaN of a single tree
  }
  return result;
}

CodedFrame with_shuffled_copies(const CodedFrame& data, std::uint64_t key) {
  std::vector<std::uint32_t> from(data.rows);
  for (std::uint32_t i = 0; i < from.size(); ++i) from[i] = i;
  Stream stream(key, StreamTag::importance, 0);
  stream.shuffle(Span<std::uint32_t>(from));
  CodedFrame result = data;
  for (const CodedColumn& column : data.columns) {
    CodedColumn copy = column;
    for (std::size_t i = 0; i < column.narrow.size(); ++i) copy.narrow[i] = column.narrow[from[i]];
    for (std::size_t i = 0; i < column.wide.size(); ++i) copy.wide[i] = column.wide[from[i]];
    result.columns.push_back(std::move(copy));
  }
  return result;
}

ForestOptions copies_options(const ForestOptions& options, std::size_t columns) {
  ForestOptions result = options;
  result.importance = ImportanceKind::impurity;
  result.out_of_bag = false;
  result.key = derive_key(options.key, static_cast<std::uint64_t>(StreamTag::importance), 0);
  if (result.mtry == 0)
    result.mtry = std::max(1, static_cast<int>(std::sqrt(static_cast<double>(columns))));
  return result;
}

std::vector<double> less_copies(const std::vector<double>& gains) {
  const std::size_t n = gains.size() / 2;
  std::vector<double> result(n);
  for (std::size_t j = 0; j < n; ++j) result[j] = gains[j] - gains[n + j];
  return result;
}

}  // namespace causalsynth
