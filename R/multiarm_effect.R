# Effects of treatments of more than two arms: each arm's mean as that of the treated in "this arm against all others".

#' @rdname estimate_effect
#' @export
estimate_effect.causalsynth_nuisance_arms <- function(x, method = "aipw", ...,
                                                      estimand = c("ATE", "ATT", "ATC", "ATO"), contrasts = FALSE,
                                                      cluster = NULL, weights = NULL,
                                                      se = c("if", "sandwich", "bootstrap"), synthetic = NULL,
                                                      reference = NULL, bootstrap = list(), seed = NULL,
                                                      threads = NULL) {
  call <- rlang::current_env()
  check_dots_empty(...)
  ask <- effect_request(method, estimand, contrasts, se, call, bootstrap)
  check_arms_request(ask, call)
  synthetic <- check_synthetic(synthetic, x$n, ask$se, call)
  if (!is.null(weights)) {
    if (!isTRUE(all.equal(weights, x$weights))) x["fits"] <- list(NULL)
    x$repeats <- lapply(x$repeats, function(r) r[c("ps", "q")])
    x$weights <- check_case_weights(weights, x$n, call)
    check_weighted_levels(x$weights, x$treat, x$arms, call)
  }
  if (!is.null(cluster)) cluster <- check_cluster(cluster, x$n, call)
  if (!is.null(reference)) x$reference <- check_reference(reference, x, call)
  run <- list(cluster = cluster %||% x$cluster, key = if (ask$se == "bootstrap") rng_key(seed, call),
              threads = threads, call = call)
  scale_synthetic(effect_of(x, ask, run), synthetic)
}

check_reference <- function(reference, x, call) {
  if (length(reference) == 1 && as.character(reference) %in% x$arms) return(match(as.character(reference), x$arms))
  abort("input", c("{.arg reference} must be one of {.or {.val {x$arms}}}.", x = "It is {describe(reference)}."),
        call = call)
}

#' @exportS3Method
arm_layout.causalsynth_nuisance_arms <- function(x) {
  list(labels = x$arms, reference = x$reference %||% 1L, suffix = "_")
}

#' @exportS3Method
arm_fits.causalsynth_nuisance_arms <- function(x, r, ask, bounds, call) {
  check_arms_request(ask, call)
  if (!is.null(r)) {
    x[c("ps", "q")] <- r[c("ps", "q")]
    x["fits"] <- list(r$fits)
    x$g <- bound_arms(r$ps, bounds, call)$g
  }
  if (isTRUE(ask$point)) x["fits"] <- list(NULL)
  se <- if (ask$se == "bootstrap") "if" else ask$se
  lapply(ask$methods, function(method) {
    join_arms(x, lapply(seq_along(x$arms), function(arm) {
      run_estimator(method, arm_pieces(x, arm), ask$estimand, se, call)
    }))
  })
}

check_arms_request <- function(ask, call) {
  if (ask$estimand != "ATE") {
    abort("input", c(
      "With several arms the estimand is the ATE; {.code estimand = \"{ask$estimand}\"} is of two arms.",
      i = "Keep the rows of the two arms to compare."
    ), call = call)
  }
  for (label in names(ask$methods)) {
    method <- ask$methods[[label]]
    if (!takes_arms(method)) {
      abort("input", c("{.val {label}} is for two arms.",
                       i = "Use {.val iptw}, {.val aipw}, {.val or} or {.val tmle}."), call = call)
    }
    if (inherits(method, "est_tmle") && method$fluctuation == "one") {
      abort("input", c("{.code fluctuation = \"one\"} is a contrast of two arms.",
                       i = "Use {.code est_tmle(\"two\")}, an epsilon an arm."), call = call)
    }
  }
}

# "This arm against all others": only what belongs to the arm counts, the rest is filled with harmless values.
arm_pieces <- function(x, arm) {
  fits <- if (!is.null(x$fits)) {
    list(
      treatment = if (!is.null(x$fits$treatment)) arm_share_model(x$fits$treatment, arm), by_arm = x$fits$by_arm,
      outcome = if (!length(x$fits$outcome)) NULL
      else if (x$fits$by_arm) x$fits$outcome[arm] else x$fits$outcome
    )
  }
  list(
    treat = as.numeric(x$treat == arm), outcome = x$outcome, ps = x$ps[, arm], q1 = x$q[, arm], q0 = x$q[, arm],
    g1 = x$g[, arm], g0 = rep(1, x$n), weights = x$weights, family = x$family, fits = fits, covs = x$covs,
    treatment = x$roles$treatment, arms = 1, joint_value = factor(x$arms[arm], x$arms)
  )
}

