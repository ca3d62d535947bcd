#include <cmath>
#include <vector>

#include "catch.h"
#include "core/generate/paper_mechanism.h"

using namespace causalsynth;

namespace {

struct Rows {
  explicit Rows(std::size_t n)
      : w1(n), w2(n), w3(n), a(n), y(n), w4(n), w5(n), w6(n), q1(n), q0(n), ps(n) {}
  PaperSample view() { return {w1, w2, w3, w4, w5, w6, a, y, q1, q0, ps}; }
  std::vector<int> w1, w2, w3, a, y;
  std::vector<double> w4, w5, w6, q1, q0, ps;
};

Rows draw(std::size_t n, Overlap overlap, int threads) {
  Rows rows(n);
  Execution execution;
  execution.threads = threads;
  draw_paper_rows(PaperMechanism(overlap), 1, execution, rows.view());
  return rows;
}

template <class T>
double mean(const std::vector<T>& x) {
  double sum = 0;
  for (T value : x) sum += value;
  return sum / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("the paper's means by quadrature") {
  for (Overlap overlap : {Overlap::randomized, Overlap::none, Overlap::weak, Overlap::moderate}) {
    const PaperMoments m = paper_moments(PaperMechanism(overlap), Execution{});
    CHECK(m.q1 == Approx(0.868774959).epsilon(1e-8));
    CHECK(m.q0 == Approx(0.450307343).epsilon(1e-8));
  }
  const PaperMoments moderate = paper_moments(PaperMechanism(Overlap::moderate), Execution{});
  CHECK(moderate.g == Approx(0.4).epsilon(1e-3));
}

TEST_CASE("drawn rows follow the mechanism, for every overlap") {
  const std::size_t n = 200000;
  for (Overlap overlap : {Overlap::randomized, Overlap::none, Overlap::weak, Overlap::moderate}) {
    const Rows rows = draw(n, overlap, 2);
    const PaperMoments m = paper_moments(PaperMechanism(overlap), Execution{});
    const double se = 4 * 0.5 / std::sqrt(n);
    CHECK(std::fabs(mean(rows.w1) - 0.5) < se);
    CHECK(std::fabs(mean(rows.w3) - 0.475) < se);
    CHECK(std::fabs(mean(rows.w6)) < 2.5 * se);
    CHECK(std::fabs(mean(rows.a) - m.g) < se);
    CHECK(std::fabs(mean(rows.ps) - m.g) < se);
    CHECK(std::fabs(mean(rows.y) - (m.g_q1 + m.q0 - m.g_q0)) < se);
    CHECK(std::fabs(mean(rows.q1) - m.q1) < se);
    double treated_effect = 0;
    for (std::size_t i = 0; i < n; ++i) treated_effect += rows.ps[i] * (rows.q1[i] - rows.q0[i]);
    CHECK(std::fabs(treated_effect / n - (m.g_q1 - m.g_q0)) < se);
  }
}

TEST_CASE("rows do not depend on threads, nor on how many follow") {
  const Rows one = draw(5000, Overlap::weak, 1), three = draw(5000, Overlap::weak, 3);
  CHECK(one.w6 == three.w6);
  CHECK(one.y == three.y);
  const Rows more = draw(9000, Overlap::weak, 2);
  CHECK(std::vector<double>(more.w4.begin(), more.w4.begin() + 5000) == one.w4);
}
