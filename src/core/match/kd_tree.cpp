#include "kd_tree.h"

#include <algorithm>

#include "../base/require.h"

namespace causalsynth {

KdTree::KdTree(Span<const double> coords, std::size_t dims)
    : dims_(dims), coords_(coords), alive_(1, 0) {
  require(dims >= 1 && coords.size() % dims == 0, "points to search need one number a dimension");
  const std::size_t n = coords.size() / dims;
  if (n == 0) return;
  while (leaves_ * kLeaf < n) leaves_ *= 2;
  order_.resize(n);
  for (std::size_t i = 0; i < n; ++i) order_[i] = static_cast<int>(i);
  boxes_.resize((leaves_ - 1) * 4 * dims);
  alive_.resize(2 * leaves_ - 1);
  blocks_.assign(leaves_ * dims * kLeaf, kInfinity);
  points_.assign(leaves_ * kLeaf, -1);
  lanes_.resize(n);
  build(0, 0, n);
  order_.clear();
  order_.shrink_to_fit();
  coords_ = {};
}

// Halves the points of a node at the median of its longest side.
void KdTree::build(std::size_t node, std::size_t begin, std::size_t end) {
  alive_[node] = end - begin;
  if (node + 1 >= leaves_) return fill_leaf(node + 1 - leaves_, begin, end);
  const std::size_t middle = begin + (end - begin) / 2;
  if (dims_ <= kTreeDims) part_at(begin, middle, end);
  build(2 * node + 1, begin, middle);
  build(2 * node + 2, middle, end);
  if (node > 0) join_boxes(node);
}

void KdTree::part_at(std::size_t begin, std::size_t middle, std::size_t end) {
  const std::size_t side = longest_side(begin, end);
  const auto value = [&](int point) {
    return coords_[static_cast<std::size_t>(point) * dims_ + side];
  };
  const auto place = [&](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::nth_element(place(begin), place(middle), place(end),
                   [&](int a, int b) { return value(a) < value(b); });
}

std::size_t KdTree::longest_side(std::size_t begin, std::size_t end) const {
  std::vector<double> low(dims_, kInfinity), high(dims_, -kInfinity);
  for (std::size_t i = begin; i < end; ++i) {
    const double* point = coords_.data() + static_cast<std::size_t>(order_[i]) * dims_;
    for (std::size_t j = 0; j < dims_; ++j) {
      low[j] = std::min(low[j], point[j]);
      high[j] = std::max(high[j], point[j]);
    }
  }
  std::size_t longest = 0;
  for (std::size_t j = 1; j < dims_; ++j)
    if (high[j] - low[j] > high[longest] - low[longest]) longest = j;
  return longest;
}

void KdTree::fill_leaf(std::size_t leaf, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const auto point = static_cast<std::size_t>(order_[i]);
    const std::size_t lane = i - begin;
    points_[leaf * kLeaf + lane] = order_[i];
    lanes_[point] = leaf * kLeaf + lane;
    for (std::size_t j = 0; j < dims_; ++j)
      blocks_[(leaf * dims_ + j) * kLeaf + lane] = coords_[point * dims_ + j];
  }
  fit_leaf_box(leaf);
}

// An empty box reaches from infinity to minus infinity: infinitely far from every query.
void KdTree::fit_leaf_box(std::size_t leaf) {
  const std::size_t node = leaf + leaves_ - 1;
  if (node == 0) return;
  for (std::size_t j = 0; j < dims_; ++j) {
    const double* lanes = blocks_.data() + (leaf * dims_ + j) * kLeaf;
    double low = kInfinity, high = -kInfinity;
    for (std::size_t i = 0; i < kLeaf; ++i) {
      low = std::min(low, lanes[i]);
      high = std::max(high, lanes[i] < kInfinity ? lanes[i] : -kInfinity);
    }
    box(node)[4 * j] = low;
    box(node)[4 * j + 2] = high;
  }
}

// The box around both children's; says whether it has changed.
bool KdTree::join_boxes(std::size_t node) {
  const double* children = boxes_.data() + 4 * dims_ * node;
  double* own = box(node);
  bool changed = false;
  for (std::size_t j = 0; j < dims_; ++j, children += 4, own += 4) {
    const double low = std::min(children[0], children[1]);
    const double high = std::max(children[2], children[3]);
    changed = changed || low != own[0] || high != own[2];
    own[0] = low;
    own[2] = high;
  }
  return changed;
}

// Boxes shrink to what is left, so that later searches pass by emptied regions.
void KdTree::remove(std::size_t point) {
  const std::size_t lane = lanes_[point], leaf = lane / kLeaf;
  double* block = blocks_.data() + leaf * dims_ * kLeaf + lane % kLeaf;
  if (*block == kInfinity) return;
  for (std::size_t j = 0; j < dims_; ++j) block[j * kLeaf] = kInfinity;
  fit_leaf_box(leaf);
  std::size_t node = leaf + leaves_ - 1;
  --alive_[node];
  bool changed = true;
  while (node > 0) {
    node = parent(node);
    --alive_[node];
    if (node > 0) changed = changed && join_boxes(node);
  }
}

}  // namespace causalsynth