# One method's arms as one fit.
join_arms <- function(x, fits) {
  first <- fits[[1]]
  own <- numeric(x$n)
  for (arm in seq_along(fits)) own[x$treat == arm] <- fits[[arm]]$weights[x$treat == arm]
  notes <- lapply(seq_along(fits), function(arm) {
    if (length(fits[[arm]]$notes)) paste0(x$arms[arm], " ", fits[[arm]]$notes)
  })
  scores <- unlist(lapply(fits, `[[`, "score"))
  epsilon <- unlist(lapply(fits, `[[`, "epsilon"))
  list(
    means = stats::setNames(vapply(fits, function(f) f$mean_1, 1), x$arms),
    arm_influence = matrix(unlist(lapply(fits, `[[`, "if_1"), use.names = FALSE), x$n), weights = own,
    epsilon = if (length(epsilon)) stats::setNames(epsilon, x$arms),
    inference = first$inference, factor = first$factor, na_reason = first$na_reason, notes = unlist(notes),
    score = if (length(scores)) scores[which.max(abs(scores))]
  )
}

# What differs from an effect of two arms.
arms_effect <- function(object, x) {
  object$arms <- x$arms
  object$reference <- x$arms[x$reference %||% 1L]
  object$ps <- x$ps
  object$q <- x$q
  object["distance"] <- list(NULL)
  object$treat <- factor(x$arms[x$treat], x$arms)
  object[c("q1", "q0")] <- NULL
  structure(object, class = c("causalsynth_effect_arms", "causalsynth_effect"))
}

#' @rdname effect_methods
#' @export
glance.causalsynth_effect_arms <- function(x, ...) {
  check_table_dots(list(...), character(), rlang::current_env())
  data.frame(
    method = names(x$methods), estimand = x$estimand, n = x$n, n_arms = length(x$arms),
    n_smallest_arm = min(table(x$treat)), reference = x$reference, n_omitted = x$n_omitted, bounds = x$bounds$rule,
    n_bounded = x$bounds$n_bounded, score = unname(x$score), learner_treatment = x$learners[["treatment"]],
    learner_outcome = x$learners[["outcome"]], crossfit_treatment = x$crossfit[["treatment"]],
    crossfit_outcome = x$crossfit[["outcome"]], repeats = x$n_repeats, inference = unname(x$inference),
    row.names = NULL
  )
}

#' @rdname augment_methods
#' @export
augment.causalsynth_effect_arms <- function(x, data = NULL, ..., weights = "weights", subclass = "subclass") {
  check_dots_empty(...)
  data <- augmented_rows(x, data)
  for (arm in seq_along(x$arms)) {
    data[[paste0(".ps_", x$arms[arm])]] <- x$ps[, arm]
    data[[paste0(".q_", x$arms[arm])]] <- x$q[, arm]
  }
  with_weight_columns(data, x, weights, subclass)
}

#' @export
format.causalsynth_nuisance_arms <- function(x, ...) {
  counts <- table(factor(x$arms[x$treat], x$arms))
  aliased <- fit_aliased(x)
  c(
    paste0("<nuisances> ", event_phrase(x), " (", x$family, ") by ", x$roles$treatment, ", ", length(x$arms), " arms"),
    paste0("n = ", thousands(x$n), ": ", paste(names(counts), thousands(counts), collapse = ", "),
           if (length(x$omitted)) paste0("; ", count_phrase(length(x$omitted), "row"), " omitted (missing A or Y)")),
    learners_line(x),
    paste0("smallest propensity P(A = a | W): ", paste(x$arms, signif(apply(x$ps, 2, min), 3), collapse = ", ")),
    paste0("propensity bounds: ", arm_bounds_phrase(x$bounds, x$n)),
    if (length(aliased)) paste0("collinear columns set aside: ", shorten(aliased, 8)),
    if (NROW(x$notes$weights)) weight_lines(x$notes$weights)
  )
}

arm_bounds_phrase <- function(bounds, n) {
  if (bounds$rule == "none") return("none")
  paste0("each arm's probability ", if (bounds$rule == "clip") "clipped to " else ">= ",
         paste(signif(bounds$value, 3), collapse = " to "), " (", bounds$rule, "); bounded ",
         count_phrase(bounds$n_bounded, "row"), " of ", format(n, big.mark = ","), " (",
         paste(names(bounds$n_bounded_arms), bounds$n_bounded_arms, collapse = ", "), ")")
}

#' @export
print.causalsynth_nuisance_arms <- function(x, ..., lines = 25) {
  show_object(x, first = 2, lines = lines, then = "estimate_effect(nuisances, method).")
  invisible(x)
}

#' @export
summary.causalsynth_nuisance_arms <- function(object, ...) {
  table <- function(name, values) {
    data.frame(nuisance = name, arm = object$arms, mean = colMeans(values),
               t(apply(values, 2, stats::quantile)), check.names = FALSE, row.names = NULL)
  }
  structure(list(nuisance = object, values = rbind(table("ps", object$ps), table("g", object$g), table("q", object$q))),
            class = "summary.causalsynth_nuisance")
}

#' @export
nobs.causalsynth_nuisance_arms <- function(object, ...) object$n
