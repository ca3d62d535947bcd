# Scores of the effect: propensities, effects given covariates, estimates, outcome regressions.

# list(values, parts = list(estimates, propensity, calibration, clipped, ...), notes).
fidelity_causal <- function(sets, settings, key) {
  study <- study_data(settings$formula, sets$real)
  found <- list(
    steam_scores(sets, settings, derive_key(key, "surfaces")),
    neighbour_scores(sets, study$covariates, "_w", settings, derive_key(key, "covariates")),
    ate_scores(sets, settings, derive_key(key, "ate")),
    tstr_scores(sets, settings, derive_key(key, "tstr"))
  )
  values <- do.call(rbind, lapply(found, `[[`, "values"))
  rownames(values) <- NULL
  list(values = values, notes = unlist(lapply(found, `[[`, "notes"), use.names = FALSE),
       parts = c(list(outcome = study$outcome, treatment = study$treatment, treat_levels = study$treat_levels),
                 do.call(c, lapply(found, `[[`, "parts"))))
}

# Halves of the holdout, each once the test rows; synthetic rows as many as the other half. Scores are means over both.
steam_scores <- function(sets, settings, key) {
  metrics <- c("propensity_jsd", "u_pehe", paste0("u_pehe_", cate_learners))
  halves <- lapply(sets$thin[c("synthetic", "holdout")], function(set) {
    order <- random_permutation(unclass(derive_key(key, "halves")), nrow(set))
    first <- seq_along(order) <= length(order) / 2
    list(take_rows(set, sort(order[first])), take_rows(set, sort(order[!first])))
  })
  family <- common_family(sets, settings$formula)
  real <- NULL
  code <- function(which) {
    real <<- real %||% fit_surfaces(sets$thin$real, settings, family, derive_key(key, "real"))
    scores <- vapply(1:2, function(h) {
      fit <- fit_surfaces(halves[[which]][[h]], settings, family, derive_key(key, "half", h))
      compare_surfaces(real, fit, halves$holdout[[3 - h]], settings)
    }, numeric(5))
    means <- rowMeans(scores)
    c(means[1], mean(means[-1]), means[-1])
  }
  found <- score_both(metrics, code, nrow(halves$synthetic[[1]]) + nrow(halves$synthetic[[2]]), low = 0)
  found$parts <- list(propensity = propensity_bars(sets, settings, key))
  found
}

# A 0/1 outcome is so in all sets; a number that happens to be 0/1 in one is not.
common_family <- function(sets, formula) {
  outcome <- all.vars(formula[[2]])
  y <- lapply(sets[c("real", "synthetic", "holdout")], `[[`, outcome)
  values <- unlist(lapply(y, function(x) if (is.factor(x)) as.integer(droplevels(x)) - 1 else x))
  if (all(values[!is.na(values)] %in% c(0, 1))) "binomial" else "gaussian"
}

# Estimates of each set, and how far those of synthetic and holdout rows are from the real ones'.
ate_scores <- function(sets, settings, key) {
  notes <- NULL
  estimate <- function(name) {
    found <- tryCatch(suppressWarnings(estimate_effect(
      settings$formula, sets[[name]], method = settings$estimators, learner_treatment = settings$learner,
      learner_outcome = settings$learner, seed = derive_key(key, name), threads = settings$threads
    )), causalsynth_error = function(e) {
      notes <<- c(notes, paste0("effect on ", name, " rows: ", plain_message(e)))
      NULL
    })
    if (is.null(found)) return(NULL)
    table <- tidy(found)
    table <- table[table$term == "ATE", c("method", "estimate", "std.error", "conf.low", "conf.high")]
    bounded <- glance(found)$n_bounded
    n <- nrow(sets[[name]])
    if (any(bounded > .05 * n, na.rm = TRUE)) {
      notes <<- c(notes, sprintf("the propensity is bounded in %d of %d %s rows", max(bounded, na.rm = TRUE), n, name))
    }
    cbind(set = name, table, n = n, n_bounded = bounded)
  }
  tables <- lapply(c(real = "real", synthetic = "synthetic", holdout = "holdout"), estimate)
  if (is.null(tables$real)) abort("data", "The effect cannot be estimated on {.arg real}: {notes[1]}")
  rows <- lapply(tables$real$method, function(method) {
    row <- function(name) if (!is.null(tables[[name]])) tables[[name]][tables[[name]]$method == method, ]
    effect_values(method, row("real"), row("synthetic"), row("holdout"), nrow(sets$synthetic))
  })
  estimates <- do.call(rbind, unname(tables))
  rownames(estimates) <- NULL
  list(values = do.call(rbind, rows), notes = notes, parts = list(estimates = estimates))
}

