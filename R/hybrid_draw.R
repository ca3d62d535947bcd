# Rows of a hybrid: covariates from its generator, treatment and outcome from its models.

#' @rdname generate.causalsynth_hybrid
#' @name generate.causalsynth_hybrid
#' @title Draw a pool of hybrid rows
#'
#' @param x A fitted hybrid.
#' @param n Number of rows, at least 1.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param ... Unknown names are an error.
#' @description Covariates from the hybrid's generator, treatment and outcome from its models.
#' @param counterfactuals Add what nobody sees of real rows: each row's probability of treatment `.ps`, mean outcomes
#'   `.q1` and `.q0` and drawn outcomes `.y1` and `.y0` under either treatment (with more than two arms `.ps_<level>`,
#'   `.q_<level>` and `.y_<level>`), and with `confounding` the unmeasured cause `.u`? The drawn outcome under the row's
#'   own treatment is its outcome, and the seed's columns are the same with and without. Given covariates and cause, a
#'   row's drawn outcomes are independent: no data tell how outcomes under several treatments hang together, so the
#'   spread of `.y1 - .y0` is a choice, its mean given the covariates is not.
#' @param threads Number of threads, or `NULL` for the default; the rows do not depend on it.
#' @return A data frame of class `causalsynth_pool` and of the seed's class, with the seed's columns, types and
#'   levels. [truth()] of it is the exact mean of Q(1, W) - Q(0, W) over its rows, which travel with the rows
#'   through `[`, [rbind()], [merge()] and dplyr. [estimate_effect()] of it reports the interval for the population that
#'   the seed came from.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' generate(hybrid, 5, seed = 3)
#' @export
generate.causalsynth_hybrid <- function(x, n, seed = NULL, ..., counterfactuals = FALSE, threads = NULL) {
  check_dots_empty(...)
  n <- check_whole(n, "n", min = 1)
  check_flag(counterfactuals, "counterfactuals")
  key <- rng_key(seed)
  threads <- resolve_threads(threads)
  rows <- accepted_rows(x$generator, x$acceptance, n, key, threads)
  drawn <- draw_roles(x, rows, key, threads, counterfactuals)
  columns <- as.list(rows)
  columns[[x$roles$treatment]] <- decode_role(drawn$arm - 1, x$role_blueprint[[x$roles$treatment]], x$treat_levels)
  columns[[x$roles$outcome]] <- decode_role(drawn$outcome, x$role_blueprint[[x$roles$outcome]], x$outcome_levels)
  pool <- as_rows(columns[names(x$template)], x$template)
  means <- lapply(seq_along(x$arms), function(a) drawn$q[, a])
  names(means) <- mean_names(x$arms)
  if (counterfactuals) {
    more <- counterfactual_columns(x, drawn, means)
    pool[names(more)] <- more
  }
  new_pool(pool, means, pool_origin(x))
}

# Names of the rows' mean outcomes: q0 and q1, or q_<level>.
mean_names <- function(arms) if (identical(arms, c("0", "1"))) c("q0", "q1") else paste0("q_", arms)

counterfactual_columns <- function(x, drawn, means) {
  binary <- identical(x$arms, c("0", "1"))
  outcome <- x$roles$outcome
  drawn_outcomes <- lapply(seq_along(x$arms), function(a) {
    decode_role(drawn$outcomes[, a], x$role_blueprint[[outcome]], x$outcome_levels)
  })
  shares <- if (binary) list(.ps = drawn$shares[, 2]) else {
    stats::setNames(lapply(seq_along(x$arms), function(a) drawn$shares[, a]), paste0(".ps_", x$arms))
  }
  names(drawn_outcomes) <- paste0(".", sub("^q", "y", names(means)))
  names(means) <- paste0(".", names(means))
  in_order <- if (binary) rev else identity
  c(shares, in_order(means), in_order(drawn_outcomes), if (!is.null(drawn$cause)) list(.u = drawn$cause))
}

# Arm (code), outcome, means q and probabilities (given W alone) of covariate rows, and the unmeasured cause if any;
# where `all` are asked for, `outcomes`, a column an arm.
draw_roles <- function(x, rows, key, threads, all = FALSE) {
  n <- nrow(rows)
  uniforms <- function(label) random_uniforms(unclass(derive_key(key, label)), n)
  base <- hybrid_predictions(x$models, rows, threads)
  base$g <- if (!is.null(x$fluctuation)) bounded_arms(base$ps, x$bounds)
  target <- targeted_means(x, base, rows)
  q <- apply_mean_knobs(x$mean_knobs, target)
  shares <- assignment_shares(x$assignment, rows, base$ps)
  strength <- x$knobs$confounding
  cause <- if (strength != 0) 2 * (uniforms("unmeasured cause") < .5) - 1
  arm <- draw_assignment(x$assignment, rows, confounded_shares(shares, cause, strength), key)
  under <- function(arm, uniforms) {
    own <- cbind(seq_len(n), arm)
    draw_values(x, arm, target[own], q[own], cause, rows, uniforms, threads)
  }
  outcome <- under(arm, uniforms)
  outcomes <- if (all) vapply(seq_along(x$arms), function(a) {
    other <- under(rep(a, n), function(label) uniforms(paste(label, "if", a)))
    ifelse(arm == a, outcome, other)
  }, numeric(n))
  list(arm = arm, q = q, shares = shares, cause = cause, outcome = outcome,
       outcomes = if (all) matrix(outcomes, n))
}

# Outcomes as numbers. `target`: the mean before knobs, about which residuals were learnt; `mean`: after them.
draw_values <- function(x, arm, target, mean, cause, rows, uniforms, threads) {
  law <- x$outcome_law
  strength <- x$knobs$confounding
  if (law$kind != "continuous") {
    mean <- confounded_mean(mean, cause, strength, law_range(law))
    return(draw_outcomes(law, arm, mean, rows, uniforms, threads))
  }
  value <- draw_outcomes(law, arm, target, rows, uniforms, threads)
  if (length(changed_knobs(x$knobs))) {
    # The cause takes its share of the residual variance, so that the spread stays.
    residual <- x$knobs$noise * sqrt(1 - strength^2) * (value - target)
    if (strength != 0) residual <- residual + abs(strength) * x$knobs$noise * law$spread[arm] * cause
    value <- mean + residual
  }
  round_at_random(value, x$role_blueprint[[x$roles$outcome]]$decimals, uniforms("rounding"))
}

# 0, 1, ... back as the seed's own type; `levels` are the labels in order.
decode_role <- function(values, entry, levels) {
  ptype <- entry$ptype
  if (is.character(ptype)) return(levels[values + 1])
  if (is.factor(ptype)) {
    return(structure(match(levels[values + 1], levels(ptype)), levels = levels(ptype), class = class(ptype)))
  }
  decode_column(values, entry)
}

#' @export
simulate.causalsynth_hybrid <- function(object, nsim = 1, seed = NULL, ..., n = object$n_seed) {
  nsim <- check_whole(nsim, "nsim", 0)
  key <- rng_key(seed)
  lapply(seq_len(nsim), function(i) generate(object, n, derive_key(key, "simulate", i), ...))
}
