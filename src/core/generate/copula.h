// Gaussian copula over mixed columns: draws, also given some columns, and latent correlations.
#pragma once
#include <cstdint>
#include <vector>

#include "../base/span.h"
#include "../parallel/parallel_for.h"

namespace causalsynth {

// The law of one column as cells: cell k has probability cum[k + 1] - cum[k] and is uniform on
// [low[k], high[k]], a single value where both are equal. The latent normal z lies in cell k where
// Phi(z) is between the two sums.
struct CopulaMargin {
  Span<const double> cum, low, high;
};

// Positions among the latent normals, in the order of the factor below; -1: none.
struct CopulaColumn {
  CopulaMargin margin;
  int value = -1;            // none: always missing
  int missing = -1;          // none: never missing
  double share_missing = 0;  // missing where this latent exceeds its 1 - share quantile
};

// What is known of the latent normals that come first: `points`, rows x (number of points), are
// values; the next ones lie in a union of intervals each, whose ends are the columns
// pieces[k] to pieces[k + 1] - 1 of `low` and `high`. Matrices of one row hold for all rows.
struct GivenLatents {
  MatrixView<const double> points, low, high;
  std::vector<std::size_t> pieces{0};
  // Inverse of the correlation matrix of all latents in points and pieces, for Gibbs sampling.
  MatrixView<const double> precision;
  std::size_t intervals() const { return pieces.size() - 1; }
  std::size_t count() const { return points.cols() + intervals(); }
};

struct Copula {
  MatrixView<const double> factor;  // lower triangular: correlation matrix = factor factor'
  std::vector<CopulaColumn> columns;
  void validate() const;
};

// Writes n rows column by column (NaN: missing). Latents with intervals are drawn exactly, by
// rejection from their sequential conditionals; a row refused kExactTries times goes on with
// kSweeps sweeps of Gibbs sampling.
constexpr int kExactTries = 200;
constexpr int kSweeps = 100;
void draw_copula(const Copula& copula, const GivenLatents& given, std::uint64_t key,
                 const std::vector<Span<double>>& out, const Execution& execution);

// Latent correlations from mean products of scores. A score is a function of its column's latent
// normal with Hermite coefficients c_1, c_2, ... (columns of `hermite`, for normalised
// polynomials),
// so that its mean product with another is sum_k rho^k a_k b_k (Mehler's formula): solved for rho
// in [-limit, limit]. `products` is overwritten by the correlations.
void latent_correlations(MatrixView<double> products, MatrixView<const double> hermite,
                         double limit, const Execution& execution);

}  // namespace causalsynth
