// Variational Bayes for a mixture of normals on the line with a truncated Dirichlet process (stick
// breaking) on its weights: Blei and Jordan 2006; Bishop 2006, section 10.2, for the normal part.
#pragma once
#include <vector>

#include "../base/span.h"

namespace causalsynth {

struct MixtureOptions {
  std::size_t components = 10;    // the most
  double concentration = 1e-3;    // of the Dirichlet process
  double least_weight = 0.005;    // components of less are left out
  std::size_t iterations = 1500;
  double tolerance = 1e-7;        // of the largest change of a weight
  void validate() const;
};

struct Component {
  double mean = 0.0, sd = 1.0, weight = 1.0;
};

// `weights`: empty (ones), or one a value. Components in the order of their means, weights of sum
// 1. The number of components is that of the variational fit under the customary priors (means
// around the values' mean with one value's worth, variances around theirs with one degree of
// freedom). These priors make components of a few hundred values some percent too wide, so those
// that are left are then fitted by maximum likelihood (EM) from there.
std::vector<Component> variational_mixture(Span<const double> values, Span<const double> weights,
                                           const MixtureOptions& options);

// Posterior probabilities of the components for x, which sum to 1.
void mixture_posterior(const std::vector<Component>& mixture, double x, double* to);

double digamma(double x);

}  // namespace causalsynth
