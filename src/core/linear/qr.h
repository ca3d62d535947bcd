// Least squares by orthogonal reduction of row blocks, then a rank-revealing QR of what is left.
#pragma once
#include <cstddef>
#include <vector>

#include "core/base/span.h"

namespace causalsynth {

// The upper triangle R of [diag(scale) x | rhs] = Q R, (p + 1) x (p + 1), column-major.
struct TriangularFactor {
  std::size_t cols = 0;  // p, without the right-hand side
  std::vector<double> r;
};

// Householder QR of successive row blocks stacked under the triangle so far: as stable as one
// QR of all rows (Golub & Van Loan 2013, 5.2.2), with memory for one block only.
// `scale` may be empty (ones); `rhs` is taken as it is.
TriangularFactor factorise(MatrixView<const double> x, Span<const double> scale,
                           Span<const double> rhs);

struct LinearSolution {
  std::vector<double> coefficients;  // 0 where aliased
  std::vector<unsigned char> aliased;
  std::size_t rank = 0;
};

// Solves with columns scaled to norm 1 and pivoted by norm; pivots below `tolerance` of the
// largest are aliased. Columns with `skip` set (empty: none) take no part.
LinearSolution solve(const TriangularFactor& factor, double tolerance,
                     const std::vector<unsigned char>& skip = {});

constexpr double kRankTolerance = 1e-11;

// Weighted least squares; `weights` may be empty (ones).
LinearSolution least_squares(MatrixView<const double> x, Span<const double> y,
                             Span<const double> weights);

}  // namespace causalsynth
