# Coverage of 95 % intervals: Rscript bench/coverage.R [replicates [processes [summary]]]
# Four designs of 1,000 rows, five kinds of nuisances, two rules of bounds, AIPW and TMLE: bias, standard errors and
# coverage, each with its Monte Carlo error (2,000 replicates: .5 points of coverage). Weak overlap and glm nuisances
# get a quarter of the replicates, folds, several times the work of out-of-bag predictions, a tenth. Raw estimates go to
# bench/coverage-raw.csv (resumable by cells of 20 replicates, not needed in the repository; COVERAGE_RAW names another
# file), the summary to bench/coverage.csv (COVERAGE_SUMMARY); with "summary" that of the cells there are.
library(causalsynth)
source("bench/lib.R")
source("bench/designs.R")
arguments <- suppressWarnings(as.integer(commandArgs(TRUE)))
reps <- c(arguments, 2000)[1]
processes <- if (length(arguments) > 1) arguments[2] else 2
raw <- Sys.getenv("COVERAGE_RAW", "bench/coverage-raw.csv")
summary_file <- Sys.getenv("COVERAGE_SUMMARY", "bench/coverage.csv")

n <- 1000
block <- 20
nuisances <- list(
  forest_oob = list(learner = learn_forest()), forest_folds = list(learner = learn_forest(), crossfit = "folds"),
  stack_oob = list(learner = learn_stack()), stack_folds = list(learner = learn_stack(), crossfit = "folds"),
  glm = list(learner = learn_glm())
)
reps_of <- function(cell) {
  if (endsWith(cell$nuisance, "_folds")) ceiling(reps / 10)
  else if (cell$design == "weak" || cell$nuisance == "glm") ceiling(reps / 4) else reps
}
methods <- c("aipw", "tmle")

# The candidates of the adaptive bound hold Gruber's too (c = 5): one fit serves both rules.
one_replicate <- function(design, nuisance, seed) {
  study <- generate(designs[[design]], n, seed = seed, threads = 1)
  how <- nuisances[[nuisance]]
  fit <- estimate_effect(Y ~ A | ., study, methods, learner_treatment = how$learner, learner_outcome = how$learner,
                         crossfit = how$crossfit, bounds = "adaptive", seed = seed, threads = 1)
  candidates <- fit$bounds$candidates
  both <- rbind(cbind(candidates[candidates$c == 5, ], bounds = "gruber"),
                cbind(candidates[candidates$chosen, ], bounds = "adaptive"))[c("method", "bounds", "c", "n_bounded",
                                                                               "estimate", "std.error")]
  cbind(seed = seed, both)
}

one_block <- function(cell) {
  seeds <- seq(cell$first, min(cell$first + block - 1, reps_of(cell)))
  suppressWarnings(do.call(rbind, lapply(seeds, one_replicate, design = cell$design, nuisance = cell$nuisance)))
}

cells <- expand.grid(nuisance = names(nuisances), design = names(designs), first = seq(1, reps, block),
                     stringsAsFactors = FALSE)
cells <- cells[vapply(seq_len(nrow(cells)), function(i) cells$first[i] <= reps_of(cells[i, ]), NA), ]
cells <- cells[order(vapply(seq_len(nrow(cells)), function(i) reps_of(cells[i, ]) < reps, NA)), ]
estimates <- if ("summary" %in% commandArgs(TRUE)) read.csv(raw) else run_cells(cells, raw, one_block, processes)
estimates <- estimates[estimates$method %in% methods, ]
keys <- c("method", "bounds", "nuisance", "design")
groups <- split(estimates, estimates[keys], drop = TRUE)
summary <- do.call(rbind, lapply(groups, function(g) {
  g <- g[g$seed <= reps_of(g[1, ]), ]
  cbind(g[1, rev(keys)], performance(g$estimate, g$std.error, effects[[g$design[1]]]),
        share_bounded = mean(g$n_bounded) / n, median_c = stats::median(g$c))
}))
numbers <- vapply(summary, is.numeric, NA)
summary[numbers] <- lapply(summary[numbers], signif, 4)
utils::write.csv(cbind(summary, machine()), summary_file, row.names = FALSE)
print(summary[c(rev(keys), "bias_over_se", "se_bias_percent", "coverage", "coverage_mc", "share_bounded")],
      row.names = FALSE, digits = 3)
