// Gaussian copula: its model is a plain list in R (R/gen_copula.R); the core borrows its vectors.
#include "core/base/require.h"
#include "core/generate/copula.h"
#include "core/linear/definite.h"
#include "glue_host.h"

namespace {

causalsynth::MatrixView<const double> matrix_view(const Rcpp::NumericMatrix& x) {
  return {x.begin(), static_cast<std::size_t>(x.nrow()), static_cast<std::size_t>(x.ncol())};
}

causalsynth::Span<const double> numbers(const Rcpp::List& from, const char* name) {
  SEXP x = from[name];
  causalsynth::require(TYPEOF(x) == REALSXP, "a margin of the copula is damaged");
  return {REAL(x), static_cast<std::size_t>(Rf_xlength(x))};
}

}  // namespace

// Columns of n rows, numbers or codes. `columns`: a list a column of cum, low, high, value, missing
// (positions from 1 in the factor's order, 0: none), share_missing. `given`: points, low, high,
// pieces, precision (see core/generate/copula.h).
// [[Rcpp::export(rng = false)]]
Rcpp::List copula_draw(Rcpp::NumericMatrix factor, Rcpp::List columns, double n, Rcpp::List given,
                       Rcpp::NumericVector key, Rcpp::List run) {
  causalsynth::Copula copula;
  copula.factor = matrix_view(factor);
  for (R_xlen_t j = 0; j < columns.size(); ++j) {
    const Rcpp::List one = columns[j];
    causalsynth::CopulaColumn column;
    column.value = Rcpp::as<int>(one["value"]) - 1;
    column.missing = Rcpp::as<int>(one["missing"]) - 1;
    column.share_missing = Rcpp::as<double>(one["share_missing"]);
    if (column.value >= 0)
      column.margin = {numbers(one, "cum"), numbers(one, "low"), numbers(one, "high")};
    copula.columns.push_back(column);
  }
  const Rcpp::NumericMatrix points = given["points"], low = given["low"], high = given["high"],
                            precision = given["precision"];
  causalsynth::GivenLatents known{matrix_view(points), matrix_view(low), matrix_view(high),
                                  Rcpp::as<std::vector<std::size_t>>(given["pieces"]),
                                  matrix_view(precision)};
  causalsynth::require(!known.pieces.empty() && known.pieces.back() == known.low.cols() &&
                           known.low.cols() == known.high.cols() &&
                           known.precision.rows() == known.count(),
                       "what is given does not fit together");
  Rcpp::List result(columns.size());
  std::vector<causalsynth::Span<double>> out;
  for (R_xlen_t j = 0; j < columns.size(); ++j) {
    Rcpp::NumericVector column(Rcpp::no_init(static_cast<R_xlen_t>(n)));
    result[j] = column;
    out.push_back(glue::writable(column));
  }
  causalsynth::draw_copula(copula, known, glue::key(key), out, glue::execution(run));
  for (auto& column : out)
    for (double& value : column)
      if (std::isnan(value)) value = NA_REAL;
  return result;
}

// [[Rcpp::export(rng = false)]]
double correlation_shrinkage(Rcpp::NumericMatrix correlation, double least) {
  return causalsynth::shrinkage_to_definite(matrix_view(correlation), least);
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix copula_correlations(Rcpp::NumericMatrix products, Rcpp::NumericMatrix hermite,
                                        double limit, Rcpp::List run) {
  Rcpp::NumericMatrix result = Rcpp::clone(products);
  causalsynth::latent_correlations(
      {result.begin(), static_cast<std::size_t>(result.nrow()),
       static_cast<std::size_t>(result.ncol())},
      matrix_view(hermite), limit, glue::execution(run));
  return result;
}
