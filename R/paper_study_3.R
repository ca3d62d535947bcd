# Studies 3 and 4: positivity. Data without (or with weak) overlap, and a pool of a hybrid of a randomised trial.

paper_trial_pool <- function(s, key, n = s$pool) {
  trial <- generate(dgp_paper(), 1000, derive_key(key, "trial"))
  hybrid <- fit_hybrid(Y ~ A | ., trial, paper_generators()[[1]], learner_treatment = paper_forest(),
                       learner_outcome = paper_forest(), seed = derive_key(key, "hybrid"), threads = s$threads)
  list(trial = trial, pool = generate(hybrid, n, seed = derive_key(key, "pool"), threads = s$threads))
}

# The share `rate` of a 0/1 column turned round, at random.
turned_outcomes <- function(rows, rate, key) {
  turn <- random_uniforms(unclass(key), nrow(rows)) < rate
  rows$Y <- ifelse(turn, 1 - rows$Y, rows$Y)
  rows
}

paper_study_3 <- function(s) {
  key <- paper_seed(s, "study 3")
  made <- paper_trial_pool(s, key)
  behind <- nuisance(Y ~ A | ., made$trial, paper_forest(), paper_forest(), seed = derive_key(key, "behind"),
                     threads = s$threads)
  plain <- plain_source_rows(made$pool)
  pools <- lapply(c(`5 % flipped` = .05, `10 % flipped` = .1, `20 % flipped` = .2), function(rate) {
    turned_outcomes(plain, rate, derive_key(key, paste("flip", rate)))
  })
  runs <- lapply(seq_len(s$reps), function(rep) {
    suppressWarnings(positivity_variants(made$pool, plain, pools, behind, paper_seed(s, "study 3 data", rep), s, rep))
  })
  table <- paper_errors(do.call(rbind, runs), c("variant", "method"), truth(dgp_paper()))
  list(tables = list(positivity = table), plots = list(mse = variant_plot(table, "mse"), bias = variant_plot(table,
                                                                                                             "bias")))
}

# Estimates of every variant on one data set of 200 rows without overlap.
positivity_variants <- function(pool, plain, flips, behind, key, s, rep) {
  data <- generate(dgp_paper("none"), 200, derive_key(key, "data"))
  ask <- list(learner_treatment = paper_forest(), learner_outcome = paper_forest(), seed = derive_key(key, "fit"),
              threads = s$threads)
  program <- function(pool, outcome) {
    pair <- do.call(pair_synthetic, c(list(Y ~ A | ., data, pool, outcome = outcome, amount = "threshold",
                                           threshold = .001, draw = "random", refit_q = TRUE), ask))
    rows <- plain_source_rows(pair$data)[names(data)]
    paper_estimates(Y ~ A | ., rows, ask$seed, s$threads)
  }
  untruncated <- tidy(do.call(estimate_effect, c(list(Y ~ A | ., data, "tmle", bounds = 1e-3), ask)))
  default <- do.call(pair_synthetic, c(list(Y ~ A | ., data, pool), ask))
  paired <- tidy(estimate_effect(default, paper_methods, trial = behind, seed = ask$seed, threads = s$threads))
  short <- function(table) table[table$term == "ATE", c("method", "estimate", "std.error")]
  parts <- c(
    list(`data alone` = paper_estimates(Y ~ A | ., data, ask$seed, s$threads),
         `data alone, g >= .001` = short(untruncated), `arm-constrained` = program(pool, "pool"),
         `hybrid label` = program(plain, "hybrid"), `self-supervised` = program(plain, "self")),
    stats::setNames(lapply(flips, program, outcome = "hybrid"), paste("hybrid label,", names(flips))),
    list(`all pairs (default)` = short(paired))
  )
  do.call(rbind, lapply(names(parts), function(v) cbind(rep = rep, variant = v, parts[[v]], row.names = NULL)))
}

variant_plot <- function(table, what) {
  table$variant <- set_order(table$variant)
  table$method <- factor(table$method, paper_methods)
  table$value <- table[[what]]
  table$error <- if (what == "mse") table$mse_mcse else table$mean_mcse
  plot <- ggplot2::ggplot(table, ggplot2::aes(.data$value, .data$variant, colour = .data$method)) +
    ggplot2::geom_pointrange(ggplot2::aes(xmin = .data$value - 1.96 * .data$error,
                                          xmax = .data$value + 1.96 * .data$error), size = .3, na.rm = TRUE,
                             position = ggplot2::position_dodge(width = .6)) +
    method_scale(paper_methods) +
    ggplot2::labs(x = paste0(if (what == "mse") "Mean squared error" else "Bias",
                             " of the effect, 95 % Monte Carlo interval"),
                  y = NULL, colour = NULL) + study_theme()
  if (what == "bias") plot <- plot + ggplot2::geom_vline(xintercept = 0, linetype = 2, colour = "grey50")
  plot
}

# Study 4: the outcome regression fitted on data and pool together.
paper_study_4 <- function(s) {
  key <- paper_seed(s, "study 4")
  pool <- paper_trial_pool(s, key, min(s$pool, 10000))$pool
  forest <- learn_forest(trees = 100, min_node_size = 5, outcome = "joint")
  runs <- lapply(seq_len(s$reps), function(rep) {
    own <- paper_seed(s, "study 4 data", rep)
    data <- generate(dgp_paper("weak"), 1000, derive_key(own, "data"))
    found <- augment_outcome(Y ~ A | ., data, pool, learner_treatment = forest, learner_outcome = forest,
                             seed = derive_key(own, "fit"), threads = s$threads)
    table <- tidy(found)
    cbind(rep = rep, table[c("fitted_on", "flip", "correction", "over", "estimate", "std.error")], row.names = NULL)
  })
  rows <- do.call(rbind, runs)
  table <- paper_errors(rows, c("fitted_on", "flip", "correction", "over"), truth(dgp_paper()))
  list(tables = list(augmentation = table), plots = list(mse = augmentation_plot(table)))
}

augmentation_plot <- function(table) {
  label <- paste0(table$fitted_on, ifelse(table$flip > 0, paste0(", ", 100 * table$flip, " % flipped"), ""))
  table$label <- set_order(label)
  table$correction <- factor(table$correction, unique(table$correction))
  ggplot2::ggplot(table, ggplot2::aes(.data$mse, .data$label, colour = .data$correction)) +
    ggplot2::geom_pointrange(ggplot2::aes(xmin = .data$mse - 1.96 * .data$mse_mcse,
                                          xmax = .data$mse + 1.96 * .data$mse_mcse), size = .3, na.rm = TRUE,
                             position = ggplot2::position_dodge(width = .5)) +
    ggplot2::facet_wrap("over", labeller = ggplot2::as_labeller(function(v) paste("averaged over", v))) +
    ggplot2::scale_colour_manual(values = plot_colours) +
    ggplot2::labs(x = "Mean squared error of the effect, 95 % Monte Carlo interval", y = NULL, colour = "correction") +
    study_theme()
}
