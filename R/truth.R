#' The known effect of a mechanism or of synthetic rows
#'
#' @param x an object with a known effect: a mechanism made by [dgp_paper()] or [dgp()], a hybrid, or a pool of
#'   synthetic rows.
#' @param estimand which effect: "ATE" (all units), "ATT" (treated), "ATC" (controls), "ATO" (weighted by
#'   `g (1 - g)`, the overlap population), or the mean outcome "mean_1" or "mean_0" had all been treated or not.
#'   Hybrids and pools know the ATE and the means; with more than two arms these are named as effects name them,
#'   `"ATE_<level>"` and `"mean_<level>"`.
#' @param ... for methods; unknown arguments are an error.
#' @return One plain number, in units of the outcome (a difference of probabilities for a 0/1 outcome).
#' @details
#' * [dgp_paper()]: numerical quadrature over the law of the covariates, exact to 1e-6 and better. Without overlap
#'   the propensity is nearly a step, so the normal covariates are rotated and integrated by the trapezoid rule,
#'   whose error falls exponentially (Trefethen and Weideman 2014, SIAM Review 56(3)), rather than by a
#'   Gauss-Hermite rule.
#' * [dgp()]: a Monte Carlo mean over `draws` rows of covariates drawn under a fixed key. The same call gives the same
#'   number; its standard error is about `sd(Q1 - Q0) / sqrt(draws)`.
#' * A hybrid: the mean of Q(1, W) - Q(0, W) over 200,000 rows of covariates drawn when it was fitted (over all
#'   rows, for [gen_data()]), after its knobs.
#' * A pool: the mean of Q(1, W) - Q(0, W) over its own rows, exactly; it is recomputed from the rows that are left
#'   after `[`, `rbind()`, `merge()` or dplyr's row verbs. `NA` for a pool without rows.
#'
#' A data frame that is no pool, or a pool whose rows were changed without the package's knowledge, is an error.
#' @examples
#' truth(dgp_paper())
#' truth(dgp_paper("weak"), "ATT")
#' @export
truth <- function(x, estimand = "ATE", ...) {
  UseMethod("truth")
}

#' @export
truth.default <- function(x, estimand = "ATE", ...) {
  abort("input", c(
    "{.fn truth} needs an object with a known effect.",
    x = "It is {describe(x)}.",
    i = "Real data have none: use {.fn estimate_effect}."
  ), call = rlang::caller_env())
}

truth_estimands <- c("ATE", "ATT", "ATC", "ATO", "mean_1", "mean_0")

# The estimand from the means q1, q0 and those weighted by g and h = g (1 - g).
estimand_from_moments <- function(m, estimand) {
  m <- as.list(m)
  switch(estimand,
    ATE = m$q1 - m$q0,
    ATT = (m$g_q1 - m$g_q0) / m$g,
    ATC = ((m$q1 - m$g_q1) - (m$q0 - m$g_q0)) / (1 - m$g),
    ATO = (m$h_q1 - m$h_q0) / m$h,
    mean_1 = m$q1,
    mean_0 = m$q0
  )
}

#' @rdname truth
#' @inheritParams generate.causalsynth_dgp_paper
#' @export
truth.causalsynth_dgp_paper <- function(x, estimand = "ATE", ..., threads = NULL) {
  check_dots_empty(...)
  estimand <- check_choice(estimand, truth_estimands, "estimand")
  # The law of W and the outcome's are one for every overlap: the cheapest grid serves where g does not enter.
  overlap <- if (estimand %in% c("ATT", "ATC", "ATO")) x$overlap else "randomized"
  estimand_from_moments(mechanism_moments(overlap_code(overlap), resolve_threads(threads)), estimand)
}

#' @rdname truth
#' @param draws number of rows of covariates in the Monte Carlo mean.
#' @export
truth.causalsynth_dgp_custom <- function(x, estimand = "ATE", ..., draws = 1e6) {
  check_dots_empty(...)
  estimand <- check_choice(estimand, truth_estimands, "estimand")
  draws <- check_whole(draws, "draws")
  estimand_from_moments(custom_moments(x, draws), estimand)
}

# Means over covariates drawn in chunks, so that memory stays bounded.
custom_moments <- function(x, draws, chunk = 1e5, call = rlang::caller_env()) {
  key <- derive_key(rng_key(0), "truth of a mechanism")
  sums <- 0
  for (start in seq(1, draws, by = chunk)) {
    rows <- min(chunk, draws - start + 1)
    w <- draw_covariates(x, rows, derive_key(key, "covariates", start), call)
    g <- mechanism_propensity(x, w, call)
    q1 <- mechanism_outcome(x, rep(1L, rows), w, call)
    q0 <- mechanism_outcome(x, rep(0L, rows), w, call)
    h <- g * (1 - g)
    sums <- sums + c(
      q1 = sum(q1), q0 = sum(q0), g = sum(g), g_q1 = sum(g * q1), g_q0 = sum(g * q0),
      h = sum(h), h_q1 = sum(h * q1), h_q0 = sum(h * q0)
    )
  }
  sums / draws
}
