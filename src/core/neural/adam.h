// AdamW (Loshchilov and Hutter 2019; Kingma and Ba 2015) and schedules of its rate.
#pragma once
#include <cstdint>
#include <vector>

#include "../base/span.h"

namespace causalsynth {

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.0;  // decoupled: times the rate
  double clip = 0.0;          // longest gradient (Euclid); 0: any
  void validate() const;
};

// From 0 to 1 over `warmup` steps, then down to `floor` along a cosine until `total`.
double warmup_cosine(std::size_t step, std::size_t warmup, std::size_t total, double floor = 0.0);

class Adam {
 public:
  Adam() = default;
  Adam(std::size_t size, const AdamOptions& options);
  // One step against the gradient; `decays`: empty, or whether weight decay applies to each weight.
  // False, and nothing changed, where the gradient is not finite.
  bool step(std::vector<float>& weights, Span<const float> gradient, double rate,
            Span<const std::uint8_t> decays = {});

 private:
  AdamOptions options_;
  std::vector<float> mean_, square_;
  double power1_ = 1.0, power2_ = 1.0;  // beta^steps
};

}  // namespace causalsynth
