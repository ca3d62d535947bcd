// R's side of a training loop (core/neural/safe_point.h): interrupts and progress.
#pragma once
#include "core/neural/safe_point.h"
#include "glue_host.h"

namespace glue {

// `run`: threads; keep, whether an interrupt stops the training and keeps its best model instead of
// leaving; progress, NULL or an R function of the share done and the loss.
inline causalsynth::Execution watched(const Rcpp::List& run, causalsynth::TrainWatch& watch) {
  causalsynth::Execution result;
  result.threads = Rcpp::as<int>(run["threads"]);
  const bool keep = Rcpp::as<bool>(run["keep"]);
  SEXP callback = run["progress"];
  result.poll = [keep, callback, &watch](double share) {
    try {
      check_interrupt();
    } catch (const Rcpp::internal::InterruptedException&) {
      if (!keep) throw;
      watch.stop.store(true);
    }
    if (callback == R_NilValue) return;
    Rcpp::Function report(callback);
    report(share, watch.loss.load());
  };
  return result;
}

}  // namespace glue
