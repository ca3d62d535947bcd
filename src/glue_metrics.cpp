#include "core/match/nearest_two.h"
#include "glue_host.h"

// The two nearest reference rows of each query, matrices of doubles with like columns, NA where
// missing. `how`: "gower", "mixed" (Euclid) or "points" (Euclid of numbers, nothing missing).
// `same`: both are the same rows, and no row is its own neighbour.
// [[Rcpp::export(rng = false)]]
Rcpp::List metrics_nearest_two(Rcpp::NumericMatrix queries, Rcpp::NumericMatrix reference,
                               Rcpp::LogicalVector is_factor, std::string how, bool same,
                               Rcpp::List run) {
  const auto view_of = [](const Rcpp::NumericMatrix& x) {
    return causalsynth::MatrixView<const double>(x.begin(), static_cast<std::size_t>(x.nrow()),
                                                 static_cast<std::size_t>(x.ncol()));
  };
  causalsynth::TwoNearestInput input{view_of(queries), view_of(reference), {}, same};
  for (int flag : is_factor) input.is_factor.push_back(flag == TRUE);
  const auto execution = glue::execution(run);
  const auto search = how == "gower"   ? causalsynth::nearest_two_gower
                      : how == "mixed" ? causalsynth::nearest_two_mixed
                                       : causalsynth::nearest_two_points;
  const causalsynth::TwoNearest found = search(input, execution);
  Rcpp::IntegerVector index(found.index.begin(), found.index.end());
  for (int& row : index) row = row < 0 ? NA_INTEGER : row + 1;
  return Rcpp::List::create(Rcpp::_["first"] = found.first, Rcpp::_["second"] = found.second,
                            Rcpp::_["index"] = index);
}
