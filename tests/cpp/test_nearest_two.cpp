#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "catch.h"
#include "core/match/nearest_two.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

struct Rows {
  Rows(std::size_t n, std::size_t p) : values(n * p), rows(n), cols(p) {}
  MatrixView<const double> view() const { return {values.data(), rows, cols}; }
  double& at(std::size_t i, std::size_t j) { return values[i + rows * j]; }
  std::vector<double> values;
  std::size_t rows, cols;
};

// Numbers, the first of them heavy-tailed, then factors of `levels` codes. A share is missing.
struct Design {
  std::size_t numbers, factors;
  int levels;
  double missing;
};

Rows draw(std::size_t n, const Design& d, std::uint64_t unit) {
  Stream stream(11, StreamTag::test, unit);
  Rows x(n, d.numbers + d.factors);
  for (std::size_t j = 0; j < x.cols; ++j)
    for (std::size_t i = 0; i < n; ++i) {
      const double u = stream.uniform();
      if (j >= d.numbers)
        x.at(i, j) = 1.0 + stream.below(static_cast<std::uint32_t>(d.levels));
      else
        x.at(i, j) = j == 0 ? std::exp(4.0 * u) / 60.0 : std::round(u * 200.0) / 200.0;
      if (stream.uniform() < d.missing) x.at(i, j) = std::numeric_limits<double>::quiet_NaN();
    }
  return x;
}

double gower(const TwoNearestInput& in, std::size_t i, std::size_t k) {
  double sum = 0.0;
  for (std::size_t j = 0; j < in.is_factor.size(); ++j) {
    const double a = in.queries(i, j), b = in.reference(k, j);
    if (std::isnan(a) || std::isnan(b))
      sum += std::isnan(a) && std::isnan(b) ? 0.0 : 1.0;
    else
      sum += in.is_factor[j] ? (a != b ? 1.0 : 0.0) : std::min(std::fabs(a - b), 1.0);
  }
  return sum / static_cast<double>(in.is_factor.size());
}

double euclid(const TwoNearestInput& in, std::size_t i, std::size_t k) {
  double sum = 0.0;
  for (std::size_t j = 0; j < in.is_factor.size(); ++j) {
    const double gap = in.queries(i, j) - in.reference(k, j);
    sum += gap * gap;
  }
  return std::sqrt(sum);
}

template <class Distance>
void expect_definition(const TwoNearestInput& in, const TwoNearest& found, Distance distance) {
  const double inf = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < in.queries.rows(); ++i) {
    std::vector<std::pair<double, int>> all{{inf, -1}, {inf, -1}};
    for (std::size_t k = 0; k < in.reference.rows(); ++k)
      if (!in.same || k != i) all.emplace_back(distance(in, i, k), static_cast<int>(k));
    std::sort(all.begin(), all.end());
    const bool none = all[0].first == inf;
    REQUIRE(found.first[i] == all[0].first);
    REQUIRE(found.second[i] == all[1].first);
    REQUIRE(found.index[i] == (none ? -1 : all[0].second));
  }
}

Execution threads(int n) {
  Execution execution;
  execution.threads = n;
  return execution;
}

}  // namespace

TEST_CASE("the two nearest rows under Gower's distance are those of the definition") {
  const std::vector<Design> designs{{3, 3, 4, 0.0}, {5, 0, 1, 0.0}, {0, 4, 3, 0.0},
                                    {2, 2, 600, 0.2}, {1, 0, 1, 0.3}, {20, 11, 5, 0.05}};
  for (std::size_t d = 0; d < designs.size(); ++d) {
    const Rows q = draw(90, designs[d], 2 * d), r = draw(333, designs[d], 2 * d + 1);
    std::vector<unsigned char> factors(designs[d].numbers, 0);
    factors.resize(q.cols, 1);
    const TwoNearestInput apart{q.view(), r.view(), factors, false};
    const TwoNearest found = nearest_two_gower(apart, threads(2));
    expect_definition(apart, found, gower);
    const TwoNearest serial = nearest_two_gower(apart, threads(1));
    REQUIRE(serial.first == found.first);
    REQUIRE(serial.index == found.index);
    const TwoNearestInput same{r.view(), r.view(), factors, true};
    expect_definition(same, nearest_two_gower(same, threads(2)), gower);
  }
}

TEST_CASE("many columns, and values beyond the reference's range, keep the bound") {
  const Design wide{300, 280, 3, 0.0};
  Rows q = draw(20, wide, 40);
  const Rows r = draw(60, wide, 41);
  for (std::size_t j = 0; j < 300; j += 3) q.at(1, j) += 5.0;
  std::vector<unsigned char> factors(300, 0);
  factors.resize(q.cols, 1);
  const TwoNearestInput input{q.view(), r.view(), factors, false};
  expect_definition(input, nearest_two_gower(input, threads(2)), gower);
}

TEST_CASE("the two nearest points are those of the definition, ties and copies included") {
  const Design plain{3, 0, 1, 0.0};
  Rows q = draw(120, plain, 50), r = draw(400, plain, 51);
  // On a coarse grid many points coincide.
  for (double& value : r.values) value = std::round(value * 6.0);
  for (double& value : q.values) value = std::round(value * 6.0);
  const std::vector<unsigned char> numbers(3, 0);
  const TwoNearestInput apart{q.view(), r.view(), numbers, false};
  expect_definition(apart, nearest_two_points(apart, threads(2)), euclid);
  const TwoNearestInput same{r.view(), r.view(), numbers, true};
  expect_definition(same, nearest_two_points(same, threads(2)), euclid);
}

TEST_CASE("one row alone has no neighbour") {
  const Rows one = draw(1, {2, 1, 3, 0.0}, 60);
  const TwoNearestInput input{one.view(), one.view(), {0, 0, 1}, true};
  const TwoNearest found = nearest_two_gower(input, threads(2));
  REQUIRE(std::isinf(found.first[0]));
  REQUIRE(found.index[0] == -1);
  const TwoNearestInput other{one.view(), one.view(), {0, 0, 1}, false};
  REQUIRE(nearest_two_gower(other, threads(2)).first[0] == 0.0);
  REQUIRE(std::isinf(nearest_two_gower(other, threads(2)).second[0]));
}
