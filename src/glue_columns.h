// Columns that generators draw, and what R gives of them.
#pragma once
#include <Rcpp.h>

#include <cmath>
#include <vector>

#include "core/generate/conditional.h"
#include "glue_host.h"

namespace glue {

// Columns of n numbers each, and where the core writes them.
struct DrawnColumns {
  std::vector<Rcpp::NumericVector> columns;
  std::vector<double*> out;
  DrawnColumns(std::size_t count, double n) {
    for (std::size_t j = 0; j < count; ++j) {
      columns.emplace_back(Rcpp::no_init(static_cast<R_xlen_t>(n)));
      out.push_back(columns.back().begin());
    }
  }
  // Numbers, or integer codes of factors; NA: missing. `levels` of each, -1 of numbers.
  Rcpp::List finish(const Rcpp::IntegerVector& levels) const {
    Rcpp::List result(columns.size());
    for (std::size_t j = 0; j < columns.size(); ++j) {
      Rcpp::NumericVector column = columns[j];
      if (levels[j] < 0) {
        for (double& value : column)
          if (std::isnan(value)) value = NA_REAL;
        column.attr("rounded") = true;  // as the blueprint wants: see decode_column()
        result[j] = column;
        continue;
      }
      Rcpp::IntegerVector codes(Rcpp::no_init(column.size()));
      for (R_xlen_t i = 0; i < column.size(); ++i) {
        causalsynth::require(column[i] <= levels[j], "the generator draws unknown levels");
        codes[i] = column[i] == 0.0 ? NA_INTEGER : static_cast<int>(column[i]);
      }
      result[j] = codes;
    }
    return result;
  }
};

// `given`: an entry a column, NULL or a list of `value` (one a row), `low` and `high`, or `codes`.
struct GivenColumns {
  std::vector<causalsynth::GivenColumn> columns;
  std::vector<Rcpp::NumericVector> held;
  GivenColumns(const Rcpp::List& given, double n) : columns(static_cast<std::size_t>(given.size())) {
    using Kind = causalsynth::GivenColumn::Kind;
    for (R_xlen_t j = 0; j < given.size(); ++j) {
      if (Rf_isNull(given[j])) continue;
      const Rcpp::List one = given[j];
      causalsynth::GivenColumn& to = columns[static_cast<std::size_t>(j)];
      if (one.containsElementNamed("value")) {
        held.push_back(Rcpp::as<Rcpp::NumericVector>(one["value"]));
        causalsynth::require(held.back().size() == static_cast<R_xlen_t>(n), "one value a row");
        to.kind = Kind::value;
        to.value = view(held.back());
      } else if (one.containsElementNamed("codes")) {
        to.kind = Kind::codes;
        to.codes = Rcpp::as<std::vector<double>>(one["codes"]);
      } else {
        to.kind = Kind::range;
        to.low = Rcpp::as<double>(one["low"]);
        to.high = Rcpp::as<double>(one["high"]);
      }
    }
  }
};

}  // namespace glue
