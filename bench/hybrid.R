# Targeted hybrids over fresh seeds: Rscript bench/hybrid.R [seeds [workers]]
# Mean squared error of truth(hybrid) against the mechanism's effect, with gen_forest() and gen_copula(), beside 5-fold
# AIPW on the same seeds, the plain hybrid, AIPW on a full synthetic set of gen_forest() (covariates, treatment and
# outcome from the generator, 1,000 rows) and AIPW on a bootstrap resample of the seed. Nuisances are forests of 100
# trees. Raw: bench/hybrid-raw.csv (resumable).
library(causalsynth)
source("bench/lib.R")
only_summary <- identical(commandArgs(TRUE)[1], "summary")  # of what is there
arguments <- suppressWarnings(as.integer(c(commandArgs(TRUE), NA, NA)))
seeds <- if (is.na(arguments[1])) 500L else arguments[1]
workers <- if (is.na(arguments[2])) 1L else arguments[2]
raw <- Sys.getenv("HYBRID_RAW", "bench/hybrid-raw.csv")
learner <- learn_forest(trees = 100)
options(causalsynth.threads = 1)

n <- 1000
block <- 10
aipw <- function(rows, seed, ...) {
  unname(coef(estimate_effect(Y ~ A | ., rows, method = "aipw", learner_treatment = learner, learner_outcome = learner,
                              seed = seed, ...)))
}
hybrid_of <- function(study, s, ...) {
  fit_hybrid(Y ~ A | ., study, ..., learner_treatment = learner, learner_outcome = learner, seed = s)
}
one_seed <- function(s) {
  study <- generate(dgp_paper(), n, seed = 5000 + s)
  hybrid <- hybrid_of(study, s)
  tmle <- estimate_effect(Y ~ A | ., study, method = "tmle", learner_treatment = learner, learner_outcome = learner,
                          seed = s)
  pool <- generate(hybrid, 50000, seed = s)
  set.seed(s)
  full <- generate(fit_generator(gen_forest(), study, seed = s), n, seed = s)
  data.frame(
    seed = s, hybrid = truth(hybrid), pool = truth(pool), copula = truth(hybrid_of(study, s, gen_copula())),
    plain = truth(hybrid_of(study, s, targeted = FALSE)), tmle = unname(coef(tmle)),
    tmle_se = tidy(tmle)$std.error[1], aipw_folds = aipw(study, s, crossfit = "folds"), full = aipw(full, s),
    bootstrap = aipw(study[sample.int(n, replace = TRUE), ], s), law_sd = hybrid$law$sd
  )
}
one_block <- function(cell) do.call(rbind, lapply(cell$first + seq_len(block) - 1, one_seed))

results <- if (only_summary) utils::read.csv(raw) else {
  run_cells(data.frame(first = seq(1, seeds, block)), raw, one_block, workers)
}
effect <- truth(dgp_paper())
squared <- function(x) (x - effect)^2
# Jackknife standard error of the ratio of mean squared errors, paired over seeds.
jackknife <- function(a, b) {
  count <- length(a)
  ratios <- (sum(a) - a) / (sum(b) - b)
  sqrt((count - 1) / count * sum((ratios - mean(ratios))^2))
}
sources <- c("hybrid", "copula", "pool", "tmle", "aipw_folds", "plain", "full", "bootstrap")
summary <- do.call(rbind, lapply(sources, function(name) {
  error <- squared(results[[name]])
  base <- squared(results$aipw_folds)
  ratio <- mean(error) / mean(base)
  error_of_ratio <- jackknife(error, base)
  data.frame(source = name, seeds = nrow(results), bias = mean(results[[name]]) - effect, mse = mean(error),
             mse_mc = stats::sd(error) / sqrt(nrow(results)), ratio_to_aipw = ratio, ratio_se = error_of_ratio,
             ratio_low = ratio - 1.96 * error_of_ratio, ratio_high = ratio + 1.96 * error_of_ratio)
}))
summary$largest_miss_of_tmle_in_se <- NA
for (name in c("hybrid", "copula")) {
  summary$largest_miss_of_tmle_in_se[summary$source == name] <-
    max(abs(results[[name]] - results$tmle) / results$tmle_se)
}
number <- vapply(summary, is.double, NA)
summary[number] <- lapply(summary[number], signif, 4)
utils::write.csv(cbind(summary, machine()), "bench/hybrid.csv", row.names = FALSE)
print(summary, row.names = FALSE)
