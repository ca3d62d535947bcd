#include "leaf_forest.h"

#include <algorithm>
#include <cmath>

namespace causalsynth {
namespace {

constexpr double kWhole = 65535.0;

// A cut between bins of the forest's quantiser as one between codes.
void move_cut(Node& node, const std::vector<double>& cuts) {
  if (node.cut == 0) return;
  const double cut = node.cut <= cuts.size() ? std::floor(cuts[node.cut - 1]) : 65534.0;
  node.cut = static_cast<std::uint16_t>(cut);
}

}  // namespace

LeafForest::LeafForest(const Forest& forest, std::size_t width) : width_(width) {
  const auto& columns = forest.quantiser.columns();
  for (const Tree& tree : forest.trees) {
    LeafTree own;
    static_cast<Splits&>(own) = tree;
    for (Node& node : own.nodes)
      if (!node.leaf() && !node.factor()) move_cut(node, columns[node.column].cuts);
    own.first_leaf = leaves_;
    own.leaves = tree.leaves();
    leaves_ += own.leaves;
    trees_.push_back(std::move(own));
  }
  if (width_ > 1) shares_.resize(leaves_ * (width_ - 1));
}

void LeafForest::keep_means(const Forest& forest) {
  for (const Tree& tree : forest.trees)
    means_.insert(means_.end(), tree.values.begin(), tree.values.end());
}

std::size_t LeafForest::leaf(std::size_t t, const RowView& data, std::size_t row) const {
  const LeafTree& tree = trees_[t];
  std::uint32_t at = 0;
  while (!tree.nodes[at].leaf()) {
    const Node& node = tree.nodes[at];
    at = node.left() + tree.goes_right(at, data.code[node.column][row]);
  }
  return tree.first_leaf + tree.nodes[at].leaf_number();
}

void LeafForest::set_shares(std::size_t leaf, const double* shares) {
  double total = 0.0, sum = 0.0;
  for (std::size_t k = 0; k < width_; ++k) total += shares[k];
  std::uint16_t* at = shares_.data() + leaf * (width_ - 1);
  for (std::size_t k = 0; k + 1 < width_; ++k) {
    sum += shares[k];
    at[k] = static_cast<std::uint16_t>(std::min(kWhole, std::nearbyint(kWhole * sum / total)));
  }
}

double LeafForest::share(std::size_t leaf, std::size_t k) const {
  const std::uint16_t* at = shares_.data() + leaf * (width_ - 1);
  const double to = k + 1 < width_ ? at[k] : kWhole, from = k > 0 ? at[k - 1] : 0.0;
  return (to - from) / kWhole;
}

std::size_t LeafForest::draw_class(std::size_t leaf, Stream& stream) const {
  const std::uint16_t* at = shares_.data() + leaf * (width_ - 1);
  const std::uint32_t u = stream.below(65535);
  if (width_ == 2) return u >= at[0];
  return static_cast<std::size_t>(std::upper_bound(at, at + width_ - 1, u) - at);
}

double LeafForest::mean(const RowView& data, std::size_t row) const {
  double sum = 0.0;
  for (std::size_t t = 0; t < trees_.size(); ++t) sum += means_[leaf(t, data, row)];
  return sum / static_cast<double>(trees_.size());
}

void LeafForest::pack(ArchiveWriter& out) const {
  out.value(static_cast<std::uint64_t>(width_));
  out.value(static_cast<std::uint64_t>(trees_.size()));
  for (const LeafTree& tree : trees_) {
    out.vector(tree.nodes);
    out.vector(tree.subset_at);
    out.vector(tree.subsets);
  }
  out.vector(shares_);
  out.vector(means_);
}

LeafForest LeafForest::unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                              std::size_t columns) {
  LeafForest forest;
  forest.width_ = static_cast<std::size_t>(in.value<std::uint64_t>());
  ArchiveReader::require(forest.width_ < 70000);
  forest.trees_.resize(in.count());
  for (LeafTree& tree : forest.trees_) {
    in.vector(tree.nodes);
    in.vector(tree.subset_at);
    in.vector(tree.subsets);
    tree.first_leaf = forest.leaves_;
    tree.leaves = (tree.nodes.size() + 1) / 2;
    forest.leaves_ += tree.leaves;
  }
  in.vector(forest.shares_);
  in.vector(forest.means_);
  forest.check(margins, columns);
  return forest;
}

// What walks and draws rely on: children behind their parents, leaf numbers, codes within the sets.
void LeafForest::check(const std::vector<ColumnMargin>& margins, std::size_t columns) const {
  const auto require = [](bool ok) { ArchiveReader::require(ok); };
  require(shares_.size() == (width_ > 1 ? leaves_ * (width_ - 1) : 0));
  require(means_.empty() || means_.size() == leaves_);
  for (const double mean : means_) require(std::isfinite(mean));
  for (std::size_t i = 0; width_ > 2 && i < shares_.size(); ++i)
    require(i % (width_ - 1) == 0 || shares_[i] >= shares_[i - 1]);
  for (const LeafTree& tree : trees_) {
    require(!tree.nodes.empty() && tree.nodes.size() % 2 == 1);
    require(tree.subset_at.empty() || tree.subset_at.size() == tree.nodes.size());
    for (std::size_t k = 0; k < tree.nodes.size(); ++k) {
      const Node& node = tree.nodes[k];
      if (node.leaf()) {
        require(node.leaf_number() < tree.leaves);
        continue;
      }
      require(node.left() > k && node.left() + std::size_t{1} < tree.nodes.size());
      require(node.column < columns && node.factor() == margins[node.column].factor());
      if (!node.factor()) {
        require(!node.missing_right() || node.cut > 0);
        continue;
      }
      const std::size_t most = margins[node.column].codes() - 1;
      if (tree.subset_at.empty() || tree.subset_at[k] == Splits::kInNode)
        require(most <= Node::kNarrowLevels);
      else
        require(tree.subset_at[k] + (most >> 6) < tree.subsets.size());
    }
  }
}

CodeFrame::CodeFrame(const std::vector<ColumnMargin>& margins, std::size_t columns,
                     const RowView& data, const std::vector<std::size_t>& rows)
    : numbers_(columns), codes_(columns), frame_(rows.size()) {
  for (std::size_t j = 0; j < columns; ++j) {
    const std::uint16_t* code = data.code[j];
    if (margins[j].factor()) {
      for (const std::size_t row : rows)
        codes_[j].push_back(code[row] == 0 ? kMissingCode : static_cast<int>(code[row]));
      frame_.add(Column::factor(codes_[j], margins[j].levels()));
    } else {
      for (const std::size_t row : rows)
        numbers_[j].push_back(code[row] == 0 ? std::nan("") : static_cast<double>(code[row]));
      frame_.add(Column::numeric(numbers_[j]));
    }
  }
}

}  // namespace causalsynth
