#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "catch.h"
#include "core/match/greedy.h"
#include "core/match/kd_tree.h"
#include "core/match/neighbours.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Study {
  std::vector<double> values;
  std::size_t rows, cols;
  std::vector<int> focal, pool;
  MatrixView<const double> x() const { return {values.data(), rows, cols}; }
  double square(int a, int b) const {
    double sum = 0;
    for (std::size_t j = 0; j < cols; ++j) {
      const double d = x()(static_cast<std::size_t>(a), j) - x()(static_cast<std::size_t>(b), j);
      sum += d * d;
    }
    return sum;
  }
};

// `step` > 0 rounds the coordinates to its multiples, so that many rows tie.
Study make_study(std::size_t rows, std::size_t cols, double step) {
  Study study{std::vector<double>(rows * cols), rows, cols, {}, {}};
  Stream stream(rows + 1000 * cols, StreamTag::test, step > 0);
  for (double& v : study.values) {
    v = stream.normal();
    if (step > 0) v = std::round(v / step) * step;
  }
  for (std::size_t i = 0; i < rows; ++i)
    (stream.uniform() < .4 ? study.focal : study.pool).push_back(static_cast<int>(i));
  return study;
}

Execution on(int threads) {
  Execution execution;
  execution.threads = threads;
  return execution;
}

