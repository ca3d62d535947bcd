#include "core/metrics/nearest.h"
#include "glue_host.h"

// Nearest reference rows of queries: matrices of doubles with like columns, NA where missing.
// [[Rcpp::export(rng = false)]]
Rcpp::List metrics_nearest(Rcpp::NumericMatrix queries, Rcpp::NumericMatrix reference,
                           Rcpp::LogicalVector is_factor, int threads,
                           Rcpp::Nullable<Rcpp::Function> progress) {
  const auto view_of = [](const Rcpp::NumericMatrix& x) {
    return causalsynth::MatrixView<const double>(x.begin(), static_cast<std::size_t>(x.nrow()),
                                                 static_cast<std::size_t>(x.ncol()));
  };
  causalsynth::NearestInput input{view_of(queries), view_of(reference), {}};
  for (int flag : is_factor) input.is_factor.push_back(flag == TRUE);
  Rcpp::NumericVector first(queries.nrow()), second(queries.nrow());
  Rcpp::IntegerVector index(queries.nrow());
  causalsynth::nearest_rows(
      input, glue::execution(threads, progress),
      {glue::writable(first), glue::writable(second),
       causalsynth::Span<int>(index.begin(), static_cast<std::size_t>(index.size()))});
  using Rcpp::_;
  return Rcpp::List::create(_["first"] = first, _["second"] = second, _["index"] = index + 1);
}
