#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.h"
#include "core/match/nearest_two.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

struct Table {
  Table(std::size_t n, std::size_t p) : values(n * p), rows(n), cols(p) {}
  MatrixView<const double> view() const { return {values.data(), rows, cols}; }
  double& at(std::size_t i, std::size_t j) { return values[i + rows * j]; }
  std::vector<double> values;
  std::size_t rows, cols;
};

using Result = TwoNearest;

Result run(const Table& queries, const Table& reference, const std::vector<bool>& factors,
           int threads) {
  Execution execution;
  execution.threads = threads;
  TwoNearestInput input;
  input.queries = queries.view();
  input.reference = reference.view();
  input.is_factor.assign(factors.begin(), factors.end());
  return nearest_two_mixed(input, execution);
}

// Straight from the definition.
Result brute_force(const Table& q, const Table& ref, const std::vector<bool>& factors) {
  Result r;
  for (std::size_t i = 0; i < q.rows; ++i) {
    std::vector<std::pair<double, int>> all;
    for (std::size_t k = 0; k < ref.rows; ++k) {
      double sum = 0;
      int known = 0;
      for (std::size_t j = 0; j < q.cols; ++j) {
        const double d = q.view()(i, j) - ref.view()(k, j);
        if (std::isnan(d)) continue;
        ++known;
        sum += factors[j] ? (d != 0) : d * d;
      }
      if (known) all.emplace_back(sum * (static_cast<double>(q.cols) / known), k);
    }
    std::sort(all.begin(), all.end());
    const double inf = std::numeric_limits<double>::infinity();
    r.first.push_back(all.empty() ? inf : std::sqrt(all[0].first));
    r.second.push_back(all.size() < 2 ? inf : std::sqrt(all[1].first));
    r.index.push_back(all.empty() ? -1 : all[0].second);
  }
  return r;
}

Table random_table(std::size_t n, std::size_t p, std::uint64_t key, double share_missing) {
  Table t(n, p);
  Stream stream(key, StreamTag::test, 0);
  for (std::size_t j = 0; j < p; ++j)
    for (std::size_t i = 0; i < n; ++i) {
      t.at(i, j) = j % 3 == 2 ? stream.below(4) : stream.normal();
      if (stream.uniform() < share_missing) t.at(i, j) = std::nan("");
    }
  return t;
}

}  // namespace

TEST_CASE("nearest rows equal brute force, with and without missing values") {
  const std::vector<bool> factors{false, false, true, false, false};
  for (double share : {0.0, 0.2})
    for (std::size_t m : {1u, 2u, 255u, 256u, 257u, 700u}) {
      const Table q = random_table(130, 5, 1, share), ref = random_table(m, 5, 2, share);
      const Result expected = brute_force(q, ref, factors), got = run(q, ref, factors, 2);
      CHECK(got.first == expected.first);
      CHECK(got.second == expected.second);
      CHECK(got.index == expected.index);
      CHECK(run(q, ref, factors, 1).second == got.second);
      CHECK(run(q, ref, factors, 3).second == got.second);
    }
}

TEST_CASE("a far origin costs no precision") {
  Table q(1, 1), ref(2, 1);
  q.at(0, 0) = 1e8;
  ref.at(0, 0) = 1e8 + 0.5;
  ref.at(1, 0) = 1e8 - 0.25;
  const Result r = run(q, ref, {false}, 1);
  CHECK(r.first[0] == 0.25);
  CHECK(r.second[0] == 0.5);
  CHECK(r.index[0] == 1);
}

TEST_CASE("rows with nothing in common are not comparable; the first of equals wins") {
  Table q(2, 2), ref(3, 2);
  q.at(0, 0) = std::nan("");
  q.at(0, 1) = std::nan("");
  q.at(1, 0) = q.at(1, 1) = 1;
  for (std::size_t i = 0; i < 3; ++i) ref.at(i, 0) = ref.at(i, 1) = i == 0 ? 5 : 1;
  const Result r = run(q, ref, {false, false}, 1);
  CHECK(r.index[0] == -1);
  CHECK(std::isinf(r.first[0]));
  CHECK(r.index[1] == 1);
  CHECK(r.first[1] == 0);
  CHECK(r.second[1] == 0);
}
