// How much predictions would vary over samples: the infinitesimal jackknife for bagging (Efron
// 2014; Wager, Hastie and Efron 2014).
#pragma once
#include <vector>

#include "forest.h"

namespace causalsynth {

// Variance of the predictions of x: rows x width, row after row. With counts N_bi of unit i (row,
// or cluster) in bag b and tree predictions t_b, the sum over i of Cov_b(N_bi, t_b)^2, less its
// Monte Carlo bias, the sum over i of Var_b(N_bi) times Var_b(t_b) / trees; without replacement
// times (n - 1) / n * (n / (n - s))^2 for bags of s among n units (Wager and Athey 2018). Estimates
// may be negative where trees are few.
std::vector<double> jackknife_variance(const Forest& forest, const Frame& x,
                                       const Execution& execution);

// Counts of each row in each bag, column-major, rows x trees.
std::vector<int> bag_counts(const Forest& forest, const Execution& execution);

}  // namespace causalsynth
