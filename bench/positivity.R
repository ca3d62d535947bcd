# Positivity repaired: Rscript bench/positivity.R [replicates [processes]]
# Studies without overlap (200 and 1,000 rows) and with weak overlap (1,000 rows); a randomised seed trial of 1,000
# rows; a targeted hybrid of it (gen_forest()) and a pool of 20,000 rows, the same for the three studies of a replicate.
# Forests of 100 trees for all nuisances, hybrids and regressions (the defaults have 500). All variants, the paper's
# among them, in the first 100 replicates of 200 rows; the default and what it is compared with in all. Results with
# Monte Carlo errors: positivity.csv; paired ratios of MSE with jackknife intervals: positivity-ratios.csv. Raw
# estimates: bench/positivity-raw.csv (resumable by cells of 5 replicates; POSITIVITY_RAW names another file).
library(causalsynth)
source("bench/lib.R")
arguments <- as.integer(commandArgs(TRUE))
reps <- c(arguments, 200)[1]
processes <- if (length(arguments) > 1) arguments[2] else 2
raw <- Sys.getenv("POSITIVITY_RAW", "bench/positivity-raw.csv")
block <- 5
forests <- learn_forest(trees = 100)
odds <- learn_stack(learn_forest(trees = 100), learn_glm())
designs <- list(none_200 = list("none", 200), weak_1000 = list("weak", 1000), none_1000 = list("none", 1000))
truth_value <- truth(dgp_paper())
all_methods <- c("aipw", "iptw", "or", "tmle")

trial_hybrid <- function(trial, seed) {
  fit_hybrid(Y ~ A | ., trial, gen_forest(trees = 100), treatment = "randomized", learner_treatment = forests,
             learner_outcome = forests, seed = seed, threads = 1)
}

# Contrasts of an effect as rows of the raw table.
rows_of <- function(variant, fit) {
  table <- tidy(fit)
  table <- table[!grepl("^mean_", table$term), ]
  data.frame(variant = variant, method = table$method, estimate = table$estimate, std.error = table$std.error)
}

one_study <- function(design, seed, trial, pool, behind) {
  study <- generate(dgp_paper(designs[[design]][[1]]), designs[[design]][[2]], seed = seed)
  alone <- nuisance(Y ~ A | ., study, forests, forests, seed = seed, threads = 1)
  make <- function(...) {
    pair_synthetic(Y ~ A | ., study, pool, ..., propensity = alone$ps, learner_treatment = forests,
                   learner_outcome = forests, seed = seed, threads = 1)
  }
  effect <- function(pair, ...) {
    estimate_effect(pair, all_methods, ..., learner_membership = odds, seed = seed, threads = 1)
  }
  fuse <- function(target) {
    fuse_effects(Y ~ A | ., study, trial, target, learner_treatment = forests, learner_outcome = forests,
                 learner_membership = odds, seed = seed, threads = 1)
  }
  pair <- make()
  flips <- flip_sensitivity(pair, odds_ratio = 1, seed = seed, threads = 1)$flips
  found <- rbind(
    rows_of("trial alone", estimate_effect(behind, all_methods)),
    rows_of("study alone", estimate_effect(alone, all_methods)),
    rows_of("overlap weights", estimate_effect(alone, "aipw", estimand = "ATO")),
    rows_of("pairs (default)", effect(pair, trial = behind)),
    data.frame(variant = paste0("flips ", 100 * flips$rate, " %"), method = "aipw", estimate = flips$estimate,
               std.error = NA)
  )
  if (design == "none_200") found <- rbind(found, rows_of("fused, study", fuse("data")))
  if (design == "none_200" && seed <= 100) {
    both <- list(learner_treatment = forests, learner_outcome = forests)
    fitted <- function(pair, ...) do.call(effect, c(list(pair, ...), both))
    program <- function(outcome) {
      fitted(make(outcome = outcome, amount = "threshold", threshold = .001, draw = "random", refit_q = TRUE))
    }
    found <- rbind(
      found, rows_of("fused, both", fuse("both")),
      rows_of("pairs, random outcomes", effect(make(draw = "random"), trial = behind)),
      rows_of("pairs, threshold", fitted(make(amount = "threshold"), trial = behind)),
      rows_of("pairs, fitted nuisances", fitted(pair, trial = behind)), rows_of("program: pool", program("pool")),
      rows_of("program: hybrid label", program("hybrid")), rows_of("program: self", program("self"))
    )
  }
  cbind(design = design, seed = seed, found)
}

one_replicate <- function(seed) {
  trial <- generate(dgp_paper(), 1000, seed = 1e6 + seed)
  pool <- generate(trial_hybrid(trial, seed), 20000, seed = seed, threads = 1)
  behind <- nuisance(Y ~ A | ., trial, forests, forests, seed = seed, threads = 1)
  do.call(rbind, lapply(names(designs), one_study, seed = seed, trial = trial, pool = pool, behind = behind))
}

one_block <- function(cell) {
  seeds <- seq(cell$first, min(cell$first + block - 1, reps))
  suppressWarnings(do.call(rbind, lapply(seeds, one_replicate)))
}

cells <- data.frame(first = seq(1, reps, block))
estimates <- run_cells(cells, raw, one_block, processes)
estimates <- estimates[estimates$seed <= reps, ]

rounded <- function(table) {
  numbers <- vapply(table, is.numeric, NA)
  table[numbers] <- lapply(table[numbers], signif, 4)
  table
}
keys <- c("design", "variant", "method")
groups <- split(estimates, estimates[rev(keys)], drop = TRUE)
results <- do.call(rbind, lapply(groups, function(g) {
  cbind(g[1, keys], performance(g$estimate, g$std.error, truth_value), row.names = NULL)
}))
utils::write.csv(cbind(rounded(results), machine()), "bench/positivity.csv", row.names = FALSE)

# MSE(first) / MSE(second) over the same replicates, with the jackknife's interval on the log scale.
mse_ratio <- function(first, second) {
  a <- (first - truth_value)^2
  b <- (second - truth_value)^2
  left_out <- log((sum(a) - a) / (sum(b) - b))
  n <- length(a)
  se <- sqrt((n - 1)^2 / n * stats::var(left_out))
  ratio <- mean(a) / mean(b)
  data.frame(ratio = ratio, low = ratio * exp(-1.96 * se), high = ratio * exp(1.96 * se))
}
pick <- function(design, variant, method) {
  rows <- estimates[estimates$design == design & estimates$variant == variant & estimates$method == method, ]
  rows$estimate[order(rows$seed)]
}
compared <- rbind(
  data.frame(first = "pairs (default)", second = "study alone", method = all_methods, other = all_methods),
  data.frame(first = "pairs (default)", second = "trial alone", method = "or", other = "or"),
  data.frame(first = "fused, study", second = "trial alone", method = "fused", other = "aipw")
)
ratios <- do.call(rbind, lapply(names(designs), function(design) {
  do.call(rbind, lapply(seq_len(nrow(compared)), function(i) {
    c <- compared[i, ]
    if (c$first == "fused, study" && design != "none_200") return(NULL)
    cbind(design = design, c, mse_ratio(pick(design, c$first, c$method), pick(design, c$second, c$other)))
  }))
}))
utils::write.csv(cbind(rounded(ratios), machine()), "bench/positivity-ratios.csv", row.names = FALSE)
print(rounded(results[c(keys, "reps", "bias", "mse", "mse_mc", "se_bias_percent", "coverage", "coverage_mc")]),
      row.names = FALSE)
print(rounded(ratios), row.names = FALSE)
