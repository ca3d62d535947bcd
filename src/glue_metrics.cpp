#include "core/match/nearest_two.h"
#include "core/metrics/nearest.h"
#include "glue_host.h"

// Nearest reference rows of queries: matrices of doubles with like columns, NA where missing.
// `same`: both are the same rows, and no row is its own neighbour.
// [[Rcpp::export(rng = false)]]
Rcpp::List metrics_nearest(Rcpp::NumericMatrix queries, Rcpp::NumericMatrix reference,
                           Rcpp::LogicalVector is_factor, bool same, int threads,
                           Rcpp::Nullable<Rcpp::Function> progress) {
  const auto view_of = [](const Rcpp::NumericMatrix& x) {
    return causalsynth::MatrixView<const double>(x.begin(), static_cast<std::size_t>(x.nrow()),
                                                 static_cast<std::size_t>(x.ncol()));
  };
  causalsynth::NearestInput input{view_of(queries), view_of(reference), {}, same};
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

// The two nearest reference rows of each query, by Gower's distance or Euclid's (numbers alone,
// nothing missing); `same`: both are the same rows, and no row is its own neighbour.
// [[Rcpp::export(rng = false)]]
Rcpp::List metrics_nearest_two(Rcpp::NumericMatrix queries, Rcpp::NumericMatrix reference,
                               Rcpp::LogicalVector is_factor, bool gower, bool same,
                               Rcpp::List run) {
  const auto view_of = [](const Rcpp::NumericMatrix& x) {
    return causalsynth::MatrixView<const double>(x.begin(), static_cast<std::size_t>(x.nrow()),
                                                 static_cast<std::size_t>(x.ncol()));
  };
  causalsynth::TwoNearestInput input{view_of(queries), view_of(reference), {}, same};
  for (int flag : is_factor) input.is_factor.push_back(flag == TRUE);
  const auto execution = glue::execution(run);
  const causalsynth::TwoNearest found = gower ? causalsynth::nearest_two_gower(input, execution)
                                              : causalsynth::nearest_two_points(input, execution);
  Rcpp::IntegerVector index(found.index.begin(), found.index.end());
  for (int& row : index) row = row < 0 ? NA_INTEGER : row + 1;
  return Rcpp::List::create(Rcpp::_["first"] = found.first, Rcpp::_["second"] = found.second,
                            Rcpp::_["index"] = index);
}
