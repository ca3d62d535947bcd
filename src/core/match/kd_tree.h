// Exact search among points in squared Euclidean distance: a k-d tree (Friedman, Bentley & Finkel
// 1977) with tight boxes, from which points can be removed. Above kTreeDims dimensions boxes hardly
// rule anything out: there all leaves are compared (measured: independent normal coordinates gain
// from the tree up to 16 dimensions, numbers and indicators that share factors up to 36).
#pragma once
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "../base/span.h"

namespace causalsynth {

class KdTree {
 public:
  // `coords`: points one after the other, `dims` finite numbers each.
  KdTree(Span<const double> coords, std::size_t dims);

  // Offers points to found[q], for each of `count` queries laid out as the points are: calls
  // offer(square, point) for points whose squared distance is at most its bound(), and skips none
  // of those that are. Squared distances are the sums of squared differences in the order of the
  // coordinates, so that pruning by boxes loses no tie.
  template <class Found>
  void search(const double* queries, std::size_t count, Found* found) const;

  void remove(std::size_t point);
  std::size_t alive() const { return alive_[0]; }

 private:
  static constexpr std::size_t kLeaf = 32;  // points a leaf: one block of lanes
  static constexpr std::size_t kTreeDims = 20;
  static constexpr std::size_t kDimsAtOnce = 16;  // summed before a look at the bound
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  // Nodes are in heap order: the children of i are 2i + 1 and 2i + 2; the last leaves_ are leaves.
  void build(std::size_t node, std::size_t begin, std::size_t end);
  void part_at(std::size_t begin, std::size_t middle, std::size_t end);
  std::size_t longest_side(std::size_t begin, std::size_t end) const;
  void fill_leaf(std::size_t leaf, std::size_t begin, std::size_t end);
  void fit_leaf_box(std::size_t leaf);
  bool join_boxes(std::size_t node);
  // A node's box: for each coordinate its low (0) or high (2) end is the double at 4 j + end.
  double* box(std::size_t node) {
    return boxes_.data() + 4 * dims_ * parent(node) + (node - 1) % 2;
  }
  static std::size_t parent(std::size_t node) { return (node - 1) / 2; }
  void child_squares(std::size_t node, const double* query, double* squares) const;
  void lane_squares(const double* block, const double* query, double bound, double* squares) const;
  template <class Found>
  void descend(const double* query, Found& found) const;
  template <class Found>
  void scan_leaf(std::size_t leaf, const double* query, Found& found) const;

  std::size_t dims_, leaves_ = 1;
  Span<const double> coords_;  // during construction only
  std::vector<int> order_;     // points in the order of the leaves, during construction
  std::vector<double> boxes_;  // of each inner node: low and high ends of its left and right child
  std::vector<std::size_t> alive_;  // points left in each node
  std::vector<double> blocks_;      // leaf by leaf, coordinate by coordinate, kLeaf lanes
  std::vector<int> points_;         // of each lane, -1 where empty
  std::vector<std::size_t> lanes_;  // of each point
};

// Squared distances to the nearest places of the boxes of both children, 0 inside, infinite where
// a child is empty. Both at once and without a branch: x + |x| is 2x where x > 0, else 0.
inline void KdTree::child_squares(std::size_t node, const double* query, double* squares) const {
  const double* ends = boxes_.data() + 4 * dims_ * node;
  double left = 0.0, right = 0.0;
  for (std::size_t j = 0; j < dims_; ++j, ends += 4) {
    const double left_below = ends[0] - query[j], right_below = ends[1] - query[j];
    const double left_above = query[j] - ends[2], right_above = query[j] - ends[3];
    const double left_gap = left_below > left_above ? left_below : left_above;
    const double right_gap = right_below > right_above ? right_below : right_above;
    const double left_twice = left_gap + std::fabs(left_gap);
    const double right_twice = right_gap + std::fabs(right_gap);
    left += left_twice * left_twice;
    right += right_twice * right_twice;
  }
  squares[0] = 0.25 * left;
  squares[1] = 0.25 * right;
}

// Squared distances to eight lanes of a block, or infinity for all once each exceeds the bound.
// Their sums stay in registers once the inner loop is unrolled, which gcc must be told.
inline void KdTree::lane_squares(const double* block, const double* query, double bound,
                                 double* squares) const {
  double sums[8] = {};
  for (std::size_t begin = 0; begin < dims_; begin += kDimsAtOnce) {
    const std::size_t end = begin + kDimsAtOnce < dims_ ? begin + kDimsAtOnce : dims_;
    for (std::size_t j = begin; j < end; ++j, block += kLeaf) {
      const double value = query[j];
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
      for (std::size_t i = 0; i < 8; ++i) {
        const double difference = value - block[i];
        sums[i] += difference * difference;
      }
    }
    bool beyond = end < dims_;
    for (std::size_t i = 0; i < 8 && beyond; ++i) beyond = sums[i] > bound;
    if (!beyond) continue;
    for (double& sum : sums) sum = kInfinity;
    break;
  }
  for (std::size_t i = 0; i < 8; ++i) squares[i] = sums[i];
}

template <class Found>
void KdTree::scan_leaf(std::size_t leaf, const double* query, Found& found) const {
  double squares[kLeaf];
  const double* block = blocks_.data() + leaf * dims_ * kLeaf;
  for (std::size_t lane = 0; lane < kLeaf; lane += 8)
    lane_squares(block + lane, query, found.bound(), squares + lane);
  const int* points = points_.data() + leaf * kLeaf;
  // Empty and removed lanes lie at infinity.
  for (std::size_t i = 0; i < kLeaf; ++i)
    if (squares[i] <= found.bound() && squares[i] < kInfinity)
      found.offer(squares[i], static_cast<std::size_t>(points[i]));
}

template <class Found>
void KdTree::descend(const double* query, Found& found) const {
  struct Visit {
    double square;
    std::size_t node;
  };
  Visit stack[64];  // one more than the depth is ever used
  std::size_t size = 0;
  stack[size++] = {0.0, 0};
  while (size > 0) {
    Visit visit = stack[--size];
    // Down to the nearest leaf; the farther children wait.
    while (visit.square <= found.bound() && visit.node + 1 < leaves_) {
      double squares[2];
      child_squares(visit.node, query, squares);
      const std::size_t left = 2 * visit.node + 1, near = squares[1] < squares[0] ? 1 : 0;
      const Visit far{squares[1 - near], left + 1 - near};
      if (far.square <= found.bound() && far.square < kInfinity) stack[size++] = far;
      visit = {squares[near], left + near};
    }
    if (visit.square <= found.bound()) scan_leaf(visit.node + 1 - leaves_, query, found);
  }
}

template <class Found>
void KdTree::search(const double* queries, std::size_t count, Found* found) const {
  if (alive() == 0) return;
  if (dims_ <= kTreeDims) {
    for (std::size_t q = 0; q < count; ++q) descend(queries + q * dims_, found[q]);
    return;
  }
  // Leaf by leaf for all queries: the leaf stays in the cache.
  for (std::size_t leaf = 0; leaf < leaves_; ++leaf) {
    if (alive_[leaf + leaves_ - 1] == 0) continue;
    for (std::size_t q = 0; q < count; ++q) scan_leaf(leaf, queries + q * dims_, found[q]);
  }
}

}  // namespace causalsynth
