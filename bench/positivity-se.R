# Standard errors after pairing: Rscript bench/positivity-se.R [data sets [resamples [processes]]]
# The two-sample linearisation against the two-sample bootstrap (trial and study resampled, hybrid fitted anew, rows
# paired and estimated again) on the same data sets of each design of bench/positivity.R, with its learners and a pool
# of 10,000 rows. The generator is the copula, whose fits are quick: twins' covariates are matched to the study's, and
# their law hardly matters. The ratio is the root of mean variances over data sets, with the jackknife's standard error
# over data sets. Raw figures: bench/positivity-se-raw.csv (resumable by data set; POSITIVITY_SE_RAW names another
# file);
# results: bench/positivity-se.csv.
library(causalsynth)
source("bench/lib.R")
arguments <- as.integer(commandArgs(TRUE))
sets <- c(arguments, 8)[1]
resamples <- c(arguments[-1], 30)[1]
processes <- c(arguments[-(1:2)], 1)[1]
raw <- Sys.getenv("POSITIVITY_SE_RAW", "bench/positivity-se-raw.csv")
forests <- learn_forest(trees = 100)
designs <- list(none_200 = list("none", 200), weak_1000 = list("weak", 1000), none_1000 = list("none", 1000))

fit_trial <- function(trial, seed) {
  fit_hybrid(Y ~ A | ., trial, gen_copula(), treatment = "randomized", learner_treatment = forests,
             learner_outcome = forests, seed = seed, threads = 1)
}

one_set <- function(cell) suppressWarnings({
  seed <- cell$seed
  study <- generate(dgp_paper(designs[[cell$design]][[1]]), designs[[cell$design]][[2]], seed = seed)
  trial <- generate(dgp_paper(), 1000, seed = 1e6 + seed)
  hybrid <- fit_trial(trial, seed)
  pool <- generate(hybrid, 10000, seed = seed, threads = 1)
  ps <- nuisance(Y ~ A | ., study, forests, learn_glm(), seed = seed, threads = 1)$ps
  pair <- pair_synthetic(Y ~ A | ., study, pool, propensity = ps, seed = seed, threads = 1)
  behind <- nuisance(Y ~ A | ., trial, forests, forests, seed = seed, threads = 1)
  methods <- c("aipw", "tmle", "or")
  linear <- estimate_effect(pair, methods, trial = behind, seed = seed, threads = 1)
  boot <- estimate_effect(pair, methods, trial = trial, se = "bootstrap", bootstrap = list(replicates = resamples),
                          refit = hybrid, seed = seed, threads = 1)
  rows <- linear$estimates$term == "ATE"
  data.frame(method = methods, linear = linear$estimates$std.error[rows], data = linear$parts$data[rows],
             trial = linear$parts$trial[rows], bootstrap = boot$estimates$std.error[rows])
})

cells <- expand.grid(design = names(designs), seed = seq_len(sets), stringsAsFactors = FALSE)
found <- run_cells(cells, raw, one_set, processes)
root <- function(v) sqrt(mean(v^2))
results <- do.call(rbind, lapply(split(found, found[c("method", "design")], drop = TRUE), function(g) {
  left_out <- vapply(seq_len(nrow(g)), function(i) root(g$linear[-i]) / root(g$bootstrap[-i]), 1)
  n <- nrow(g)
  data.frame(design = g$design[1], method = g$method[1], data_sets = n, resamples = resamples, linear = root(g$linear),
             bootstrap = root(g$bootstrap), ratio = root(g$linear) / root(g$bootstrap),
             ratio_se = sqrt((n - 1)^2 / n * stats::var(left_out)), trial_share = mean(g$trial^2 / g$linear^2))
}))
numbers <- vapply(results, is.numeric, NA)
results[numbers] <- lapply(results[numbers], signif, 3)
utils::write.csv(cbind(results, machine()), "bench/positivity-se.csv", row.names = FALSE)
print(results, row.names = FALSE)
