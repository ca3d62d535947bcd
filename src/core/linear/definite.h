// Positive definite matrices near a given one.
#pragma once
#include "core/base/span.h"

namespace causalsynth {

// The least a of 0, 1/256 ... 1 for which (1 - a) R + a I - least I has a Cholesky factor, R a
// symmetric matrix with ones on its diagonal (Higham, Strabic and Sego 2016, SIAM Review 58).
double shrinkage_to_definite(const MatrixView<const double>& r, double least);

}  // namespace causalsynth
