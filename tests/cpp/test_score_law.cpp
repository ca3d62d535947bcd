#include <algorithm>
#include <cmath>

#include "catch.h"
#include "core/generate/score_law.h"

using namespace causalsynth;

namespace {

std::vector<double> normals(std::size_t n) {
  Stream stream(5, StreamTag::test, n);
  std::vector<double> x(n);
  for (double& v : x) v = 3.0 + 2.0 * stream.normal();
  return x;
}

}  // namespace

TEST_CASE("a score law follows its sample, within its range, and holds none of it") {
  const std::vector<double> x = normals(2000);
  Stream stream(6, StreamTag::test, 0);
  const ScoreLaw law = ScoreLaw::learn(x, {}, ScoreLaw::Use::residuals, stream);
  const auto range = std::minmax_element(x.begin(), x.end());
  CHECK(law.low() > *range.first);
  CHECK(law.high() < *range.second);
  ArchiveWriter out;
  law.pack(out);
  for (std::size_t at = 0; at + 8 <= out.bytes().size(); at += 8)
    CHECK(std::count(x.begin(), x.end(), number_at<double>(out.bytes().data() + at)) == 0);
  double mean = 0.0, spread = 0.0, sum = 0.0, square = 0.0, inside = 0.0;
  for (const double v : x) mean += v / 2000;
  for (const double v : x) spread += (v - mean) * (v - mean) / 2000;
  const int n = 20000;
  for (int i = 0; i < n; ++i) {
    const double v = law.draw(stream);
    sum += v, square += v * v;
    inside += std::fabs(v - 3.0) < 2.0;
  }
  CHECK(sum / n == Approx(3.0).margin(0.1));
  CHECK(std::sqrt(square / n - sum / n * sum / n) == Approx(std::sqrt(spread)).epsilon(0.03));
  CHECK(inside / n == Approx(0.6827).margin(0.02));
}

TEST_CASE("scores and values are inverse; the density integrates to one") {
  const std::vector<double> x = normals(500);
  Stream stream(6, StreamTag::test, 1);
  std::vector<double> left_out;
  const ScoreLaw law = ScoreLaw::learn(x, {}, ScoreLaw::Use::numbers, stream, &left_out);
  for (const double z : {-3.0, -0.7, 0.0, 1.3, 2.9})
    CHECK(law.score(law.value(z)) == Approx(z).margin(1e-9));
  double mass = 0.0;
  const int cells = 20000;
  const double width = (law.high() - law.low()) / cells;
  for (int k = 0; k < cells; ++k)
    mass += width * std::exp(law.log_density(law.low() + (k + 0.5) * width));
  CHECK(mass == Approx(1.0).margin(2e-3));
  double mean = 0.0;
  for (double score : left_out) mean += score / 500;
  CHECK(mean == Approx(-0.5 * std::log(2 * 3.14159265 * std::exp(1.0) * 4.0)).margin(0.1));
}

TEST_CASE("a row that has all the weight leaves a law") {
  const std::vector<double> x = normals(20);
  for (const double other : {0.0, 1e-300, 1e-17}) {
    std::vector<double> weights(20, other), left_out;
    weights[3] = 20.0;
    Stream stream(6, StreamTag::test, 5);
    const ScoreLaw law = ScoreLaw::learn(x, weights, ScoreLaw::Use::numbers, stream, &left_out);
    CHECK(law.score(law.value(0.5)) == Approx(0.5).margin(1e-9));
    for (const double score : left_out) CHECK(std::isfinite(score));
  }
}

TEST_CASE("values at the end of the numbers have a law") {
  for (const double size : {5e-324, 1e-310, 1e-300, 1e90}) {
    std::vector<double> x = normals(20);
    for (double& v : x) v *= size;
    Stream stream(6, StreamTag::test, 6);
    const ScoreLaw law = ScoreLaw::learn(x, {}, ScoreLaw::Use::numbers, stream);
    CHECK(law.high() > law.low());
    for (int k = 0; k < 10; ++k) CHECK(std::fabs(law.draw(stream)) <= 6 * size + 1e-311);
  }
}

TEST_CASE("laws of one and of two values") {
  Stream stream(6, StreamTag::test, 2);
  const std::vector<double> one{4.0, 4.0}, two{1.0, 2.0};
  CHECK(ScoreLaw::learn(one, {}, ScoreLaw::Use::numbers, stream).draw(stream) == Approx(4.0));
  const ScoreLaw law = ScoreLaw::learn(two, {}, ScoreLaw::Use::numbers, stream);
  CHECK(law.low() > 1.0);
  CHECK(law.high() < 2.0);
}
