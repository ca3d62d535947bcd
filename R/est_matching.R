#' Matching
#'
#' Imputes each target row's missing outcome by the mean outcome of its nearest rows in the other arm. Estimates the
#' ATE, ATT and ATC with replacement; the ATT and ATC by greedy pairs without replacement.
#'
#' @param m Number of matches a row; 1 where `replace = FALSE`.
#' @param distance `"mahalanobis"`: under the inverse covariance of the covariates' columns (a generalised inverse where
#'   they are collinear). `"euclidean"`: of columns divided by their standard deviations. `"propensity"`, `"logit"`: of
#'   P(A = 1 | W), or its logit. Factors of more than two levels are one indicator a level, others one column.
#' @param bias_adjust TRUE adds the difference that a linear regression on the matched-on columns, fitted to the rows
#'   used as matches (weighted by how often), predicts between a row and its matches (Abadie and Imbens 2011).
#' @param replace FALSE makes pairs: each target row in turn takes the nearest row still free. Target rows for which
#'   none is left are counted and left out of the estimand. (A row's matches may not suffice then for its variance:
#'   the ATE is refused.)
#' @param order The turns of the pairs: the rows' own, by falling (`"largest"`) or rising propensity, or at random from
#'   the seed. It matters with `replace = FALSE` only.
#' @param ties TRUE averages over all rows as near as the m-th; FALSE takes exactly m, the first rows of the data among
#'   equals.
#' @param tie_tolerance Rows tie with the m-th where their squared distances, in standard deviations, exceed its own by
#'   at most this.
#' @param covariance What standardises: the covariance of all rows (`"overall"`), or within arms, pooled.
#' @param variance The outcome's variance given the covariates, of each row: `"sample"`, the sample variance of the row
#'   and its `j` nearest rows in its own arm; `"leave_one_out"`, j/(j + 1) times the squared difference to their mean
#'   (both are equal for j = 1 without ties); `"homoskedastic"`, one for all rows, from the matched differences.
#' @param j Rows matched within the arm for `variance`.
#' @return An estimator for [estimate_effect()], whose result has weights (how often a row is used, one for target rows
#'   themselves) and, for pairs, `subclass`.
#' @details **Standard errors.** With replacement: Abadie and Imbens (2006), theorems 6 and 7, for the population's
#' effect. Ties enter as they do in the estimate: each of n tied rows counts 1/n, which is added to K/M, and 1/n^2 to
#' K/M^2. On a propensity that [learn_glm()] fitted in sample: corrected for its estimation (Abadie and Imbens 2016);
#' on any other it is treated as known, and print says so. Without replacement: of the paired differences (Abadie and
#' Spiess 2022), not corrected. There is no bootstrap: it fails for matching (Abadie and Imbens 2008). Covariances with
#' other methods come from the estimators' linear representation (Abadie and Imbens 2012) with the outcome regressions
#' of the nuisances, scaled to the variances above.
#'
#' Errors: `causalsynth_error_input` for requests that matching does not serve (ATO, `cluster`, unequal `weights`,
#' `se` other than `"if"`, no covariates); `causalsynth_error_data` for missing covariates, which
#' `distance = "propensity"` does not need, and for arms of fewer rows than `m`, or than `j + 1`.
#' @references Abadie and Imbens (2006), Econometrica 74, 235-267; (2008), Econometrica 76, 1537-1557; (2011), Journal
#'   of Business and Economic Statistics 29, 1-11; (2012), JASA 107, 833-843; (2016), Econometrica 84, 781-807. Abadie
#'   and Spiess (2022), JASA 117, 983-995. Rubin (1973), Biometrics 29, 159-183 (greedy pairs).
#' @examples
#' study <- generate(dgp_paper("moderate"), 500, seed = 1)
#' fit <- estimate_effect(Y ~ A | ., study, method = c(est_matching(m = 3, bias_adjust = TRUE),
#'   "aipw"),
#'                        learner_treatment = learn_glm(), learner_outcome = learn_glm())
#' fit
#' vcov(fit)
#' @export
est_matching <- function(m = 1, distance = c("mahalanobis", "euclidean", "propensity", "logit"), bias_adjust = FALSE,
                         replace = TRUE, order = c("data", "largest", "smallest", "random"), ties = TRUE,
                         tie_tolerance = 1e-5, covariance = c("overall", "within"),
                         variance = c("sample", "leave_one_out", "homoskedastic"), j = 1) {
  m <- check_whole(m, "m")
  if (!check_flag(replace, "replace") && m != 1) {
    abort("input", c(
      "Without replacement matching makes pairs; {.arg m} is {m}.",
      i = "Use {.code m = 1}, or {.code replace = TRUE}."
    ))
  }
  tie_tolerance <- check_number(tie_tolerance, "tie_tolerance", 0)
  if (is.infinite(tie_tolerance)) abort("input", "{.arg tie_tolerance} must be finite.")
  new_estimator(
    "matching", m = m,
    distance = check_choice(distance, c("mahalanobis", "euclidean", "propensity", "logit"), "distance"),
    bias_adjust = check_flag(bias_adjust, "bias_adjust"), replace = replace,
    order = check_choice(order, c("data", "largest", "smallest", "random"), "order"),
    ties = check_flag(ties, "ties"), tie_tolerance = tie_tolerance,
    covariance = check_choice(covariance, c("overall", "within"), "covariance"),
    variance = check_choice(variance, c("sample", "leave_one_out", "homoskedastic"), "variance"),
    j = check_whole(j, "j")
  )
}

