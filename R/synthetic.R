# Standard errors of estimates from synthetic rows: the rows are only as good as the seed they were made from.

#' @rdname estimate_effect
#' @param naive For a pool: TRUE treats its rows as if they were real, and gives the standard error for the effect
#'   of the pool's own law instead of the population's.
#' @param synthetic For synthetic rows that are not a pool of this package: `list(n = , k = , m = )`, the number of
#'   real rows behind them, of synthetic rows (default: those given) and of synthetic sets averaged (default 1).
#' @details **Synthetic rows.** On a hybrid pool SE^2 = V_seed + v: the influence-function variance of the seed's
#' targeted estimate, which the pool carries, and the pool's own. A pool of a plain (untargeted) hybrid is labelled
#' approximate. With `synthetic`, SE^2 = v (k / n + 1 / m), for complete synthesis with the parameters held at their
#' estimates (Raab, Nowok and Dibben 2016), labelled approximate too: it holds if the synthesis model is right and
#' was estimated at the usual rate.
#' @export
estimate_effect.causalsynth_pool <- function(x, method = "aipw", ...,
                                             estimand = c("ATE", "ATT", "ATC", "ATO"), contrasts = FALSE,
                                             naive = FALSE, seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  check_flag(naive, "naive")
  estimand <- check_choice(estimand, c("ATE", "ATT", "ATC", "ATO"), "estimand")
  if ("synthetic" %in% names(list(...))) {
    abort("input", c(
      "{.arg synthetic} is for rows that are not a pool.",
      i = "A pool knows its seed; use {.code as.data.frame(pool)} to treat its rows as any others."
    ), call = call)
  }
  if (!naive && identical(list(...)$se, "bootstrap")) {
    abort("input", c(
      "{.code se = \"bootstrap\"} resamples the pool's rows, which tells nothing of the seed's own error.",
      i = "Use {.code se = \"if\"}, which adds it, or {.code naive = TRUE} for the effect of the pool's own law."
    ), call = call)
  }
  origin <- pool_parts(x)$origin
  if (!naive && estimand != "ATE") {
    abort("input", c(
      "A pool carries its seed's variance for the ATE only.",
      i = "Use {.code naive = TRUE} for the {estimand} of the pool's own law."
    ), call = call)
  }
  hidden <- intersect(c(".ps", ".q1", ".q0"), names(x))
  rows <- plain_rows(x)
  fit <- estimate_effect(origin$formula, rows[setdiff(names(rows), hidden)], method = method, ...,
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

# Every method's estimate inherits the seed's error, so that their covariances do too.
add_seed_variance <- function(fit, origin) {
  seed <- origin$seed_effect
  gradients <- lapply(fit$estimates$term, term_gradient, mean_1 = seed$mean_1, mean_0 = seed$mean_0)
  gradients <- do.call(rbind, gradients)
  fit$variance <- fit$variance + gradients %*% seed$variance %*% t(gradients)
  fit$estimates$std.error <- sqrt(diag(fit$variance))
  fit$synthetic <- paste0(
    "SE^2 = seed's variance (", signif(seed$std.error^2, 3), ", n = ", origin$n_seed, ") + the pool's own",
    if (!origin$targeted) "; approximate: the hybrid was not targeted"
  )
  fit
}

# Derivatives of a term by (mean_1, mean_0).
term_gradient <- function(term, mean_1, mean_0) {
  switch(
    term,
    mean_1 = c(1, 0), mean_0 = c(0, 1), log_rr = c(1 / mean_1, -1 / mean_0),
    log_or = c(1 / (mean_1 * (1 - mean_1)), -1 / (mean_0 * (1 - mean_0))), c(1, -1)
  )
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
