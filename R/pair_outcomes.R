# Outcomes of twins, and the object made of rows and twins.

# list(q1, q0: means of each twin under either treatment; y: its outcome; known: are the means those that the pool
# itself knows?; how: a phrase).
twin_outcomes <- function(pairs, source, ask, run, flip = 0, tilt = c(0, 0)) {
  if (nrow(pairs) == 0) return(list(q1 = numeric(), q0 = numeric(), y = numeric(), known = TRUE, how = "none"))
  if (flip > 0) check_flips(source, run$call)
  known <- ask$outcome != "self" && !ask$refit_q && length(source$means$q1) > 0
  q <- if (known) lapply(source$means, function(v) (1 - 2 * flip) * v[pairs$pool_row] + flip)
       else fitted_means(pairs, source, ask, run, flip)
  q <- tilted_means(q, source, tilt)
  mean <- ifelse(pairs$arm == 1, q$q1, q$q0)
  y <- if (ask$draw == "expectation") mean else drawn_outcomes(pairs, mean, source, ask, run, flip, tilt)
  how <- if (known) "the pool's own means" else if (ask$outcome == "self") "a regression on the study's own rows"
         else "a regression on the pool's rows"
  list(q1 = q$q1, q0 = q$q0, y = y, known = known, how = how)
}

check_flips <- function(source, call) {
  if (source$study$family == "binomial") return(invisible())
  abort("input", c("Flipped outcomes need a binary outcome; {.val {source$study$outcome}} is a number.",
                   i = "Leave outcomes as they are, or tilt them: {.code flip_sensitivity(odds_ratio = )}."),
        call = call)
}

# Log odds (for a number: standard deviations of the study's outcome) added to the means.
tilted_means <- function(q, source, tilt) {
  if (all(tilt == 0)) return(q)
  if (source$study$family == "binomial") {
    move <- function(v, by) stats::plogis(stats::qlogis(v) + by)
  } else {
    spread <- stats::sd(source$study$outcome_values)
    move <- function(v, by) v + by * spread
  }
  list(q1 = move(q$q1, tilt[2]), q0 = move(q$q0, tilt[1]))
}

# A regression of the outcome on pool or study, predicted for the twins.
fitted_means <- function(pairs, source, ask, run, flip) {
  study <- source$study
  if (ask$outcome != "self") {
    study$covs <- fixed_levels(source$covs)
    study[c("treat", "outcome_values")] <- flipped(source, flip, run)[c("treat", "outcome")]
    study$n <- length(study$treat)
    check_both_arms(study$treat, run$call)
  }
  learners <- list(treatment = learn_glm(), outcome = ask$learner_outcome)
  job <- study_job(study, learners, run$threads, run$call)
  rows <- seq_along(job$treat)
  key <- derive_key(run$key, "twins' regression")
  fits <- if (learners$outcome$outcome == "joint") list(both = fit_part(job, "outcome_joint", rows, "both", key))
          else lapply(c(q1 = 1, q0 = 0), function(arm) {
            fit_part(job, "outcome_by_arm", rows, arm, derive_key(key, "arm", arm))
          })
  job$covs <- take_rows(fixed_levels(source$covs), pairs$pool_row)
  job$covs <- match_levels(job$covs, fixed_levels(study$covs))
  q <- if (is.null(fits$both)) c(predict_part(job, fits$q1, NULL, 1), predict_part(job, fits$q0, NULL, 0))
       else predict_part(job, fits$both, NULL, "both")
  list(q1 = q[[1]], q0 = q[[2]])
}

# Factors with the levels of `like`, which encode_columns() has checked to hold all that occur.
match_levels <- function(covs, like) {
  for (name in names(covs)) if (is.factor(like[[name]])) covs[[name]] <- factor(covs[[name]], levels(like[[name]]))
  covs
}

check_both_arms <- function(treat, call, arg = "pool") {
  for (arm in 0:1) if (!any(treat == arm)) {
    abort("data", c(
      "{.arg {arg}} has no {c('control', 'treated')[arm + 1]} row: the outcome regression needs both arms.",
      i = "Give rows of both treatments."
    ), call = call)
  }
}

