# Targeted hybrids over fresh seeds: Rscript bench/hybrid.R [seeds]
# Mean squared error of truth(hybrid) against the mechanism's effect, beside AIPW on the same seeds; how far the
# hybrid's law is from its seed's TMLE in units of the seed's standard error. Raw: bench/hybrid-raw.csv (resumable).
library(causalsynth)
source("bench/lib.R")
seeds <- as.integer(c(commandArgs(TRUE), "200")[1])
raw <- Sys.getenv("HYBRID_RAW", "bench/hybrid-raw.csv")

block <- 10
one_block <- function(cell) do.call(rbind, lapply(cell$first + seq_len(block) - 1, function(s) {
  study <- generate(dgp_paper(), 1000, seed = 5000 + s)
  started <- proc.time()[["elapsed"]]
  hybrid <- fit_hybrid(Y ~ A | ., study, seed = s)
  seconds <- proc.time()[["elapsed"]] - started
  seed <- tidy(estimate_effect(Y ~ A | ., study, method = c("aipw", "tmle"), seed = s))
  seed <- seed[seed$term == "ATE", ]
  pool <- generate(hybrid, 50000, seed = s)
  data.frame(seed = s, truth_hybrid = truth(hybrid), truth_pool = truth(pool), aipw = seed$estimate[1],
             tmle = seed$estimate[2], tmle_se = seed$std.error[2], law_sd = hybrid$law$sd, seconds = seconds)
}))

results <- run_cells(data.frame(first = seq(1, seeds, block)), raw, one_block)
effect <- truth(dgp_paper())
squared <- function(x) (x - effect)^2
mse <- c(hybrid = mean(squared(results$truth_hybrid)), pool = mean(squared(results$truth_pool)),
         aipw = mean(squared(results$aipw)))
# Jackknife standard error of the ratio of mean squared errors, paired over seeds.
jackknife <- function(a, b) {
  n <- length(a)
  ratios <- (sum(a) - a) / (sum(b) - b)
  sqrt((n - 1) / n * sum((ratios - mean(ratios))^2))
}
summary <- data.frame(
  seeds = nrow(results), mse_hybrid = mse[["hybrid"]], mse_pool = mse[["pool"]], mse_aipw = mse[["aipw"]],
  ratio_hybrid = mse[["hybrid"]] / mse[["aipw"]],
  ratio_hybrid_se = jackknife(squared(results$truth_hybrid), squared(results$aipw)),
  largest_miss_of_seed_in_se = max(abs(results$truth_hybrid - results$tmle) / results$tmle_se),
  largest_miss_of_pool_in_sd = max(abs(results$truth_pool - results$truth_hybrid) / (results$law_sd / sqrt(50000))),
  median_seconds_fit = stats::median(results$seconds)
)
summary <- signif(summary, 4)
utils::write.csv(cbind(summary, machine()), "bench/hybrid.csv", row.names = FALSE)
print(t(summary))
