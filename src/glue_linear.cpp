#include <algorithm>

#include "core/linear/logistic.h"
#include "core/linear/qr.h"
#include "glue_host.h"

namespace {

causalsynth::MatrixView<const double> matrix_view(const Rcpp::NumericMatrix& x) {
  return {x.begin(), static_cast<std::size_t>(x.nrow()), static_cast<std::size_t>(x.ncol())};
}

Rcpp::LogicalVector flags(const std::vector<unsigned char>& x) {
  return Rcpp::LogicalVector(x.begin(), x.end());
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List linear_least_squares(Rcpp::NumericMatrix x, Rcpp::NumericVector y,
                                Rcpp::NumericVector weights) {
  const auto fit =
      causalsynth::least_squares(matrix_view(x), glue::view(y), glue::view(weights));
  return Rcpp::List::create(Rcpp::_["coefficients"] = fit.coefficients,
                            Rcpp::_["aliased"] = flags(fit.aliased),
                            Rcpp::_["rank"] = static_cast<int>(fit.rank));
}

// `weights` and `offset` may be empty.
// [[Rcpp::export(rng = false)]]
Rcpp::List linear_logistic(Rcpp::NumericMatrix x, Rcpp::NumericVector y,
                           Rcpp::NumericVector weights, Rcpp::NumericVector offset,
                           Rcpp::List options) {
  causalsynth::LogisticOptions settings;
  glue::OptionList list(options);
  list.read("max_iterations", settings.max_iterations);
  list.read("tolerance", settings.tolerance);
  list.finish();
  const auto fit = causalsynth::logistic_regression(
      {matrix_view(x), glue::view(y), glue::view(weights), glue::view(offset)}, settings);
  return Rcpp::List::create(
      Rcpp::_["coefficients"] = fit.coefficients, Rcpp::_["aliased"] = flags(fit.aliased),
      Rcpp::_["rank"] = static_cast<int>(fit.rank), Rcpp::_["fitted"] = fit.fitted,
      Rcpp::_["iterations"] = fit.iterations, Rcpp::_["converged"] = fit.converged,
      Rcpp::_["separated"] = fit.separated, Rcpp::_["direction"] = fit.direction);
}

// The triangle R of diag(scale) x = Q R; `scale` may be empty.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix linear_triangle(Rcpp::NumericMatrix x, Rcpp::NumericVector scale) {
  const std::vector<double> zero(static_cast<std::size_t>(x.nrow()), 0.0);
  const auto factor = causalsynth::factorise(matrix_view(x), glue::view(scale), zero);
  const int p = x.ncol();
  Rcpp::NumericMatrix result(p, p);
  for (int j = 0; j < p; ++j) {
    const double* column = factor.r.data() + static_cast<std::size_t>(j) * (factor.cols + 1);
    std::copy(column, column + j + 1, result.column(j).begin());
  }
  return result;
}
