// The mechanism of the simulation study of Kim, Xu and Lin (2025), arXiv 2511.00318:
//   W1, W2 ~ Bern(.5); W3 ~ Bern(.3 + .35 (W1 + W2) / 2); W4, W5 ~ N(0, 1);
//   W6 = .5 W4 + .5 W5 + N(0, 1)
//   tau(W) = 2 + .5 sin W1 + .3 log(|W2| + 1) - .2 W3^2 + .1 exp W4 - .3 tanh W5 + .2 cos W6
//   logit P(Y=1|A,W) = -.5 + tau A + .5 W1 + W2 - W3 + .2 W4 - .3 W5 + .1 W6
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "../base/span.h"
#include "../parallel/parallel_for.h"

namespace causalsynth {

using PaperCovariates = std::array<double, 6>;

// How treatment depends on W; `moderate` is .4 times the weak logit + .633, so that P(A=1) = .40.
enum class Overlap { randomized = 0, none = 1, weak = 2, moderate = 3 };

class PaperMechanism {
 public:
  explicit PaperMechanism(Overlap overlap);
  double treatment_logit(const PaperCovariates& w) const;
  double propensity(const PaperCovariates& w) const;
  static double outcome_probability(int treatment, const PaperCovariates& w);
  // Intercept, then the coefficients of W1..W6.
  const std::array<double, 7>& coefficients() const { return coefficients_; }

 private:
  std::array<double, 7> coefficients_;
};

// Columns to fill, all of one length; q1, q0 and ps may be empty.
struct PaperSample {
  Span<int> w1, w2, w3;
  Span<double> w4, w5, w6;
  Span<int> treatment, outcome;
  Span<double> q1, q0, ps;
};

// Independent rows; block b of 1024 rows draws from stream (key, mechanism, b).
void draw_paper_rows(const PaperMechanism& mechanism, std::uint64_t key,
                     const Execution& execution, const PaperSample& sample);

// Means over W of q_a = P(Y=1|A=a,W), alone and times g, 1 - g and g (1 - g), g = P(A=1|W).
struct PaperMoments {
  double q1 = 0, q0 = 0;
  double g = 0, g_q1 = 0, g_q0 = 0;
  double h = 0, h_q1 = 0, h_q0 = 0;  // h = g (1 - g)
};

PaperMoments paper_moments(const PaperMechanism& mechanism, const Execution& execution);

}  // namespace causalsynth
