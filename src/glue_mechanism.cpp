#include "core/generate/paper_mechanism.h"
#include "glue_host.h"

using causalsynth::Overlap;
using causalsynth::PaperMechanism;
using causalsynth::PaperMoments;
using causalsynth::PaperSample;
using causalsynth::Span;

// n rows of the paper's mechanism as a list of columns; q1, q0, ps only if asked for.
// [[Rcpp::export(rng = false)]]
Rcpp::List mechanism_draw(int n, int overlap, bool counterfactuals, Rcpp::NumericVector key,
                          int threads, Rcpp::Nullable<Rcpp::Function> progress) {
  Rcpp::IntegerVector w1(n), w2(n), w3(n), a(n), y(n);
  Rcpp::NumericVector w4(n), w5(n), w6(n);
  const int extra = counterfactuals ? n : 0;
  Rcpp::NumericVector q1(extra), q0(extra), ps(extra);
  const auto ints = [](Rcpp::IntegerVector& x) {
    return Span<int>(x.begin(), static_cast<std::size_t>(x.size()));
  };
  const PaperSample sample{ints(w1), ints(w2), ints(w3), glue::writable(w4), glue::writable(w5),
                           glue::writable(w6), ints(a), ints(y), glue::writable(q1),
                           glue::writable(q0), glue::writable(ps)};
  causalsynth::draw_paper_rows(PaperMechanism(static_cast<Overlap>(overlap)), glue::key(key),
                               glue::execution(threads, progress), sample);
  using Rcpp::_;
  Rcpp::List rows = Rcpp::List::create(_["W1"] = w1, _["W2"] = w2, _["W3"] = w3, _["W4"] = w4,
                                       _["W5"] = w5, _["W6"] = w6, _["A"] = a, _["Y"] = y);
  if (counterfactuals) {
    rows["q1"] = q1;
    rows["q0"] = q0;
    rows["ps"] = ps;
  }
  return rows;
}

// Means over the law of W, by quadrature.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector mechanism_moments(int overlap, int threads) {
  const PaperMoments m = causalsynth::paper_moments(PaperMechanism(static_cast<Overlap>(overlap)),
                                                    glue::execution(threads, R_NilValue));
  using Rcpp::_;
  return Rcpp::NumericVector::create(_["q1"] = m.q1, _["q0"] = m.q0, _["g"] = m.g,
                                     _["g_q1"] = m.g_q1, _["g_q0"] = m.g_q0, _["h"] = m.h,
                                     _["h_q1"] = m.h_q1, _["h_q0"] = m.h_q0);
}