#' @exportS3Method
check_support.est_matching <- function(est, what, call) {
  if (what == "bootstrap") {
    abort("input", c(
      "{.code se = \"bootstrap\"} is not valid for {.val matching}.",
      x = "The number of times a row is matched is not smooth in the data (Abadie and Imbens 2008).",
      i = "Use {.code se = \"if\"}: the Abadie-Imbens standard error, or that of pairs without replacement."
    ), call = call)
  }
  if (what == "cluster") {
    abort("input", c(
      "{.arg cluster} is not available for {.val matching}: rows of one cluster may be matches of another's.",
      i = "Use {.val iptw}, {.val aipw}, {.val or} or {.val tmle}."
    ), call = call)
  }
  if (what == "weights") {
    abort("input", c(
      "{.arg weights} are not available for {.val matching}: its standard errors know no case weights.",
      i = "Use {.val iptw}, {.val aipw}, {.val or} or {.val tmle}."
    ), call = call)
  }
}

#' @exportS3Method
run_estimator.est_matching <- function(est, pieces, estimand, se, call = rlang::caller_env()) {
  check_matching(est, pieces, estimand, call)
  points <- match_points(est, pieces, call)
  study <- list(
    treat = pieces$treat, outcome = pieces$outcome, x = points$x, z = points$z, n = length(pieces$treat),
    arms = switch(estimand, ATE = c(1, 0), ATT = 1, ATC = 0), ps = pieces$ps,
    run = run_control(pieces$run$threads, "Matching")
  )
  matched <- if (est$replace) impute_outcomes(est, study, call) else pair_outcomes(est, study, pieces$run$key, call)
  target <- matched$target
  matched$mean_1 <- mean(matched$y1[target])
  matched$mean_0 <- mean(matched$y0[target])
  errors <- if (est$replace) imputation_variance(est, study, matched, call) else pair_variance(matched)
  if (est$distance %in% c("propensity", "logit")) {
    errors <- add_propensity_error(errors, est, study, pieces$fits$treatment, matched)
  }
  influence <- linear_representation(pieces, study, matched, errors$variance)
  list(
    mean_1 = matched$mean_1, mean_0 = matched$mean_0, if_1 = influence[, 1], if_0 = influence[, 2],
    weights = target + matched$used, inference = errors$inference, factor = 1,
    notes = c(matched$notes, points$notes), subclass = matched$subclass
  )
}

#' @exportS3Method
check_request.est_matching <- function(est, estimand, se, call) {
  check_estimand(estimand, c("ATE", "ATT", "ATC"), "matching", call)
  # The bootstrap is refused with its reason by check_support().
  if (se == "sandwich") abort("input", c(
    "{.code se = \"{se}\"} is not available for {.val matching}.",
    i = "Use {.code se = \"if\"}, which gives the Abadie-Imbens standard error."
  ), call = call)
  if (!est$replace && estimand == "ATE") abort("input", c(
    "Matching without replacement estimates the {.val ATT} or {.val ATC}, not the {.val ATE}.",
    x = "Pairs reach only as many rows of the larger arm as the smaller one has.",
    i = "Use {.code replace = TRUE}, or {.code estimand = \"ATT\"}."
  ), call = call)
}

check_matching <- function(est, pieces, estimand, call) {
  if (length(unique(pieces$weights)) > 1) check_support(est, "weights", call)
  arms <- switch(estimand, ATE = c(1, 0), ATT = 1, ATC = 0)
  for (arm in arms) {
    check_arm_rows(pieces$treat, 1 - arm, est$m, "{.arg m} is {need}", "Give a smaller {.arg m}.", call)
  }
}

# `why` and `cure` are templates; `need` is the least number of rows.
check_arm_rows <- function(treat, arm, need, why, cure, call) {
  rows <- sum(treat == arm)
  if (rows >= need) return(invisible())
  abort("data", c(
    "Matching needs {need} row{?s} of the {c('control', 'treated')[arm + 1]} arm; it has {rows}.",
    x = why, i = cure
  ), call = call)
}
