#include "nearest_two.h"

#include <algorithm>
#include <cmath>

#include "../base/require.h"
#include "kd_tree.h"
#include "point_groups.h"

namespace causalsynth {
namespace {

constexpr std::size_t kQueries = 64;  // query groups a unit

std::vector<int> all_rows(std::size_t n) {
  std::vector<int> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<int>(i);
  return rows;
}

// The two nearest rows of a group of equal queries, none of its own group yet where `same`.
class GroupSearch {
 public:
  GroupSearch(const PointGroups& reference, int own) : reference_(&reference), own_(own) {}
  double bound() const { return best_.second; }
  void offer(double square, std::size_t group) {
    if (static_cast<int>(group) == own_) return;
    const int* rows = reference_->begin(group);
    const int size = reference_->size(group);
    for (int i = 0; i < std::min(size, 2); ++i) best_.offer(square, rows[i]);
  }
  const BestTwo& best() const { return best_; }

 private:
  const PointGroups* reference_;
  int own_;
  BestTwo best_;
};

// What a row of the group finds: the group's rows but itself lie at distance 0.
BestTwo for_row(const BestTwo& others, const PointGroups& groups, std::size_t own, int row) {
  BestTwo best = others;
  const int size = groups.size(own);
  int offered = 0;
  for (int i = 0; i < size && offered < 2; ++i) {
    const int other = groups.begin(own)[i];
    if (other == row) continue;
    best.offer(0.0, other);
    ++offered;
  }
  return best;
}

}  // namespace

TwoNearest nearest_two_points(const TwoNearestInput& input, const Execution& execution) {
  const std::size_t n = input.queries.rows();
  require(input.queries.cols() == input.reference.cols() && input.queries.cols() >= 1,
          "queries and reference must have the same columns");
  const PointGroups reference = group_points(input.reference, all_rows(input.reference.rows()));
  PointGroups other;
  if (!input.same) other = group_points(input.queries, all_rows(n));
  const PointGroups& queries = input.same ? reference : other;
  const KdTree tree(reference.coords, reference.dims);
  TwoNearest result{std::vector<double>(n), std::vector<double>(n), std::vector<int>(n)};
  const RowBlocks units{queries.count(), kQueries};

  parallel_for(units.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    cancel.check();
    const std::size_t begin = units.begin(unit), end = units.end(unit);
    std::vector<GroupSearch> found;
    for (std::size_t g = begin; g < end; ++g)
      found.emplace_back(reference, input.same ? static_cast<int>(g) : -1);
    tree.search(queries.point(begin), end - begin, found.data());
    for (std::size_t g = begin; g < end; ++g) {
      for (int i = 0; i < queries.size(g); ++i) {
        const int row = queries.begin(g)[i];
        const BestTwo& best = found[g - begin].best();
        const BestTwo own = input.same ? for_row(best, queries, g, row) : best;
        const auto at = static_cast<std::size_t>(row);
        result.first[at] = std::sqrt(own.first);
        result.second[at] = std::sqrt(own.second);
        result.index[at] = own.index;
      }
    }
  });
  return result;
}

}  // namespace causalsynth
