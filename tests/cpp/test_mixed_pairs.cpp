#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "catch.h"
#include "core/match/assignment.h"
#include "core/match/mixed_pairs.h"
#include "core/match/neighbour_table.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Column 0 and 2 numbers, 1 a factor; a share of the values missing.
struct Tables {
  std::vector<double> queries, reference;
  std::size_t n, m;
  MixedRows rows(bool gower) const {
    return {{queries.data(), n, 3}, {reference.data(), m, 3}, {0, 1, 0}, gower};
  }
};

Tables make_tables(std::size_t n, std::size_t m, double missing) {
  Tables tables{std::vector<double>(3 * n), std::vector<double>(3 * m), n, m};
  Stream stream(n + 1000 * m, StreamTag::test, missing > 0);
  const auto fill = [&](std::vector<double>& values, std::size_t rows) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      const bool level = k / rows == 1;
      values[k] = level ? std::floor(3 * stream.uniform()) : std::round(stream.normal() * 4) / 4;
      if (stream.uniform() < missing) values[k] = std::numeric_limits<double>::quiet_NaN();
    }
  };
  fill(tables.queries, n);
  fill(tables.reference, m);
  return tables;
}

// From the definition, column by column.
double by_definition(const Tables& t, std::size_t i, std::size_t r, bool gower) {
  double sum = 0;
  int known = 0;
  for (std::size_t j = 0; j < 3; ++j) {
    const double a = t.queries[i + t.n * j], b = t.reference[r + t.m * j];
    if (std::isnan(a) || std::isnan(b)) continue;
    ++known;
    if (j == 1)
      sum += a == b ? 0 : 1;
    else
      sum += gower ? std::fabs(a - b) : (a - b) * (a - b);
  }
  if (known == 0) return kInfinity;
  return gower ? sum / known : std::sqrt(sum * 3 / known);
}

}  // namespace

TEST_CASE("mixed neighbours are those of all distances") {
  for (const bool gower : {false, true}) {
    for (const double missing : {0.0, 0.3}) {
      const Tables tables = make_tables(40, 70, missing);
      const MixedRows rows = tables.rows(gower);
      MixedOptions options;
      options.k = 3;
      const MixedNeighbours found = nearest_mixed(rows, options, {});
      const std::vector<double> all = mixed_distances(rows, {});
      for (std::size_t i = 0; i < 40; ++i) {
        std::vector<std::pair<double, int>> expected;
        for (std::size_t r = 0; r < 70; ++r) {
          const double d = by_definition(tables, i, r, gower);
          if (std::isinf(d)) {
            CHECK(std::isinf(all[i + 40 * r]));
          } else {
            CHECK(all[i + 40 * r] == Approx(d).epsilon(1e-13));
            expected.emplace_back(all[i + 40 * r], static_cast<int>(r));
          }
        }
        std::sort(expected.begin(), expected.end());
        for (std::size_t k = 0; k < 3; ++k) {
          if (k < expected.size()) {
            CHECK(found.index[i + 40 * k] == expected[k].second);
          } else {
            CHECK(found.index[i + 40 * k] == -1);
          }
        }
      }
    }
  }
}

TEST_CASE("mixed greedy pairs are those of all distances, in any number of threads") {
  // More queries than a batch, and so close together that shortlists run out.
  const Tables tables = make_tables(700, 900, 0.1);
  const MixedRows rows = tables.rows(false);
  Execution one, three;
  one.threads = 1;
  three.threads = 3;
  const MixedNeighbours found = greedy_mixed(rows, {}, one);
  CHECK(found.index == greedy_mixed(rows, {}, three).index);
  const std::vector<double> all = mixed_distances(rows, {});
  std::vector<char> free(900, 1);
  for (std::size_t i = 0; i < 700; ++i) {
    int best = -1;
    for (std::size_t r = 0; r < 900; ++r) {
      if (!free[r] || std::isinf(all[i + 700 * r])) continue;
      if (best < 0 || all[i + 700 * r] < all[i + 700 * static_cast<std::size_t>(best)])
        best = static_cast<int>(r);
    }
    CHECK(found.index[i] == best);
    if (best >= 0) free[static_cast<std::size_t>(best)] = 0;
  }
  MixedOptions tight;
  tight.max_distance = 0.2;
  const MixedNeighbours close = greedy_mixed(rows, tight, one);
  for (std::size_t i = 0; i < 700; ++i)
    CHECK((close.index[i] == -1 || close.distance[i] <= 0.2));
  MixedOptions wrong;
  wrong.k = 0;
  CHECK_THROWS_AS(nearest_mixed(rows, wrong, one), std::invalid_argument);
}