// From the definition: the neighbours of one row among others, ascending by row number.
std::vector<int> brute_neighbours(const Study& study, int row, const std::vector<int>& others,
                                  const NeighbourOptions& options) {
  std::vector<std::pair<double, int>> all;
  for (int other : others) {
    const double square = study.square(row, other);
    if (other != row && square <= options.max_square) all.emplace_back(square, other);
  }
  std::sort(all.begin(), all.end());
  const auto m = static_cast<std::size_t>(options.m);
  std::vector<int> found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool near =
        i < m || (options.ties && all[i].first <= all[m - 1].first + options.tolerance);
    if (near) found.push_back(all[i].second);
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The rows that the lists name for the i-th row of the query group g.
std::vector<int> listed(const MatchedRows& matched, std::size_t g, int i) {
  std::vector<int> rows;
  for (std::size_t e = matched.lists.offset[g]; e < matched.lists.offset[g + 1]; ++e) {
    const auto group = static_cast<std::size_t>(matched.lists.group[e]);
    const bool own = matched.lists.same && group == g;
    int left = matched.lists.taken[e];
    for (int k = 0; left > 0; ++k)
      if (!(own && k == i)) {
        rows.push_back(matched.reference.begin(group)[k]);
        --left;
      }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

void check_lists(const Study& study, bool same, const NeighbourOptions& options, int threads) {
  const PointGroups queries = group_points(study.x(), study.focal);
  const PointGroups pool = group_points(study.x(), study.pool);
  const PointGroups& reference = same ? queries : pool;
  const NeighbourLists lists =
      find_neighbours(queries, same ? nullptr : &pool, options, on(threads));
  const MatchedRows matched{queries, reference, lists};
  std::vector<double> values(study.rows), usage(study.rows, 0.0), squares(study.rows, 0.0);
  std::iota(values.begin(), values.end(), 1.0);
  const std::vector<double> means = neighbour_means(matched, {values.data(), study.rows, 1});
  std::size_t wrong = 0;
  for (std::size_t g = 0; g < queries.count(); ++g)
    for (int i = 0; i < queries.size(g); ++i) {
      const int row = queries.begin(g)[i];
      const std::vector<int> expected =
          brute_neighbours(study, row, same ? study.focal : study.pool, options);
      double sum = 0;
      for (int r : expected) {
        const double share = 1.0 / static_cast<double>(expected.size());
        sum += values[static_cast<std::size_t>(r)];
        usage[static_cast<std::size_t>(r)] += share;
        squares[static_cast<std::size_t>(r)] += share * share;
      }
      const double mean = means[static_cast<std::size_t>(queries.start[g] + i)];
      const double right = sum / static_cast<double>(expected.size());
      wrong += listed(matched, g, i) != expected;
      wrong += lists.found[g] != static_cast<int>(expected.size());
      wrong += expected.empty() ? !std::isnan(mean) : !(std::fabs(mean - right) < 1e-8 * right);
    }
  CHECK(wrong == 0);
  if (same) return;
  const Usage used = neighbour_usage(matched, study.rows);
  for (std::size_t i = 0; i < study.rows; ++i) {
    CHECK(std::fabs(used.sum[i] - usage[i]) < 1e-9);
    CHECK(std::fabs(used.sum_of_squares[i] - squares[i]) < 1e-9);
  }
}

std::vector<int> brute_pairs(const Study& study, const GreedyOptions& options) {
  std::vector<char> used(study.rows, 0);
  std::vector<int> partner;
  for (int row : study.focal) {
    int best = -1;
    for (int other : study.pool) {
      if (used[static_cast<std::size_t>(other)]) continue;
      const double square = study.square(row, other);
      if (square > options.max_square) continue;
      const double best_square = best < 0 ? kInfinity : study.square(row, best);
      if (square < best_square || (square == best_square && other < best)) best = other;
    }
    if (best >= 0) used[static_cast<std::size_t>(best)] = 1;
    partner.push_back(best);
  }
  return partner;
}

}  // namespace

TEST_CASE("match: neighbours equal brute force, with and without ties, in low and high dimension") {
  for (std::size_t cols : {1u, 3u, 21u})
    for (double step : {0.0, 1.0})
      for (std::size_t rows : {3u, 90u, 400u}) {
        const Study study = make_study(rows, cols, step);
        if (study.focal.size() < 2 || study.pool.empty()) continue;
        for (bool same : {false, true})
          for (bool ties : {true, false})
            for (int m : {1, 3, 1000}) {
              NeighbourOptions options;
              options.m = m;
              options.ties = ties;
              const int available =
                  static_cast<int>(same ? study.focal.size() - 1 : study.pool.size());
              if (m == 1000) options.m = available;
              if (options.m > available) continue;
              check_lists(study, same, options, 2);
            }
      }
}

TEST_CASE("match: a tolerance widens ties and a caliper cuts neighbours") {
  const Study study = make_study(300, 2, 0.0);
  for (double tolerance : {1e-3, .5})
    for (double caliper : {kInfinity, .04}) {
      NeighbourOptions options;
      options.m = 2;
      options.tolerance = tolerance;
      options.max_square = caliper;
      // The rule of brute_neighbours() needs m rows within the caliper: lists may hold fewer.
      if (std::isinf(caliper)) {
        check_lists(study, false, options, 1);
        continue;
      }
      const PointGroups queries = group_points(study.x(), study.focal);
      const PointGroups pool = group_points(study.x(), study.pool);
      const NeighbourLists lists = find_neighbours(queries, &pool, options, on(2));
      std::size_t none = 0;
      for (std::size_t g = 0; g < queries.count(); ++g) {
        std::vector<double> near;
        for (int other : study.pool) near.push_back(study.square(queries.begin(g)[0], other));
        std::sort(near.begin(), near.end());
        const double bound = std::min(caliper, near[1] + tolerance);
        const auto within =
            std::count_if(near.begin(), near.end(), [&](double s) { return s <= bound; });
        CHECK(lists.found[g] == within);
        none += within == 0;
        if (within == 0)
          CHECK(std::isinf(lists.square[g]));
        else
          CHECK(lists.square[g] == near[static_cast<std::size_t>(std::min<long>(within, 2)) - 1]);
      }
      CHECK(none > 0);
    }
}

TEST_CASE("match: greedy pairs equal brute force for any number of threads") {
  for (std::size_t cols : {1u, 4u, 22u})
    for (double step : {0.0, 1.0, 3.0})
      for (std::size_t rows : {5u, 1200u}) {
        Study study = make_study(rows, cols, step);
        if (study.focal.empty()) continue;
        // Both more and fewer focal rows than free ones, in an order of their own.
        for (bool turned : {false, true}) {
          if (turned) std::swap(study.focal, study.pool);
          std::reverse(study.focal.begin(), study.focal.end());
          for (double caliper : {kInfinity, .5}) {
            const GreedyOptions options{caliper};
            const std::vector<int> expected = brute_pairs(study, options);
            for (int threads : {1, 2, 3})
              CHECK((greedy_pairs(study.x(), study.focal, study.pool, options, on(threads)) ==
                     expected));
          }
        }
      }
}

TEST_CASE("match: the tree loses removed points and only those") {
  const Study study = make_study(500, 3, 0.0);
  const std::vector<double> points = gather_points(study.x(), study.pool);
  KdTree tree(points, 3);
  struct All {
    double bound() const { return kInfinity; }
    void offer(double, std::size_t point) { seen.push_back(point); }
    std::vector<std::size_t> seen;
  };
  const std::size_t n = study.pool.size();
  for (std::size_t i = 0; i < n; i += 2) tree.remove(i);
  tree.remove(0);
  CHECK(tree.alive() == n / 2);
  All all;
  tree.search(points.data(), 1, &all);
  std::sort(all.seen.begin(), all.seen.end());
  CHECK(all.seen.size() == n / 2);
  for (std::size_t k = 0; k < all.seen.size(); ++k) CHECK(all.seen[k] == 2 * k + 1);
  for (std::size_t i = 1; i < n; i += 2) tree.remove(i);
  All none;
  tree.search(points.data(), 1, &none);
  CHECK(none.seen.empty());
}

TEST_CASE("match: groups hold equal rows; equal rows stay equal when transformed") {
  // Rows 0 and 3 are equal (0 and -0 too), 1 and 2 differ in the second coordinate.
  const std::vector<double> x{0.0, 1.0, 1.0, -0.0, 2.0, 5.0, 4.0, 2.0};
  const std::vector<int> rows{3, 2, 1, 0};
  const PointGroups groups = group_points({x.data(), 4, 2}, rows);
  CHECK(groups.count() == 3);
  CHECK((groups.rows == std::vector<int>{0, 3, 2, 1}));
  CHECK((groups.start == std::vector<int>{0, 2, 3, 4}));
  const std::vector<double> root{1.0, 0.5};
  const std::vector<double> z = transform_rows({x.data(), 4, 2}, {root.data(), 2, 1});
  CHECK((z == std::vector<double>{1.0, 3.5, 3.0, 1.0}));
  const std::vector<double> bad{0.0, std::nan("")};
  CHECK_THROWS_AS((group_points({bad.data(), 2, 1}, std::vector<int>{0, 1})),
                  std::invalid_argument);
  CHECK_THROWS_AS((group_points({x.data(), 4, 2}, std::vector<int>{4})), std::invalid_argument);
}
