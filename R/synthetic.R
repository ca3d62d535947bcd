# Standard errors of estimates from synthetic rows: the rows are only as good as the seed they were made from.

#' @rdname estimate_effect
#' @param naive For a pool: TRUE treats its rows as if they were real, and gives the standard error for the effect
#'   of the pool's own law instead of the population's.
#' @param synthetic For synthetic rows that are not a pool of this package: `list(n = , k = , m = )`, the number of
#'   real rows behind them, of synthetic rows (default: those given) and of synthetic sets averaged (default 1).
#' @details **Synthetic rows.** On a pool drawn from a targeted hybrid the interval is for the effect in the
#' *population* that the seed came from: SE^2 = V_seed + v, the influence-function variance of the seed's targeted
#' estimate, which the pool carries, and the pool's own (a proper hybrid: 2 V_seed + v; several pools:
#' [combine_synthetic()]). A pool of a plain (untargeted) hybrid is labelled approximate: for it, and for full
#' synthetic sets, [pipeline_bootstrap()] has an interval. A pool whose knobs change the effect (`effect_scale`,
#' `confounding`) has none, which is an error. `naive = TRUE` gives the interval for the effect of the pool's own law.
#'
#' With `synthetic`, SE^2 = v (k / n + 1 / m), for complete synthesis with the parameters held at their
#' estimates (Raab, Nowok and Dibben 2016), labelled approximate too: it holds if the synthesis model is right, was
#' estimated at the usual rate, and the treatment was drawn from the fitted propensity.
#' @export
estimate_effect.causalsynth_pool <- function(x, method = "aipw", ...,
                                             estimand = c("ATE", "ATT", "ATC", "ATO"), contrasts = FALSE,
                                             naive = FALSE, seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_flag(naive, "naive")
  estimand <- check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand")
  origin <- pool_parts(x)$origin
  check_pool_request(origin, list(...), estimand, naive, call)
  rows <- plain_rows(x)
  fit <- estimate_effect(origin$formula, rows[setdiff(names(rows), hidden_columns(origin))], method = method, ...,
                         estimand = estimand, contrasts = contrasts, seed = seed, threads = threads)
  if (naive) {
    fit$synthetic <- "naive: the pool's rows taken as real; the seed's own error is left out"
    return(fit)
  }
  fit <- add_seed_variance(fit, origin)
  if (nrow(x) != origin$rows) {
    fit$synthetic <- paste0(
      fit$synthetic, "; approximate: rows were selected from the pool; right for a random selection only"
    )
  }
  fit
}

# What cannot be asked of a pool.
check_pool_request <- function(origin, dots, estimand, naive, call) {
  if ("synthetic" %in% names(dots)) {
    abort("input", c(
      "{.arg synthetic} is for rows that are not a pool.",
      i = "A pool knows its seed; use {.code as.data.frame(pool)} to treat its rows as any others."
    ), call = call)
  }
  if (naive) return(invisible())
  if (identical(dots$se, "bootstrap")) {
    abort("input", c(
      "{.code se = \"bootstrap\"} resamples the pool's rows, which tells nothing of the seed's own error.",
      i = "Use {.code se = \"if\"}, which adds it, or {.code naive = TRUE} for the effect of the pool's own law."
    ), call = call)
  }
  moved <- if (!is.null(origin$knobs)) effect_knobs(origin$knobs)
  if (length(moved)) {
    abort("input", c(
      "The knob{?s} {.code {moved}} changed what is estimated from this pool: it has no interval for the population.",
      i = "Use {.code naive = TRUE} for the interval of the pool's own law, {.fn truth} for its exact effect.",
      i = if ("confounding" %in% moved) "Adjusting for its covariates alone is biased, as {.fn certificate} states."
    ), call = call)
  }
  if (estimand != "ATE") {
    abort("input", c(
      "A pool carries its seed's variance for the ATE only.",
      i = "Use {.code naive = TRUE} for the {estimand} of the pool's own law."
    ), call = call)
  }
}

