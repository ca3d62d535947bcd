#' Augmented inverse probability weighting
#'
#' The outcome regression plus weighted residuals: doubly robust for ATE, ATT and ATC, with the efficient influence
#' function's standard error.
#'
#' @details Mean of arm a: sum(h Q_a + 1(A = a) w (Y - Q_a)) / sum(h), with the weights w of [est_iptw()] and the
#' target's h: 1 (ATE), A (ATT), 1 - A (ATC). For the ATO h is (A - g)^2, which is g (1 - g) plus the term
#' (1 - 2 g)(A - g) of the efficient influence function (Crump et al. 2006): the error of a learned g then counts to
#' second order only, and with a true g its mean is g (1 - g), the target of the overlap weights. With h = g (1 - g) it
#' would be the augmented estimator of Mao, Li and Greene (2019), whose inference supposes a parametric g. The
#' ATO is the effect in the population that g itself defines: no estimator of it is robust to a wrong g.
#'
#' @param cap Largest weight; larger ones are set to it and counted.
#' @return An estimator for [estimate_effect()].
#' @references Robins, Rotnitzky and Zhao (1994), JASA 89, 846-866; Hahn (1998), Econometrica 66, 315-331; Crump,
#'   Hotz, Imbens and Mitnik (2006), NBER technical working paper 330; Li, Morgan and Zaslavsky (2018), JASA 113,
#'   390-400; Mao, Li and Greene (2019), Statistical Methods in Medical Research 28, 2439-2454.
#' @examples
#' est_aipw(cap = 50)
#' @export
est_aipw <- function(cap = Inf) new_estimator("aipw", cap = check_cap(cap))

#' @exportS3Method
run_estimator.est_aipw <- function(est, pieces, estimand, se, call = rlang::caller_env()) {
  stacked <- se == "sandwich"
  if (stacked && !(has_glm_treatment(pieces) && has_glm_outcome(pieces))) {
    abort_no_sandwich(no_glm_phrase(c("treatment", "outcome")), call)
  }
  if (estimand != "ATO") check_positive_g(pieces, FALSE, "aipw", call)
  fit <- causal_means("aipw", core_pieces(pieces), list(estimand = estimand, cap = est$cap, gradient = stacked))
  if (stacked) fit <- stack_nuisances(fit, pieces, treatment = TRUE, outcome = TRUE)
  n <- length(pieces$treat)
  c(fit, list(
    inference = if (stacked) "stacked estimating equations" else "influence function",
    factor = if (stacked) 1 else n / (n - 1), notes = cap_note(fit, est$cap)
  ))
}
