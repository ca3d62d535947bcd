# Where forests alone miss what is asked of intervals (Kang and Schafer's linear outcome): which settings matter.
# Rscript bench/coverage-variants.R [replicates]: AIPW and TMLE under Gruber's bound, 1,000 rows; the seeds are those of
# bench/coverage.R. Results: bench/coverage-variants.csv.
library(causalsynth)
source("bench/lib.R")
source("bench/designs.R")
reps <- c(as.integer(commandArgs(TRUE)), 100)[1]
raw <- Sys.getenv("COVERAGE_VARIANTS_RAW", "bench/coverage-variants-raw.csv")

both <- function(learner, ...) list(learner_treatment = learner, learner_outcome = learner, ...)
variants <- list(
  default = both(learn_forest()),
  "nodes of 1" = both(learn_forest(min_node_size = 1)),
  "all columns tried" = both(learn_forest(mtry = 4, min_node_size = c(1, 5, 10, 20, 50))),
  "joint outcome" = both(learn_forest(outcome = "joint")),
  "5 folds" = both(learn_forest(), crossfit = "folds"),
  "5 repeats" = both(learn_forest(), repeats = 5),
  "bounds .1" = both(learn_forest(), bounds = .1),
  stack = both(learn_stack())
)
one_replicate <- function(variant, seed) {
  study <- generate(kang_schafer, 1000, seed = seed, threads = 1)
  fit <- rlang::inject(estimate_effect(Y ~ A | ., study, c("aipw", "tmle"), !!!variants[[variant]], seed = seed,
                                       threads = 1))
  table <- tidy(fit)
  cbind(seed = seed, table[table$term == "ATE", c("method", "estimate", "std.error")])
}
one_block <- function(cell) {
  seeds <- seq(cell$first, min(cell$first + 19, reps))
  suppressWarnings(do.call(rbind, lapply(seeds, one_replicate, variant = cell$variant)))
}
cells <- expand.grid(variant = names(variants), first = seq(1, reps, 20), stringsAsFactors = FALSE)
estimates <- run_cells(cells, raw, one_block)
groups <- split(estimates, estimates[c("method", "variant")], drop = TRUE)
summary <- do.call(rbind, lapply(groups, function(g) {
  cbind(design = "kang_schafer", g[1, c("variant", "method")], performance(g$estimate, g$std.error, 0))
}))
numbers <- vapply(summary, is.numeric, NA)
summary[numbers] <- lapply(summary[numbers], signif, 4)
utils::write.csv(cbind(summary, machine()), "bench/coverage-variants.csv", row.names = FALSE)
print(summary[c("variant", "method", "reps", "bias_over_se", "se_bias_percent", "coverage", "coverage_mc")],
      row.names = FALSE, digits = 3)
