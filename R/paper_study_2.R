# Study 2: does a synthetic benchmark rank and size estimators' errors as the mechanism does?

paper_study_2 <- function(s) {
  mechanism <- dgp_paper()
  key <- paper_seed(s, "study 2")
  data <- generate(mechanism, 1000, derive_key(key, "seed"))
  hybrid <- function(targeted) {
    fit <- fit_hybrid(Y ~ A | ., data, paper_generators()[[1]], targeted = targeted, learner_treatment = paper_forest(),
                      learner_outcome = paper_forest(), seed = derive_key(key, "hybrid"), threads = s$threads)
    generate(fit, s$pool, seed = derive_key(key, "pool"), threads = s$threads)
  }
  pools <- list(mechanism = generate(mechanism, s$pool, derive_key(key, "pool")), hybrid = hybrid(FALSE),
                `targeted hybrid` = hybrid(TRUE))
  ask <- function(sources, reps, truth, label) {
    study(sources, paper_methods, Y ~ A | ., n = min(1000, s$pool), reps = reps, truth = truth,
          seed = derive_key(key, label), threads = s$threads, learner_treatment = paper_forest(),
          learner_outcome = paper_forest())
  }
  a <- ask(pools, s$reps, "self", "a")
  compared <- compare_studies(a)
  fresh <- max(2, round(s$reps / 5))
  sources <- list(mechanism = mechanism, `targeted hybrid` = pools[[3]])
  b <- list(
    `known effect` = ask(sources, fresh, NULL, "b"),
    `TMLE of the pool` = ask(sources, fresh, c(mechanism = "mechanism", `targeted hybrid` = "tmle"), "b"),
    `each estimator's own` = ask(sources, fresh, c(mechanism = "mechanism", `targeted hybrid` = "self"), "b")
  )
  part_b <- do.call(rbind, lapply(names(b), function(name) cbind(reference = name, paper_measures(b[[name]]))))
  list(
    tables = list(part_a = paper_measures(a), part_a_ratios = tidy(compared), part_a_pairs = compared$pairs,
                  part_b = part_b),
    plots = list(bias = autoplot(a, "lollipop"), rmse = autoplot(a, "forest", "rmse"), zip = autoplot(a, "zip"),
                 ratios = autoplot(compared))
  )
}

# The measures that the paper has, and coverage.
paper_measures <- function(x) {
  table <- summary(x)$table
  table$variance <- table$empirical_se^2
  table$variance_mcse <- 2 * table$empirical_se * table$empirical_se_mcse
  table[c("source", "n", "method", "reps", "failed", "truth", "bias", "bias_mcse", "variance", "variance_mcse", "mse",
          "mse_mcse", "rmse", "rmse_mcse", "model_se", "coverage", "coverage_mcse")]
}
