#' Outcome regression
#'
#' Means of the regressions Q1 and Q0 over the target population (g-computation). Estimates ATE, ATT and ATC. With
#' [learn_glm()] fitted in sample the standard error comes from stacked estimating equations; with any other
#' learner there is none (`NA`): sd(Q1 - Q0)/sqrt(n) would ignore the learner's own error.
#'
#' @return An estimator for [estimate_effect()].
#' @references Snowden, Rose and Mortimer (2011), American Journal of Epidemiology 173, 731-738.
#' @examples
#' est_or()
#' @export
est_or <- function() new_estimator("or")

#' @exportS3Method
check_request.est_or <- function(est, estimand, se, call) {
  check_estimand(estimand, c("ATE", "ATT", "ATC"), "or", call)
}

#' @exportS3Method
run_estimator.est_or <- function(est, pieces, estimand, se, call = rlang::caller_env()) {
  stacked <- has_glm_outcome(pieces)
  if (se == "sandwich" && !stacked) abort_no_sandwich(no_glm_phrase("outcome"), call)
  fit <- causal_means("or", core_pieces(pieces), list(estimand = estimand, gradient = stacked))
  if (stacked) fit <- stack_nuisances(fit, pieces, treatment = FALSE, outcome = TRUE)
  c(fit, list(
    inference = if (stacked) "stacked estimating equations" else "none", factor = 1,
    na_reason = if (!stacked) "no standard error: the error of this outcome regression is unknown"
  ))
}