# The pool's roles with a share of the outcomes flipped at random.
flipped <- function(source, flip, run) {
  y <- source$outcome
  if (flip > 0) {
    u <- random_uniforms(unclass(derive_key(run$key, "flips")), length(y))
    y <- ifelse(u < flip, 1 - y, y)
  }
  list(treat = source$treat, outcome = y)
}

# Random outcomes, averaged over `draws`: the pool's own where twins are rows as they are, else drawn around the mean.
drawn_outcomes <- function(pairs, mean, source, ask, run, flip, tilt) {
  own <- ask$outcome == "pool" && ask$draws == 1 && all(tilt == 0)
  if (own) return(flipped(source, flip, run)$outcome[pairs$pool_row])
  key <- derive_key(run$key, "twins' outcomes")
  draws <- vapply(seq_len(ask$draws), function(d) {
    u <- random_uniforms(unclass(derive_key(key, "draw", d)), nrow(pairs))
    if (source$study$family == "binomial") as.numeric(u < mean) else mean + spread_around(pairs, source, u)
  }, numeric(nrow(pairs)))
  rowMeans(matrix(draws, nrow(pairs)))
}

# Residuals for an outcome that is a number: quantiles of the arm's own spread around the pool's means where it knows
# them, else around a least squares plane (of the study for "self").
spread_around <- function(pairs, source, u) {
  residuals <- outcome_residuals(source)
  values <- numeric(nrow(pairs))
  for (arm in 0:1) {
    rows <- pairs$arm == arm
    own <- sort(residuals$value[residuals$treat == arm])
    values[rows] <- quantile_between(own - mean(own), u[rows])
  }
  values
}

outcome_residuals <- function(source) {
  if (length(source$means$q1) && !is.null(source$treat)) {
    centre <- ifelse(source$treat == 1, source$means$q1, source$means$q0)
    return(list(treat = source$treat, value = source$outcome - centre))
  }
  study <- source$study
  treat <- source$treat %||% study$treat
  y <- source$outcome %||% study$outcome_values
  covs <- if (is.null(source$treat)) study$covs else source$covs
  value <- numeric(length(y))
  for (arm in 0:1) {
    rows <- which(treat == arm)
    fit <- fit_learner(learn_glm(), take_rows(fixed_levels(covs), rows), y[rows], "gaussian", rng_key(1), 1L)
    value[rows] <- y[rows] - predict_fit(fit, take_rows(fixed_levels(covs), rows), 1L)
  }
  list(treat = treat, value = value)
}

new_pair <- function(source, ask, found) {
  study <- source$study
  pairs <- found$pairs
  twin_covs <- take_rows(unclass_frame(source$covs), pairs$pool_row)
  covs <- bind_columns(study$covs, match_types(twin_covs, study$covs))
  rows <- c(seq_len(study$n), pairs$row)
  twin <- rep(c(FALSE, TRUE), c(study$n, nrow(pairs)))
  object <- list(
    data = rows_with_twins(source, ask, found, covs, rows, twin), pairs = plain_pairs(pairs),
    beyond = found$beyond, n_beyond = nrow(found$beyond), n_data = study$n, n_twins = nrow(pairs),
    population = population_shift(study$covs, covs), treat = c(study$treat, pairs$arm), covs = covs,
    weights = rep(1, length(rows)), distance = c(found$ps, found$ps[pairs$row]), estimand = "ATE", s.weights = NULL,
    subclass = factor(rows, seq_len(study$n)), outcome = c(study$outcome_values, found$twins$y),
    propensity = found$ps, threshold = found$threshold, amount = found$amount, dropped = attr(pairs, "dropped"),
    twins = found$twins, pair = rows, formula = source$formula, family = study$family,
    roles = study[c("outcome", "treatment", "covariates")], treat_levels = study$treat_levels,
    settings = ask, source = source, key = found$key
  )
  structure(object, class = "causalsynth_pair")
}

plain_pairs <- function(pairs) {
  attr(pairs, "dropped") <- NULL
  rownames(pairs) <- NULL
  pairs
}

