#' Fuse a study with a trial
#'
#' One effect from a study and a trial together, under a common regression of the outcome on treatment and covariates:
#' the
#' trial lends the study its positivity, and the study's rows still inform the regression. The estimate is not a mean of
#' two effects, and does not switch on a test of their agreement, which is printed.
#'
#' @param formula Roles, `Y ~ A | W1 + W2`.
#' @param data,trial Data frames with these columns.
#' @param target Whose effect is wanted: `"data"`, the study's population, `"trial"`, that of the trial, or `"both"`.
#' @param ... Arguments of [nuisance()] such as `crossfit` or `repeats`.
#' @param learner_treatment,learner_outcome Learners as in [nuisance()], for both samples together.
#' @param learner_membership Learner of the probability that a row is the target's.
#' @param bounds Bounds of P(A = 1 | W) in both samples together, as in [nuisance()].
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @return An effect of class `causalsynth_fused` and `causalsynth_effect`, with the methods of
#'   [effects][effect_methods]. `$agreement`: a row an arm, and one for their difference: `gap`, how much higher
#'   outcomes
#'   are in the study than in the trial at like covariates, with `std.error`, `p.value`, and the effective numbers of
#'   rows
#'   behind it; `$target_share`: each row's P(target | W).
#' @details psi = mean over the target's rows of Q1 - Q0 + (1 / n_target) sum over all rows of
#' r(W) \[A / e(W) - (1 - A) / (1 - e(W))\] (Y - Q(A, W)), with e(W) = P(A = 1 | W) and r(W) = P(row belongs to the
#' target | W), both in the stacked sample; r = 1 for `"both"`. All three are predicted without the row itself.
#' The standard error is that of this influence function. It is valid if E\[Y | A, W\] is one for both samples and
#' either Q
#' or (e, r) are estimated well.
#'
#' Agreement is tested on the overlap of both samples: within an arm, residuals of the common regression are weighted by
#' the probability of the other sample (overlap weights, Li, Morgan and Zaslavsky 2018), and their means compared. The
#' difference of the two gaps is the source x arm interaction: how far the study's effect would differ.
#' @references Dahabreh, Robertson, Tchetgen, Stuart and Hernan (2019), Biometrics 75, 685-694; Chernozhukov et al.
#'   (2018),
#'   The Econometrics Journal 21, C1-C68; Li, Morgan and Zaslavsky (2018), JASA 113, 390-400.
#' @examples
#' trial <- generate(dgp_paper(), 500, seed = 1)
#' study <- generate(dgp_paper("none"), 200, seed = 2)
#' fuse_effects(Y ~ A | ., study, trial, learner_treatment = learn_glm(),
#'              learner_outcome = learn_glm(), learner_membership = learn_glm(), seed = 3)
#' @export
fuse_effects <- function(formula, data, trial, target = c("data", "trial", "both"), ...,
                         learner_treatment = learn_forest(), learner_outcome = learn_forest(),
                         learner_membership = learn_stack(), bounds = "gruber", seed = NULL, threads = NULL) {
  call <- rlang::current_env()
  dots <- list(...)
  known <- c("crossfit", "folds", "repeats")
  strange <- !(rlang::names2(dots) %in% known)
  if (any(strange)) check_dots_empty(!!!dots[strange], .call = call, .known = c(known, names(formals(fuse_effects))))
  target <- check_choice(target, c("data", "trial", "both"), "target")
  learner_membership <- check_learner(learner_membership, "learner_membership")
  stack <- stacked_samples(formula, data, trial, call)
  run <- list(key = rng_key(seed), threads = resolve_threads(threads), call = call)
  fitted <- suppressWarnings(
    rlang::inject(nuisance(stack$formula, stack$rows, learner_treatment, learner_outcome, !!!dots, bounds = bounds,
                           seed = derive_key(run$key, "nuisances"), threads = run$threads)),
    classes = "causalsynth_warning_overlap"
  )
  share <- membership(stack$covs, stack$source, learner_membership, NULL, derive_key(run$key, "membership"), run)
  fused_effect(fitted, stack, share, target, learner_membership, run)
}

# Both samples on the study's codes: list(rows, covs, source (1: data), formula, study).
stacked_samples <- function(formula, data, trial, call) {
  study <- study_data(formula, data, call = call)
  check_data_frame(trial, "trial", call = call)
  warn_pool_as_trial(trial, call)
  absent <- setdiff(c(study$outcome, study$treatment, study$covariates), names(trial))
  if (length(absent)) abort("data", "{.arg trial} lacks {length(absent)} column{?s} of the study: {.val {absent}}.",
                            call = call)
  if (length(study$covs) == 0) abort("input", "Fusing needs at least one covariate after {.code |}.", call = call)
  plain <- unclass_frame(as.data.frame(trial))
  roles <- pool_roles(plain, study, call, "trial")
  check_both_arms(roles$treat, call, "trial")
  covs <- bind_columns(fixed_levels(study$covs), trial_covs(plain[study$covariates], fixed_levels(study$covs), call))
  rows <- covs
  rows[[study$treatment]] <- c(study$treat, roles$treat)
  rows[[study$outcome]] <- c(study$outcome_values, roles$outcome)
  list(rows = rows, covs = covs, source = rep(1:0, c(study$n, nrow(plain))), formula = written_out(study, formula),
       study = study)
}

