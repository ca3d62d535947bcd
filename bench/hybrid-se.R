# Standard errors of randomised pools from seeds of weak overlap: Rscript bench/hybrid-se.R [seeds]
# Seeds of 1,000 rows of the paper's weak overlap; treatment of the pool randomised, rows by gen_data() of the seed's
# own covariates. A pool's overlap is perfect, but it knows no more of the population than its seed: the interval that
# estimate_effect() reports for the population must be at least as wide as the seed's TMLE. Beside it the naive one.
# Pools of k = n and k = 4n; nuisances are forests of 100 trees. Raw: bench/hybrid-se-raw.csv (resumable).
library(causalsynth)
source("bench/lib.R")
seeds <- as.integer(c(commandArgs(TRUE), "100")[1])
raw <- Sys.getenv("HYBRID_SE_RAW", "bench/hybrid-se-raw.csv")
options(causalsynth.threads = 1)
learner <- learn_forest(trees = 100)
n <- 1000
block <- 10

one_seed <- function(s) suppressWarnings({
  study <- generate(dgp_paper("weak"), n, seed = 40000 + s)
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_data(study[paste0("W", 1:6)]), treatment = "randomized",
                       learner_treatment = learner, learner_outcome = learner, seed = s)
  do.call(rbind, lapply(c(n, 4 * n), function(k) {
    fit <- estimate_effect(generate(hybrid, k, seed = s), method = "tmle", seed = s, learner_treatment = learner,
                           learner_outcome = learner)
    data.frame(seed = s, k = k, seed_se = hybrid$seed_effect$std.error, pool_se = tidy(fit)$std.error[1],
               naive_se = sqrt(diag(fit$pool$own))[[1]])
  }))
})
one_block <- function(cell) do.call(rbind, lapply(cell$first + seq_len(block) - 1, one_seed))
results <- run_cells(data.frame(first = seq(1, seeds, block)), raw, one_block)
summary <- do.call(rbind, lapply(split(results, results$k), function(d) {
  ratio <- d$pool_se / d$seed_se
  data.frame(k = d$k[1], seeds = nrow(d), at_least_the_seeds = sum(ratio >= 1), least_ratio = min(ratio),
             mean_ratio = mean(ratio), mean_ratio_mc = stats::sd(ratio) / sqrt(nrow(d)),
             naive_below_the_seeds = sum(d$naive_se < d$seed_se), mean_naive_ratio = mean(d$naive_se / d$seed_se))
}))
number <- vapply(summary, is.double, NA)
summary[number] <- lapply(summary[number], signif, 4)
utils::write.csv(cbind(summary, machine()), "bench/hybrid-se.csv", row.names = FALSE)
print(summary, row.names = FALSE)
