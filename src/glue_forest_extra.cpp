#include "core/forest/jackknife.h"
#include "core/forest/kernel.h"
#include "glue_frame.h"
#include "glue_host.h"

using causalsynth::Forest;

Forest forest_of(const Rcpp::RawVector& model);  // glue_forest.cpp

// `fresh`: encoded rows, or NULL for the rows of the fit out of bag. Returns the columns' starts,
// rows and values (see core/forest/kernel.h), or NULL if there would be more than `most_entries`.
// [[Rcpp::export(rng = false)]]
SEXP forest_kernel(Rcpp::RawVector model, Rcpp::List data, Rcpp::Nullable<Rcpp::List> fresh,
                   double fresh_rows, double most_entries, Rcpp::List run) {
  const Forest forest = forest_of(model);
  causalsynth::Frame rows;
  if (fresh.isNotNull())
    rows = glue::frame(Rcpp::List(fresh), static_cast<std::size_t>(fresh_rows));
  const auto weights = causalsynth::kernel_weights(
      forest, glue::frame(data, forest.rows), fresh.isNull() ? nullptr : &rows,
      static_cast<std::size_t>(most_entries), glue::execution(run));
  if (!weights.complete) return R_NilValue;
  return Rcpp::List::create(Rcpp::Named("starts") = weights.starts,
                            Rcpp::Named("rows") = weights.rows,
                            Rcpp::Named("values") = weights.values);
}

// Variances of predictions, rows by values of a prediction.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix forest_jackknife(Rcpp::RawVector model, Rcpp::List x, double rows,
                                     Rcpp::List run) {
  const Forest forest = forest_of(model);
  const auto n = static_cast<std::size_t>(rows);
  const auto variance =
      causalsynth::jackknife_variance(forest, glue::frame(x, n), glue::execution(run));
  Rcpp::NumericMatrix result(static_cast<int>(n), static_cast<int>(forest.width));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < forest.width; ++k) result(i, k) = variance[i * forest.width + k];
  return result;
}

// Counts of each row of the fit in each tree's bag.
// [[Rcpp::export(rng = false)]]
Rcpp::IntegerMatrix forest_bags(Rcpp::RawVector model, Rcpp::List run) {
  const Forest forest = forest_of(model);
  const auto counts = causalsynth::bag_counts(forest, glue::execution(run));
  return Rcpp::IntegerMatrix(static_cast<int>(forest.rows), static_cast<int>(forest.trees.size()),
                             counts.begin());
}
