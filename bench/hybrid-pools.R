# Estimators on pools of 50,000 rows against the pools' exact effects: Rscript bench/hybrid-pools.R [pools]
# Targeted hybrids of fresh seeds (1,000 rows of the paper's randomised mechanism; Y as it is, or a number: its log odds
# plus skewed noise). AIPW, TMLE and IPTW with forests of 100 trees, OR with learn_glm() (its standard error by stacked
# equations), OR with forests; naive, since the question is the pool's own law. Raw: bench/hybrid-pools-raw.csv
# (resumable).
library(causalsynth)
source("bench/lib.R")
only_summary <- identical(commandArgs(TRUE)[1], "summary")  # of what is there
pools <- if (only_summary) 1L else as.integer(c(commandArgs(TRUE), "100")[1])
raw <- Sys.getenv("HYBRID_POOLS_RAW", "bench/hybrid-pools-raw.csv")
options(causalsynth.threads = 1)
learner <- learn_forest(trees = 100)

seed_rows <- function(s, outcome) {
  study <- generate(dgp_paper(), 1000, seed = 9000 + s)
  if (outcome == "number") {
    set.seed(s)
    logit <- with(study, -.5 + A * (2 - .2 * W3 + .1 * exp(W4)) + .5 * W1 + W2 - W3 + .2 * W4 - .3 * W5)
    study$Y <- round(logit + rexp(1000) * exp(.2 * study$W4), 3)
  }
  study
}
one_pool <- function(cell) {
  hybrid <- fit_hybrid(Y ~ A | ., seed_rows(cell$pool, cell$outcome), learner_treatment = learner,
                       learner_outcome = learner, seed = cell$pool)
  pool <- generate(hybrid, 50000, seed = cell$pool)
  forests <- tidy(estimate_effect(pool, method = c("aipw", "tmle", "iptw", "or"), naive = TRUE, seed = cell$pool,
                                  learner_treatment = learner, learner_outcome = learner))
  glm <- tidy(estimate_effect(pool, method = "or", naive = TRUE, learner_treatment = learn_glm(),
                              learner_outcome = learn_glm()))
  forests <- forests[forests$term == "ATE", ]
  data.frame(estimator = c(forests$method[1:3], "forest or", "glm or"),
             estimate = c(forests$estimate, glm$estimate[1]), std.error = c(forests$std.error, glm$std.error[1]),
             truth = truth(pool), law = truth(hybrid), sd = sqrt(stats::var(pool$Y)))
}

cells <- expand.grid(outcome = c("binary", "number"), pool = seq_len(pools), stringsAsFactors = FALSE)
results <- if (only_summary) utils::read.csv(raw) else run_cells(cells, raw, one_pool)
parts <- split(results, results[c("outcome", "estimator")], drop = TRUE)
summary <- do.call(rbind, lapply(parts, function(d) {
  miss <- d$estimate - d$truth
  data.frame(outcome = d$outcome[1], estimator = d$estimator[1], pools = nrow(d),
             within_3.5_se = sum(abs(miss) <= 3.5 * d$std.error), largest_in_se = max(abs(miss) / d$std.error),
             largest_miss = max(abs(miss)), mean_miss = mean(miss), mean_miss_mc = stats::sd(miss) / sqrt(nrow(d)))
}))
number <- vapply(summary, is.double, NA)
summary[number] <- lapply(summary[number], signif, 3)
utils::write.csv(cbind(summary, machine()), "bench/hybrid-pools.csv", row.names = FALSE)
print(summary, row.names = FALSE)