fused_effect <- function(fitted, stack, share, target, learner_membership, run) {
  inside <- switch(target, data = stack$source == 1, trial = stack$source == 0, both = rep(TRUE, fitted$n))
  r <- switch(target, data = share, trial = 1 - share, both = rep(1, fitted$n))
  fit <- suppressWarnings(estimate_effect(fitted, method = "aipw"), classes = "causalsynth_warning_overlap")
  scale <- fitted$n / sum(inside)
  arms <- lapply(c(1, 0), function(arm) {
    q <- if (arm == 1) fitted$q1 else fitted$q0
    g <- if (arm == 1) fitted$g1 else fitted$g0
    part <- scale * (inside * q + r * (fitted$treat == arm) / g * (fitted$outcome - q))
    list(mean = mean(part), influence = part - scale * inside * mean(part))
  })
  influence <- cbind(arms[[1]]$influence - arms[[2]]$influence, arms[[1]]$influence, arms[[2]]$influence)
  colnames(influence) <- colnames(fit$influence)
  fit$influence <- influence
  fit$estimates$estimate <- c(arms[[1]]$mean - arms[[2]]$mean, arms[[1]]$mean, arms[[2]]$mean)
  fit$variance[] <- stats::cov(influence) / fitted$n
  fit$estimates$std.error <- sqrt(diag(fit$variance))
  fit$methods <- stats::setNames(fit$methods, "fused")
  fit$estimates$method <- "fused"
  for (name in c("inference", "na_reason", "notes", "epsilon", "score")) names(fit[[name]]) <- "fused"
  fit$inference[] <- "influence function of the stacked sample"
  fit$target <- target
  fit$n_data <- sum(stack$source)
  fit$n_trial <- sum(stack$source == 0)
  fit$target_share <- r
  fit$membership <- learner_membership$label
  fit$agreement <- agreement_table(fitted, stack, learner_membership, run)
  fit$roles <- stack$study[c("outcome", "treatment", "covariates")]
  fit$treat_levels <- stack$study$treat_levels
  structure(fit, class = c("causalsynth_fused", "causalsynth_effect"))
}

# How residuals of the common regression differ by source, at like covariates, in each arm.
agreement_table <- function(fitted, stack, learner, run) {
  covs <- stack$covs
  covs[[stack$study$treatment]] <- fitted$treat
  p <- membership(covs, stack$source, learner, NULL, derive_key(run$key, "agreement"), run)
  residual <- fitted$outcome - ifelse(fitted$treat == 1, fitted$q1, fitted$q0)
  weight <- ifelse(stack$source == 1, 1 - p, p)
  gaps <- lapply(c(1, 0), function(arm) {
    spread <- residual_spread(fitted, residual, arm)
    sides <- lapply(c(1, 0), function(s) {
      rows <- fitted$treat == arm & stack$source == s
      w <- weight[rows]
      if (sum(w) == 0) return(list(mean = NA_real_, variance = NA_real_, size = 0))
      list(mean = sum(w * residual[rows]) / sum(w), variance = sum(w^2 * spread[rows]) / sum(w)^2, size = kish_size(w))
    })
    data.frame(term = c("control", "treated")[arm + 1], gap = sides[[1]]$mean - sides[[2]]$mean,
               std.error = sqrt(sides[[1]]$variance + sides[[2]]$variance), n_data = sides[[1]]$size,
               n_trial = sides[[2]]$size)
  })
  table <- do.call(rbind, gaps)
  table <- rbind(table, data.frame(term = "source x arm", gap = table$gap[1] - table$gap[2],
                                   std.error = sqrt(sum(table$std.error^2)), n_data = min(table$n_data),
                                   n_trial = min(table$n_trial)))
  # A handful of rows tells nothing, and its variance less.
  few <- pmin(table$n_data, table$n_trial) < 10
  table$std.error[few] <- NA
  table$p.value <- 2 * stats::pnorm(-abs(table$gap / table$std.error))
  table[c("term", "gap", "std.error", "p.value", "n_data", "n_trial")]
}

# The variance of each row's residual if both samples agree: of the outcome's law where it is binary, else of the arm.
residual_spread <- function(fitted, residual, arm) {
  if (fitted$family != "binomial") return(rep(mean(residual[fitted$treat == arm]^2), fitted$n))
  q <- if (arm == 1) fitted$q1 else fitted$q0
  q * (1 - q)
}

#' @export
print.causalsynth_fused <- function(x, ..., lines = 25) {
  whose <- c(data = "the study's population", trial = "the trial's population", both = "both populations together")
  head <- c(
    paste0("<effect> ATE of ", x$roles$treatment, " on ", x$roles$outcome, " in ", whose[[x$target]], ": ",
           x$treat_levels[2], " against ", x$treat_levels[1], " (reference)"),
    paste0("Fused: ", count_phrase(x$n_data, "row"), " of the study, ", thousands(x$n_trial),
           " of the trial, one outcome regression for both")
  )
  table <- tidy(x)[c("term", "estimate", "std.error", "conf.low", "conf.high")]
  notes <- c(
    paste0("propensity bounds: ", bounds_phrase(x$bounds, x$n)),
    paste0("nuisances: treatment by ", x$learners[[1]], "; outcome by ", x$learners[[2]],
           if (x$target != "both") paste0("; membership by ", x$membership)),
    "standard errors: influence function of the stacked sample",
    agreement_lines(x$agreement)
  )
  show_lines(head, table_lines(format_estimates(table, rep(FALSE, nrow(table)))), notes,
             then = "where the samples disagree, take estimate_effect(formula, trial) alone.", lines = lines)
  invisible(x)
}

agreement_lines <- function(table) {
  one <- function(i) {
    if (is.na(table$p.value[i])) return(paste0(table$term[i], ": too few like rows to tell"))
    paste0(table$term[i], ": ", signif(table$gap[i], 2), " (SE ", signif(table$std.error[i], 2), ", p ",
           format.pval(table$p.value[i], digits = 2, eps = .001), ")")
  }
  c("Do both samples agree, at like covariates? Study less trial, not explained by treatment and covariates:",
    paste0("  ", vapply(seq_len(nrow(table)), one, "")))
}
