# How a stack is best made: Rscript bench/stack.R [replicates [processes]]
# (1) Honest predictions by the members' own (crossfit = "oob") or by folds around whole stacks; (2) weights by squared
# error or by log-likelihood, of the same members' predictions. AIPW's bias, standard error and coverage, and the root
# mean squared errors of propensity and outcome regression against the mechanism. Summary: bench/stack.csv.
library(causalsynth)
source("bench/lib.R")
source("bench/designs.R")
arguments <- as.integer(commandArgs(TRUE))
reps <- c(arguments, 1000)[1]
processes <- if (length(arguments) > 1) arguments[2] else 2
raw <- Sys.getenv("STACK_RAW", "bench/stack-raw.csv")
summary_file <- Sys.getenv("STACK_SUMMARY", "bench/stack.csv")
block <- 20

# The weight of the first of two predictions: least squares, or the likelihood of a mixture.
weight_squared <- function(y, a, b) min(1, max(0, sum((y - b) * (a - b)) / sum((a - b)^2)))
weight_log <- function(y, a, b) {
  loss <- function(w) -sum(log(ifelse(y == 1, w * a + (1 - w) * b, 1 - w * a - (1 - w) * b)))
  stats::optimize(loss, c(0, 1), tol = 1e-6)$minimum
}

mixed <- function(study, forest, glm, weight) {
  one <- function(part, y, rows) {
    w <- weight(y[rows], forest[[part]][rows], glm[[part]][rows])
    w * forest[[part]] + (1 - w) * glm[[part]]
  }
  a <- study$A
  as_nuisance(a, study$Y, one("ps", a, a >= 0), one("q1", study$Y, a == 1), one("q0", study$Y, a == 0))
}

one_replicate <- function(design, n, seed) {
  drawn <- generate(designs[[design]], n, seed = seed, counterfactuals = TRUE, threads = 1)
  study <- drawn[setdiff(names(drawn), c("ps", "q1", "q0"))]
  fit <- function(learner, ...) nuisance(Y ~ A | ., study, learner, learner, seed = seed, threads = 1, ...)
  kinds <- list(oob = fit(learn_stack()), folds = fit(learn_stack(), crossfit = "folds"))
  forest <- fit(learn_forest())
  glm <- fit(learn_glm(), crossfit = "folds", folds = 10)
  kinds$squared <- mixed(study, forest, glm, weight_squared)
  if (kinds$oob$family == "binomial") kinds$log <- mixed(study, forest, glm, weight_log)
  rms <- function(x) sqrt(mean(x^2))
  rows <- lapply(names(kinds), function(kind) {
    k <- kinds[[kind]]
    effect <- estimate_effect(k, "aipw")
    data.frame(seed = seed, kind = kind, estimate = coef(effect)[[1]], std.error = sqrt(vcov(effect)[[1]]),
               error_g = rms(k$ps - drawn$ps), error_q = rms(c(k$q1 - drawn$q1, k$q0 - drawn$q0)))
  })
  do.call(rbind, rows)
}

one_block <- function(cell) {
  seeds <- seq(cell$first, min(cell$first + block - 1, reps))
  suppressWarnings(do.call(rbind, lapply(seeds, one_replicate, design = cell$design, n = cell$n)))
}

cells <- expand.grid(design = c("randomized", "moderate", "kang_schafer"), n = c(200, 1000),
                     first = seq(1, reps, block), stringsAsFactors = FALSE)
estimates <- run_cells(cells, raw, one_block, processes)
estimates <- estimates[estimates$seed <= reps, ]
groups <- split(estimates, estimates[c("kind", "n", "design")], drop = TRUE)
summary <- do.call(rbind, lapply(groups, function(g) {
  cbind(g[1, c("design", "n", "kind")], performance(g$estimate, g$std.error, effects[[g$design[1]]]),
        error_g = mean(g$error_g), error_q = mean(g$error_q))
}))
numbers <- vapply(summary, is.numeric, NA)
summary[numbers] <- lapply(summary[numbers], signif, 4)
utils::write.csv(cbind(summary, machine()), summary_file, row.names = FALSE)
print(summary[c("design", "n", "kind", "bias_over_se", "empirical_se", "se_bias_percent", "coverage", "coverage_mc",
                "error_g", "error_q")], row.names = FALSE, digits = 3)
