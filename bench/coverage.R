# Coverage of 95 % intervals with default nuisances: Rscript bench/coverage.R [replicates]
# Out-of-bag and 5-fold nuisances on fresh samples of 1,000; what passes on the randomised design is the default.
# Raw estimates: bench/coverage-raw.csv (resumable, not needed in the repository); summary: bench/coverage.csv.
library(causalsynth)
source("bench/lib.R")
reps <- as.integer(c(commandArgs(TRUE), "1000")[1])
raw <- Sys.getenv("COVERAGE_RAW", "bench/coverage-raw.csv")

block <- 50
cells <- rbind(
  expand.grid(overlap = "randomized", crossfit = c("oob", "folds"), first = seq(1, reps, block)),
  expand.grid(overlap = c("moderate", "weak"), crossfit = "oob", first = seq(1, reps, block))
)

one_block <- function(cell) {
  mechanism <- dgp_paper(as.character(cell$overlap))
  do.call(rbind, lapply(cell$first + seq_len(block) - 1, function(s) {
    study <- generate(mechanism, 1000, seed = s)
    fit <- suppressWarnings(estimate_effect(Y ~ A | ., study, method = c("iptw", "aipw", "or", "tmle"), seed = s,
                                            crossfit = as.character(cell$crossfit)))
    table <- tidy(fit)
    table <- table[table$term == "ATE", ]
    data.frame(seed = s, method = table$method, estimate = table$estimate, std.error = table$std.error,
               bounded = glance(fit)$n_bounded[1])
  }))
}

estimates <- run_cells(cells, raw, one_block)
truth <- truth(dgp_paper())
groups <- split(estimates, estimates[c("method", "crossfit", "overlap")], drop = TRUE)
summary <- do.call(rbind, lapply(groups, function(g) {
  cbind(g[1, c("overlap", "crossfit", "method")], performance(g$estimate, g$std.error, truth),
        mean_bounded = mean(g$bounded))
}))
numbers <- vapply(summary, is.numeric, NA)
summary[numbers] <- lapply(summary[numbers], signif, 4)
utils::write.csv(cbind(summary, machine()), "bench/coverage.csv", row.names = FALSE)
print(summary, row.names = FALSE)