TEST_CASE("optimal pairs have the least total cost") {
  Stream stream(5, StreamTag::test, 0);
  for (int round = 0; round < 50; ++round) {
    const std::size_t n = 1 + static_cast<std::size_t>(round) % 5, m = 6;
    std::vector<double> cost(n * m);
    // Few distinct values, some forbidden.
    for (double& c : cost) {
      c = std::floor(8 * stream.uniform());
      if (round % 2 && stream.uniform() < 0.4) c = kInfinity;
    }
    const std::vector<int> pairs = assign_pairs({cost.data(), n, m}, {});
    // All injections of rows into columns, by permutations of the columns.
    std::vector<int> order(m);
    std::iota(order.begin(), order.end(), 0);
    int most = -1;
    double least = kInfinity;
    do {
      int count = 0;
      double total = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double c = cost[i + n * static_cast<std::size_t>(order[i])];
        if (std::isinf(c)) continue;
        ++count;
        total += c;
      }
      if (count > most || (count == most && total < least)) {
        most = count;
        least = total;
      }
    } while (std::next_permutation(order.begin(), order.end()));
    int count = 0;
    double total = 0;
    std::vector<int> used;
    for (std::size_t i = 0; i < n; ++i) {
      if (pairs[i] < 0) continue;
      ++count;
      total += cost[i + n * static_cast<std::size_t>(pairs[i])];
      used.push_back(pairs[i]);
    }
    std::sort(used.begin(), used.end());
    CHECK(std::adjacent_find(used.begin(), used.end()) == used.end());
    CHECK(count == most);
    CHECK(total == Approx(least));
  }
  const std::vector<double> negative{-1.0, 1.0};
  CHECK_THROWS_AS(assign_pairs({negative.data(), 1, 2}, {}), std::invalid_argument);
  CHECK_THROWS_AS(assign_pairs({negative.data(), 2, 1}, {}), std::invalid_argument);
}

TEST_CASE("a table of neighbours names the rows of the lists") {
  Stream stream(7, StreamTag::test, 0);
  const std::size_t n = 60, m = 80, rows = n + m;
  std::vector<double> values(2 * rows);
  for (double& v : values) v = std::round(4 * stream.normal()) / 4;
  const MatrixView<const double> x(values.data(), rows, 2);
  std::vector<int> queries(n), pool(m);
  std::iota(queries.begin(), queries.end(), 0);
  std::iota(pool.begin(), pool.end(), static_cast<int>(n));
  const PointGroups asked = group_points(x, queries), reference = group_points(x, pool);
  NeighbourOptions options;
  options.m = 4;
  options.ties = false;
  const NeighbourLists lists = find_neighbours(asked, &reference, options, {});
  const NeighbourTable table = neighbour_table({asked, reference, lists}, 4, {});
  for (std::size_t i = 0; i < n; ++i) {
    const auto q = static_cast<std::size_t>(asked.rows[i]);
    std::vector<double> expected;
    for (int r : pool) {
      const auto p = static_cast<std::size_t>(r);
      expected.push_back(std::hypot(x(q, 0) - x(p, 0), x(q, 1) - x(p, 1)));
    }
    std::sort(expected.begin(), expected.end());
    for (std::size_t k = 0; k < 4; ++k) {
      const auto p = static_cast<std::size_t>(table.index[i + n * k]);
      CHECK(table.distance[i + n * k] == Approx(expected[k]).margin(1e-12));
      CHECK(std::hypot(x(q, 0) - x(p, 0), x(q, 1) - x(p, 1)) ==
            Approx(table.distance[i + n * k]).margin(1e-12));
    }
  }
}
