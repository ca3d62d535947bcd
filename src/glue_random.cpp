#include "core/random/stream.h"
#include "glue_host.h"

using causalsynth::Stream;
using causalsynth::StreamTag;

// A key derived from another by a tag (any whole number below 2^53) and an index.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector random_derive_key(Rcpp::NumericVector key, double tag, double index) {
  return glue::key_words(causalsynth::derive_key(glue::key(key), static_cast<std::uint64_t>(tag),
                                                 static_cast<std::uint64_t>(index)));
}

// n uniforms of one stream: for R code that must draw without touching R's generator.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector random_uniforms(Rcpp::NumericVector key, int n) {
  Stream stream(glue::key(key), StreamTag::uniforms, 0);
  Rcpp::NumericVector result(n);
  for (double& value : result) value = stream.uniform();
  return result;
}

// A random permutation of 1..n.
// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector random_permutation(Rcpp::NumericVector key, int n) {
  Stream stream(glue::key(key), StreamTag::fold, 0);
  Rcpp::IntegerVector result = Rcpp::seq_len(n);
  stream.shuffle(causalsynth::Span<int>(result.begin(), result.size()));
  return result;
}