effect_values <- function(method, real, synthetic, holdout, n) {
  both <- function(code) {
    vapply(list(synthetic, holdout), function(other) if (is.null(other)) NA_real_ else code(other), 0)
  }
  error <- both(function(other) other$estimate - real$estimate)
  spread <- both(function(other) sqrt(other$std.error^2 + real$std.error^2))
  scores <- metric_values(paste0("ate_error_", method), error[1], spread[1], reference = error[2], n = n)
  if (is.na(real$std.error)) return(scores)
  apart <- both(function(other) (other$estimate - real$estimate) / real$std.error)
  common <- both(function(other) interval_overlap(real, other))
  rbind(scores, metric_values(paste0(c("ate_stddiff_", "ate_overlap_"), method), c(apart[1], common[1]),
                              reference = c(apart[2], common[2]), n = n))
}

# Karr et al. 2006: mean share of the two intervals that both have; negative where they lie apart.
interval_overlap <- function(a, b) {
  common <- min(a$conf.high, b$conf.high) - max(a$conf.low, b$conf.low)
  (common / (a$conf.high - a$conf.low) + common / (b$conf.high - b$conf.low)) / 2
}

# Trained on synthetic and on as many real rows, tested on all of the holdout.
tstr_scores <- function(sets, settings, key) {
  binary <- common_family(sets, settings$formula) == "binomial"
  metrics <- paste0("tstr_", c(if (binary) "auc" else "r2", "slope", "intercept"))
  n <- min(nrow(sets$synthetic), nrow(sets$real))
  fits <- list()
  train <- list(synthetic = sets$synthetic, holdout = sets$real)
  sets$thin <- lapply(train, thin_rows, n, derive_key(key, "thin"))
  found <- score_both(metrics, function(which) {
    fit <- tstr(sets$thin[[which]], sets$holdout, settings$formula, learner = settings$learner,
                seed = derive_key(key, "fit"), threads = settings$threads)
    calibrated <- calibration_line(fit$prediction, fit$outcome, binary)
    fits[[which]] <<- c(fit[c("prediction", "outcome")], calibrated["clipped"])
    c(fit$estimate, calibrated$slope, calibrated$intercept, if (binary) fit$std.error else NA)
  }, n, TRUE, low = c(if (binary) 0 else -Inf, -Inf, -Inf), high = c(if (binary) 1 else Inf, Inf, Inf))
  found$notes <- sub("of holdout rows", "trained on real rows", found$notes, fixed = TRUE)
  if (length(fits) == 2) {
    names(fits) <- c(synthetic = "synthetic", holdout = "real")[names(fits)]
    found$parts <- list(
      calibration = do.call(rbind, lapply(names(fits), function(name) calibration_groups(fits[[name]], name))),
      clipped = vapply(fits, `[[`, 0, "clipped"), binary = binary
    )
  }
  found
}

# Slope of a regression of the outcome on the prediction (on the logit scale where binary), and the intercept at slope
# 1.
calibration_line <- function(prediction, outcome, binary) {
  if (!binary) {
    spread <- stats::var(prediction)
    return(list(slope = if (spread > 0) stats::cov(prediction, outcome) / spread else NA_real_,
                intercept = mean(outcome - prediction), clipped = 0))
  }
  low <- .001
  x <- stats::qlogis(pmin(pmax(prediction, low), 1 - low))
  line <- glm_core(cbind(1, x), outcome, "binomial")
  list(slope = if (line$aliased[2]) NA_real_ else line$coefficients[[2]],
       intercept = offset_intercept(x, outcome),
       clipped = sum(prediction < low | prediction > 1 - low))
}

# The b that solves sum(y - plogis(b + x)) = 0.
offset_intercept <- function(x, y) {
  share <- mean(y)
  if (share %in% c(0, 1)) return(NA_real_)
  stats::uniroot(function(b) share - mean(stats::plogis(b + x)), c(-40, 40), tol = 1e-10)$root
}

# Means in at most ten groups of similar predictions, of at least `least` rows each.
calibration_groups <- function(fit, set, least = 5) {
  groups <- min(10, max(1, length(fit$outcome) %/% 10))
  cuts <- unique(stats::quantile(fit$prediction, seq(0, 1, length.out = groups + 1), names = FALSE))
  group <- if (length(cuts) > 1) findInterval(fit$prediction, cuts, rightmost.closed = TRUE) else fit$outcome * 0
  means <- function(x) as.numeric(tapply(x, group, mean))
  table <- data.frame(set = set, predicted = means(fit$prediction), observed = means(fit$outcome),
                      n = as.numeric(tapply(group, group, length)))
  table[table$n >= least, ]
}
