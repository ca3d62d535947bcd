// Encoded columns of R (see R/columns.R, R/sparse.R) as a core frame that borrows their memory.
#pragma once
#include <Rcpp.h>

#include "core/data/frame.h"

namespace glue {

// The slots of a compressed sparse column matrix (i, p, x, rows): one sparse column each.
inline causalsynth::Frame sparse_frame(const Rcpp::List& slots, std::size_t rows) {
  causalsynth::require(
      TYPEOF(slots["i"]) == INTSXP && TYPEOF(slots["p"]) == INTSXP &&
          TYPEOF(slots["x"]) == REALSXP,  // a converted copy would not outlive this
      "the slots of the sparse matrix have other types");
  const Rcpp::IntegerVector at = slots["i"], starts = slots["p"];
  const Rcpp::NumericVector values = slots["x"];
  const auto stored = static_cast<std::size_t>(values.size());
  causalsynth::require(Rcpp::as<double>(slots["rows"]) == static_cast<double>(rows),
                       "the sparse matrix has another number of rows");
  causalsynth::require(starts.size() > 0 && starts[0] == 0 && at.size() == values.size() &&
                           static_cast<std::size_t>(starts[starts.size() - 1]) == stored,
                       "the slots of the sparse matrix do not fit together");
  causalsynth::Frame result(rows);
  for (R_xlen_t j = 0; j + 1 < starts.size(); ++j) {
    causalsynth::require(starts[j] <= starts[j + 1], "the sparse matrix's columns must ascend");
    const auto first = static_cast<std::size_t>(starts[j]);
    const auto size = static_cast<std::size_t>(starts[j + 1]) - first;
    causalsynth::require(size <= stored - first,
                         "the sparse matrix's columns end beyond its values");
    result.add(causalsynth::Column::sparse({values.begin() + first, size},
                                           {at.begin() + first, size}, rows));
  }
  return result;
}

inline causalsynth::Frame frame(const Rcpp::List& encoded, std::size_t rows) {
  if (encoded.containsElementNamed("sparse"))
    return sparse_frame(Rcpp::as<Rcpp::List>(encoded["sparse"]), rows);
  const Rcpp::List columns = encoded["columns"];
  const Rcpp::IntegerVector levels = encoded["levels"];
  causalsynth::Frame result(rows);
  for (R_xlen_t j = 0; j < columns.size(); ++j) {
    SEXP column = columns[j];
    const auto size = static_cast<std::size_t>(Rf_xlength(column));
    if (TYPEOF(column) == REALSXP)
      result.add(causalsynth::Column::numeric({REAL(column), size}));
    else
      result.add(causalsynth::Column::factor({INTEGER(column), size}, std::max(levels[j], 1)));
  }
  return result;
}

}  // namespace glue
