#include "greedy.h"

#include <algorithm>

#include "../base/require.h"
#include "kd_tree.h"
#include "point_groups.h"

namespace causalsynth {
namespace {

// Candidates are looked up for a batch of focal rows at once, on all threads, among the rows that
// are free at its start. Within the batch some are taken: the list is then walked down, and only
// where it runs out the tree, kept up to date, is searched again.
constexpr std::size_t kBatch = 512;
constexpr std::size_t kQueries = 32;
constexpr std::size_t kCandidates = 2;

struct Candidate {
  double square;
  int row;  // the group's lowest free row when it was looked up
  std::size_t group;
  bool before(const Candidate& other) const {
    return square != other.square ? square < other.square : row < other.row;
  }
};

// The pool's free rows, by groups of equal points: the lowest of a group goes first.
class FreeRows {
 public:
  FreeRows(MatrixView<const double> x, Span<const int> pool)
      : groups_(group_points(x, pool)),
        tree_(groups_.coords, groups_.dims),
        used_(groups_.count(), 0) {}
  bool any() const { return tree_.alive() > 0; }
  bool has(std::size_t group) const { return used_[group] < groups_.size(group); }
  int lowest(std::size_t group) const { return groups_.begin(group)[used_[group]]; }
  int take(std::size_t group) {
    const int row = lowest(group);
    ++used_[group];
    if (!has(group)) tree_.remove(group);
    return row;
  }
  const KdTree& tree() const { return tree_; }

 private:
  PointGroups groups_;
  KdTree tree_;
  std::vector<int> used_;
};

// The nearest groups, at most `size` of them, ascending by distance and row.
class Shortlist {
 public:
  Shortlist() = default;
  Shortlist(const FreeRows& free, std::size_t size, double max_square)
      : free_(&free), size_(size), bound_(max_square) {}
  double bound() const { return bound_; }
  void offer(double square, std::size_t group) {
    const Candidate candidate{square, free_->lowest(group), group};
    if (count_ == size_) {
      if (!candidate.before(items_[count_ - 1])) return;
      --count_;
    }
    std::size_t place = count_++;
    for (; place > 0 && candidate.before(items_[place - 1]); --place)
      items_[place] = items_[place - 1];
    items_[place] = candidate;
    if (count_ == size_) bound_ = items_[count_ - 1].square;
  }
  std::size_t count() const { return count_; }
  bool full() const { return count_ == size_; }
  const Candidate& operator[](std::size_t i) const { return items_[i]; }

 private:
  const FreeRows* free_ = nullptr;
  std::size_t size_ = 1, count_ = 0;
  double bound_ = 0.0;
  Candidate items_[kCandidates]{};
};

// The first candidate that is still free, by distance and by its group's lowest row now; null
// where the list cannot tell: it ran out, or groups beyond it may be as near.
const Candidate* still_first(const Shortlist& list, const FreeRows& free) {
  const Candidate* best = nullptr;
  int best_row = 0;
  for (std::size_t i = 0; i < list.count(); ++i) {
    const Candidate& item = list[i];
    if (best != nullptr && item.square > best->square) break;
    if (!free.has(item.group)) continue;
    const int row = free.lowest(item.group);
    if (best == nullptr || row < best_row) {
      best = &item;
      best_row = row;
    }
  }
  const bool tied_beyond =
      best != nullptr && list.full() && best->square == list[list.count() - 1].square;
  return tied_beyond && best_row != best->row ? nullptr : best;
}

}  // namespace

std::vector<int> greedy_pairs(MatrixView<const double> x, Span<const int> focal,
                              Span<const int> pool, const GreedyOptions& options,
                              const Execution& execution) {
  require(options.max_square >= 0.0, "the largest squared distance must not be below 0");
  std::vector<int> partner(focal.size(), -1);
  if (focal.empty() || pool.empty()) return partner;
  FreeRows free(x, pool);
  const std::vector<double> points = gather_points(x, focal);
  const auto point = [&](std::size_t i) { return points.data() + i * x.cols(); };
  std::vector<Shortlist> lists(std::min(kBatch, focal.size()));

  for (std::size_t begin = 0; begin < focal.size() && free.any(); begin += kBatch) {
    const std::size_t end = std::min(begin + kBatch, focal.size());
    const RowBlocks units{end - begin, kQueries};
    parallel_for(units.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
      cancel.check();
      const std::size_t first = units.begin(unit), last = units.end(unit);
      for (std::size_t i = first; i < last; ++i)
        lists[i] = Shortlist(free, kCandidates, options.max_square);
      free.tree().search(point(begin + first), last - first, &lists[first]);
    });
    for (std::size_t i = begin; i < end && free.any(); ++i) {
      const Shortlist& list = lists[i - begin];
      if (list.count() == 0) continue;
      const Candidate* chosen = still_first(list, free);
      Shortlist again(free, 1, options.max_square);
      if (chosen == nullptr) {
        free.tree().search(point(i), 1, &again);
        if (again.count() == 0) continue;
        chosen = &again[0];
      }
      partner[i] = free.take(chosen->group);
    }
  }
  return partner;
}

}  // namespace causalsynth