# Counterfactual columns are no covariates.
hidden_columns <- function(origin) {
  arms <- origin$arms
  c(".ps", ".q1", ".q0", ".u", if (length(arms) > 2) paste0(rep(c(".ps_", ".q_"), each = length(arms)), arms))
}

# Every method's estimate inherits the seed's error, so that their covariances do too. `$pool` keeps the two parts for
# combine_synthetic().
add_seed_variance <- function(fit, origin) {
  seed <- origin$seed_effect
  means <- seed$means %||% c(`0` = seed$mean_0, `1` = seed$mean_1)
  covariance <- seed$covariance %||% seed$variance[2:1, 2:1]
  first <- match(fit$reference %||% fit$treat_levels[1], origin$treat_levels)
  if (length(means) == 2 && first == 2) {
    # The arms were taken the other way round.
    means[] <- rev(means)
    covariance <- covariance[2:1, 2:1]
    first <- 1
  }
  gradients <- do.call(rbind, lapply(fit$estimates$term, term_gradient, means = means, reference = first))
  inherited <- gradients %*% covariance %*% t(gradients)
  proper <- isTRUE(origin$proper)
  fit$pool <- list(n = origin$n_seed, k = fit$n, targeted = origin$targeted, proper = proper,
                   treatment = origin$treatment, own = fit$variance, seed = inherited)
  fit$variance <- fit$variance + (1 + proper) * inherited
  fit$estimates$std.error <- sqrt(diag(fit$variance))
  fit$synthetic <- paste0(
    "for the population: SE^2 = ", if (proper) "twice ", "the seed's variance (", signif(seed$std.error^2, 3),
    ", n = ", thousands(origin$n_seed), ") + the pool's own",
    if (!origin$targeted) "; approximate: the hybrid was not targeted"
  )
  fit
}

# Derivatives of a term by the arms' means (named by arm); `reference`: the place of the arm of comparison.
term_gradient <- function(term, means, reference = 1) {
  arms <- names(means)
  unit <- function(arm) as.numeric(arms == arm)
  if (term %in% paste0("mean_", arms)) return(unit(sub("^mean_", "", term)))
  binary <- identical(arms, c("0", "1"))
  kind <- sub("^(log_rr|log_or|ATE).*$", "\\1", term)
  arm <- if (binary) "1" else substring(term, nchar(kind) + 2)
  scale <- switch(kind, log_rr = 1 / means, log_or = 1 / (means * (1 - means)), rep(1, length(means)))
  unname(scale * (unit(arm) - unit(arms[reference])))
}

check_synthetic <- function(synthetic, rows, se, call) {
  if (is.null(synthetic)) return(NULL)
  if (se == "bootstrap") {
    abort("input", c("{.arg synthetic} scales a variance, which bootstrap intervals do not follow.",
                     i = "Use {.code se = \"if\"} with {.arg synthetic}."), call = call)
  }
  if (!is.list(synthetic) || is.null(synthetic$n) || !all(names(synthetic) %in% c("n", "k", "m"))) {
    abort("input", c(
      "{.arg synthetic} must be {.code list(n = , k = , m = )}.",
      i = "n: real rows behind the synthetic ones; k: synthetic rows; m: sets averaged."
    ), call = call)
  }
  list(
    n = check_whole(synthetic$n, "synthetic$n", call = call),
    k = check_whole(synthetic$k %||% rows, "synthetic$k", call = call),
    m = check_whole(synthetic$m %||% 1, "synthetic$m", call = call)
  )
}

scale_synthetic <- function(fit, synthetic) {
  if (is.null(synthetic)) return(fit)
  factor <- synthetic$k / synthetic$n + 1 / synthetic$m
  fit$variance <- fit$variance * factor
  fit$estimates$std.error <- sqrt(diag(fit$variance))
  fit$synthetic <- sprintf(
    "approximate: SE^2 = v (k/n + 1/m), n = %s real rows, k = %s synthetic, m = %s",
    format(synthetic$n, big.mark = ","), format(synthetic$k, big.mark = ","), synthetic$m
  )
  fit
}
