#include "paper_mechanism.h"

#include <cmath>

#include "../random/stream.h"

namespace causalsynth {
namespace {

constexpr std::size_t kBlock = 1024;

double expit(double x) { return 1.0 / (1.0 + std::exp(-x)); }

std::array<double, 7> treatment_coefficients(Overlap overlap) {
  const std::array<double, 7> weak{-3.0, 1.6, -2.4, 1.2, 0.6, -1.0, 1.6};
  std::array<double, 7> result{};
  switch (overlap) {
    case Overlap::randomized: break;
    case Overlap::none: result = {-30, 16, -24, 12, 6, -10, 16}; break;
    case Overlap::weak: result = weak; break;
    case Overlap::moderate:
      for (std::size_t j = 0; j < weak.size(); ++j) result[j] = 0.4 * weak[j];
      result[0] += 0.633;
      break;
  }
  return result;
}

double third_probability(double w1, double w2) { return 0.3 + 0.35 * (w1 + w2) / 2; }

PaperCovariates draw_covariates(Stream& stream) {
  PaperCovariates w;
  w[0] = stream.uniform() < 0.5;
  w[1] = stream.uniform() < 0.5;
  w[2] = stream.uniform() < third_probability(w[0], w[1]);
  w[3] = stream.normal();
  w[4] = stream.normal();
  w[5] = 0.5 * w[3] + 0.5 * w[4] + stream.normal();
  return w;
}

}  // namespace

PaperMechanism::PaperMechanism(Overlap overlap) : coefficients_(treatment_coefficients(overlap)) {}

double PaperMechanism::treatment_logit(const PaperCovariates& w) const {
  double sum = coefficients_[0];
  for (std::size_t j = 0; j < w.size(); ++j) sum += coefficients_[j + 1] * w[j];
  return sum;
}

double PaperMechanism::propensity(const PaperCovariates& w) const {
  return expit(treatment_logit(w));
}

double PaperMechanism::outcome_probability(int treatment, const PaperCovariates& w) {
  double logit = -0.5 + 0.5 * w[0] + w[1] - w[2] + 0.2 * w[3] - 0.3 * w[4] + 0.1 * w[5];
  if (treatment == 1)
    logit += 2 + 0.5 * std::sin(w[0]) + 0.3 * std::log(std::fabs(w[1]) + 1) - 0.2 * w[2] * w[2] +
             0.1 * std::exp(w[3]) - 0.3 * std::tanh(w[4]) + 0.2 * std::cos(w[5]);
  return expit(logit);
}

void draw_paper_rows(const PaperMechanism& mechanism, std::uint64_t key,
                     const Execution& execution, const PaperSample& sample) {
  const RowBlocks blocks{sample.w1.size(), kBlock};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag&) {
    Stream stream(key, StreamTag::mechanism, b);
    for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i) {
      const PaperCovariates w = draw_covariates(stream);
      const double g = mechanism.propensity(w);
      const double q1 = PaperMechanism::outcome_probability(1, w);
      const double q0 = PaperMechanism::outcome_probability(0, w);
      const int a = stream.uniform() < g;
      sample.w1[i] = static_cast<int>(w[0]);
      sample.w2[i] = static_cast<int>(w[1]);
      sample.w3[i] = static_cast<int>(w[2]);
      sample.w4[i] = w[3];
      sample.w5[i] = w[4];
      sample.w6[i] = w[5];
      sample.treatment[i] = a;
      sample.outcome[i] = stream.uniform() < (a ? q1 : q0);
      if (sample.q1.empty()) continue;
      sample.q1[i] = q1;
      sample.q0[i] = q0;
      sample.ps[i] = g;
    }
  });
}

}  // namespace causalsynth
