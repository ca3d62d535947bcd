// Encoded columns of R (see R/columns.R) as a core frame that borrows their memory.
#pragma once
#include <Rcpp.h>

#include "core/data/frame.h"

namespace glue {

inline causalsynth::Frame frame(const Rcpp::List& encoded, std::size_t rows) {
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
