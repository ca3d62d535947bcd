#include "adam.h"

#include <cmath>

#include "../base/require.h"
#include "elementwise.h"

namespace causalsynth {

void AdamOptions::validate() const {
  require(beta1 >= 0.0 && beta1 < 1.0 && beta2 >= 0.0 && beta2 < 1.0, "betas must be in [0, 1)");
  require(epsilon > 0.0, "epsilon must be positive");
  require(weight_decay >= 0.0 && clip >= 0.0, "weight_decay and clip must not be negative");
}

double warmup_cosine(std::size_t step, std::size_t warmup, std::size_t total, double floor) {
  if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (step >= total) return floor;
  const double share =
      static_cast<double>(step - warmup) / static_cast<double>(total - warmup);
  return floor + (1.0 - floor) * 0.5 * (1.0 + std::cos(3.141592653589793 * share));
}

Adam::Adam(std::size_t size, const AdamOptions& options)
    : options_(options), mean_(size, 0.0f), square_(size, 0.0f) {
  options.validate();
}

bool Adam::step(std::vector<float>& weights, Span<const float> gradient, double rate,
                Span<const std::uint8_t> decays) {
  require(weights.size() == mean_.size() && gradient.size() == mean_.size(), "sizes of a step");
  double norm = sum_of_squares(gradient.data(), gradient.size());
  if (!std::isfinite(norm)) return false;
  norm = std::sqrt(norm);
  power1_ *= options_.beta1;
  power2_ *= options_.beta2;
  if (options_.weight_decay > 0.0) {
    const auto keep = static_cast<float>(1.0 - rate * options_.weight_decay);
    for (std::size_t k = 0; k < weights.size(); ++k)
      if (decays.empty() || decays[k]) weights[k] *= keep;
  }
  AdamRates r;
  r.beta1 = static_cast<float>(options_.beta1);
  r.beta2 = static_cast<float>(options_.beta2);
  r.scale = options_.clip > 0.0 && norm > options_.clip ? static_cast<float>(options_.clip / norm)
                                                        : 1.0f;
  r.rate = static_cast<float>(rate);
  r.epsilon = static_cast<float>(options_.epsilon);
  r.shrink1 = static_cast<float>(1.0 / (1.0 - power1_));
  r.shrink2 = static_cast<float>(1.0 / (1.0 - power2_));
  adam_each(weights.data(), gradient.data(), mean_.data(), square_.data(), r, weights.size());
  return true;
}

}  // namespace causalsynth