# $data: rows as they were, twins below.
rows_with_twins <- function(source, ask, found, covs, rows, twin) {
  study <- source$study
  data <- source$data
  n_twins <- sum(twin)
  columns <- lapply(names(data), function(name) {
    x <- data[[name]]
    if (n_twins == 0) return(x)
    if (name %in% names(covs)) return(bind_values(x, covs[[name]][twin]))
    if (name == study$treatment) return(bind_values(x, role_values(x, found$pairs$arm, study$treat_levels)))
    if (name == study$outcome) {
      y <- found$twins$y
      if (!is.numeric(x)) {
        y <- if (all(y %in% 0:1)) role_values(x, y, study$outcome_levels) else x[rep(NA_integer_, n_twins)]
      }
      return(bind_values(x, y))
    }
    x[c(seq_along(x), rep(NA_integer_, n_twins))]
  })
  result <- as_rows(stats::setNames(columns, names(data)), row_template(data))
  extra <- list(.source = ifelse(twin, "synthetic", "data"), .pair = rows,
                .distance = c(rep(NA_real_, study$n), found$pairs$distance))
  if (!is.numeric(data[[study$outcome]])) extra$.outcome <- c(study$outcome_values, found$twins$y)
  for (name in names(extra)) result[[name]] <- extra[[name]]
  result
}

# 0 and 1 as values of a column like x.
role_values <- function(x, codes, levels) {
  if (is.numeric(x)) return(if (is.integer(x)) as.integer(codes) else as.numeric(codes))
  if (is.logical(x)) return(codes == 1)
  levels[codes + 1]
}

# x with further values below, as x is: levels and class kept.
bind_values <- function(x, more) {
  if (is.factor(x)) {
    codes <- c(as.integer(x), match(as.character(more), levels(x)))
    return(structure(codes, levels = levels(x), class = class(x)))
  }
  if (is.integer(x) && is.integer(more)) return(c(as.vector(x), as.vector(more)))
  if (is.numeric(x) && is.null(attr(x, "class"))) return(c(as.vector(x), as.numeric(more)))
  if (inherits(x, c("Date", "POSIXct")) && !inherits(more, class(x))) {
    more <- structure(as.numeric(more), class = class(x), tzone = attr(x, "tzone"))
  }
  c(x, more)
}

bind_columns <- function(first, second) {
  columns <- Map(bind_values, unclass(first), unclass(second))
  structure(columns, class = "data.frame", row.names = .set_row_names(length(columns[[1]])))
}

match_types <- function(covs, like) {
  for (name in names(covs)) {
    if (is.character(like[[name]]) || is.factor(like[[name]])) covs[[name]] <- as.character(covs[[name]])
  }
  covs
}

# Means of the covariates' numbers and levels in the study and together with the twins, and how far apart they are in
# standard deviations of the study.
population_shift <- function(covs, both) {
  parts <- lapply(names(covs), function(name) {
    x <- covs[[name]]
    y <- both[[name]]
    if (is.factor(x) || is.character(x)) {
      levels <- if (is.factor(x)) levels(droplevels(x)) else sort(unique(x))
      shares <- vapply(levels, function(l) c(mean(x == l, na.rm = TRUE), mean(y == l, na.rm = TRUE)), numeric(2))
      sd <- sqrt(shares[1, ] * (1 - shares[1, ]))
      return(data.frame(term = paste0(name, "=", levels), data = shares[1, ], both = shares[2, ],
                        shift = (shares[2, ] - shares[1, ]) / ifelse(sd > 0, sd, 1)))
    }
    x <- as.numeric(x)
    y <- as.numeric(y)
    sd <- stats::sd(x, na.rm = TRUE)
    means <- c(mean_or_na(x[!is.na(x)]), mean_or_na(y[!is.na(y)]))
    data.frame(term = name, data = means[1], both = means[2], shift = diff(means) / if (is.na(sd) || sd == 0) 1 else sd)
  })
  table <- do.call(rbind, parts)
  rownames(table) <- NULL
  table
}
