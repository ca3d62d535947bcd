#include <limits>

#include "../base/require.h"
#include "neighbours.h"

namespace causalsynth {
namespace {

// Sums of one column of values over each group's rows, in their order.
std::vector<double> group_sums(const PointGroups& groups, Span<const double> values) {
  std::vector<double> sums(groups.count(), 0.0);
  for (std::size_t g = 0; g < sums.size(); ++g)
    for (int i = 0; i < groups.size(g); ++i)
      sums[g] += values[static_cast<std::size_t>(groups.begin(g)[i])];
  return sums;
}

double sum_of_lowest(const PointGroups& groups, std::size_t group, int taken,
                     Span<const double> values) {
  double sum = 0.0;
  for (int i = 0; i < taken; ++i) sum += values[static_cast<std::size_t>(groups.begin(group)[i])];
  return sum;
}

// Sum over the `taken` lowest rows of the group beside the row at `place`.
double sum_beside(const PointGroups& groups, std::size_t group, int place, int taken,
                  Span<const double> values) {
  double sum = 0.0;
  for (int i = 0; i < taken + (place < taken ? 1 : 0); ++i)
    if (i != place) sum += values[static_cast<std::size_t>(groups.begin(group)[i])];
  return sum;
}

// Means of one column, in the order of the query groups' rows.
void column_means(const MatchedRows& matched, Span<const double> values, double* means) {
  const auto& [queries, reference, lists] = matched;
  const std::vector<double> sums = group_sums(reference, values);
  for (std::size_t g = 0; g < queries.count(); ++g) {
    double others = 0.0;
    int own_taken = 0;
    for (std::size_t e = lists.offset[g]; e < lists.offset[g + 1]; ++e) {
      const auto group = static_cast<std::size_t>(lists.group[e]);
      if (lists.same && group == g)
        own_taken = lists.taken[e];
      else if (lists.taken[e] == reference.size(group))
        others += sums[group];
      else
        others += sum_of_lowest(reference, group, lists.taken[e], values);
    }
    for (int i = 0; i < queries.size(g); ++i) {
      const auto row = static_cast<std::size_t>(queries.begin(g)[i]);
      double sum = others;
      if (own_taken > 0 && own_taken == queries.size(g) - 1)
        sum += sums[g] - values[row];
      else if (own_taken > 0)
        sum += sum_beside(queries, g, i, own_taken, values);
      means[queries.start[g] + i] =
          lists.found[g] > 0 ? sum / lists.found[g] : std::numeric_limits<double>::quiet_NaN();
    }
  }
}

}  // namespace

std::vector<double> neighbour_means(const MatchedRows& matched, MatrixView<const double> values) {
  for (const PointGroups* groups : {&matched.queries, &matched.reference})
    for (int row : groups->rows)
      require(row >= 0 && static_cast<std::size_t>(row) < values.rows(),
              "values to average must have every row");
  const std::size_t n = matched.queries.rows.size();
  std::vector<double> means(n * values.cols());
  for (std::size_t j = 0; j < values.cols(); ++j)
    column_means(matched, values.column(j), means.data() + n * j);
  return means;
}

Usage neighbour_usage(const MatchedRows& matched, std::size_t rows) {
  const PointGroups& queries = matched.queries;
  const PointGroups& reference = matched.reference;
  const auto& lists = matched.lists;
  require(!lists.same, "usage is of rows matched to others");
  Usage usage{std::vector<double>(rows, 0.0), std::vector<double>(rows, 0.0)};
  const auto add = [&](std::size_t group, int taken, double sum, double squares) {
    for (int i = 0; i < taken; ++i) {
      const auto row = static_cast<std::size_t>(reference.begin(group)[i]);
      usage.sum[row] += sum;
      usage.sum_of_squares[row] += squares;
    }
  };
  // Groups taken whole are the rule: their rows share one sum.
  std::vector<double> whole(reference.count(), 0.0), whole_squares(reference.count(), 0.0);
  for (std::size_t g = 0; g < queries.count(); ++g) {
    if (lists.found[g] == 0) continue;
    const double share = 1.0 / lists.found[g];
    const double times = queries.size(g);
    for (std::size_t e = lists.offset[g]; e < lists.offset[g + 1]; ++e) {
      const auto group = static_cast<std::size_t>(lists.group[e]);
      if (lists.taken[e] < reference.size(group)) {
        add(group, lists.taken[e], times * share, times * share * share);
        continue;
      }
      whole[group] += times * share;
      whole_squares[group] += times * share * share;
    }
  }
  for (std::size_t group = 0; group < whole.size(); ++group)
    add(group, reference.size(group), whole[group], whole_squares[group]);
  return usage;
}

}  // namespace causalsynth
