#' Inverse probability of treatment weighting
#'
#' Weighted means of the outcome in each arm. Weights: ATE 1/g; ATT 1 and (1 - g0)/g0; ATC (1 - g1)/g1 and 1; ATO the
#' other arm's unbounded probability (overlap weights). With overlap weights of a logistic regression fitted in
#' sample, the weighted means of its terms are equal in both arms.
#'
#' @details With a propensity by [learn_glm()] fitted in sample the standard error is that of the stacked estimating
#' equations of weights and means: also where weights are stabilised and capped (the arm's share is estimated
#' too). Rows at the cap or at a bound have weights that do not move with the coefficients. With any other learner g
#' is taken as known, and the object says so.
#'
#' @param type `"hajek"` divides by the sum of weights, `"ht"` (Horvitz-Thompson) by the target's size.
#' @param stabilised TRUE multiplies the ATE's weights by P(A = a); it matters beside `cap`.
#' @param cap Largest weight; larger ones are set to it and counted.
#' @return An estimator for [estimate_effect()].
#' @references Hernan and Robins (2020), Causal Inference, chapter 12; Li, Morgan and Zaslavsky (2018), JASA 113,
#'   390-400; Lunceford and Davidian (2004), Statistics in Medicine 23, 2937-2960 (estimating equations).
#' @examples
#' est_iptw("ht")
#' @export
est_iptw <- function(type = c("hajek", "ht"), stabilised = FALSE, cap = Inf) {
  new_estimator("iptw", type = check_choice(type, c("hajek", "ht"), "type"),
                stabilised = check_flag(stabilised, "stabilised"), cap = check_cap(cap))
}

#' @exportS3Method
run_estimator.est_iptw <- function(est, pieces, estimand, se, call = rlang::caller_env()) {
  stacked <- has_glm_treatment(pieces)
  if (se == "sandwich" && !stacked) abort_no_sandwich(no_glm_phrase("treatment"), call)
  if (estimand != "ATO") check_positive_g(pieces, FALSE, "iptw", call)
  fit <- causal_means("iptw", core_pieces(pieces), list(
    estimand = estimand, hajek = est$type == "hajek", stabilised = est$stabilised, cap = est$cap, gradient = stacked
  ))
  if (stacked) fit <- stack_nuisances(fit, pieces, treatment = TRUE, outcome = FALSE)
  c(fit, list(
    inference = if (stacked) "stacked estimating equations" else "g treated as known", factor = 1,
    notes = cap_note(fit, est$cap)
  ))
}
