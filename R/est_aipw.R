#' Augmented inverse probability weighting
#'
#' The outcome regression plus weighted residuals: doubly robust, with the efficient influence function's standard
#' error. Estimates ATE, ATT and ATC.
#'
#' @param cap Largest weight; larger ones are set to it and counted.
#' @return An estimator for [estimate_effect()].
#' @references Robins, Rotnitzky and Zhao (1994), JASA 89, 846-866; Hahn (1998), Econometrica 66, 315-331.
#' @examples
#' est_aipw(cap = 50)
#' @export
est_aipw <- function(cap = Inf) new_estimator("aipw", cap = check_cap(cap))

#' @exportS3Method
run_estimator.est_aipw <- function(est, pieces, estimand, se, call = rlang::caller_env()) {
  check_estimand(estimand, c("ATE", "ATT", "ATC"), "aipw", call)
  stacked <- se == "sandwich"
  if (stacked && !(has_glm_treatment(pieces) && has_glm_outcome(pieces))) {
    abort_no_sandwich("these nuisances are not glms fitted in sample", call)
  }
  check_positive_g(pieces, FALSE, "aipw", call)
  fit <- causal_means("aipw", core_pieces(pieces), list(estimand = estimand, cap = est$cap, gradient = stacked))
  if (stacked) fit <- stack_nuisances(fit, pieces, treatment = TRUE, outcome = TRUE)
  n <- length(pieces$treat)
  c(fit, list(
    inference = if (stacked) "stacked estimating equations" else "influence function",
    factor = if (stacked) 1 else n / (n - 1), notes = cap_note(fit, est$cap)
  ))
}
