# Coverage of the population interval from synthetic rows: Rscript bench/hybrid-coverage.R [replicates [workers]]
# Fresh seeds of the paper's mechanism; one targeted hybrid each with gen_forest() and gen_copula(); AIPW and TMLE on
# the seed itself, on one pool of k = n rows, on one of k = 4n, on five of k = n combined; beside them the naive
# interval. Nuisances are forests of 100 trees throughout, on the seeds too. A cell is 10 replicates of one design;
# cells take turns, so that a run that was stopped has nearly as many replicates of each. `summary` in place of a
# number of replicates sums up what is there. The last rows take all designs but the weak overlap together.
# Raw: bench/hybrid-coverage-raw.csv (resumable; kept, and begun from, in hybrid-coverage-raw.csv.gz, to six digits).
library(causalsynth)
source("bench/lib.R")
only_summary <- identical(commandArgs(TRUE)[1], "summary")
arguments <- suppressWarnings(as.integer(c(commandArgs(TRUE), NA, NA)))
replicates <- if (is.na(arguments[1])) 400L else arguments[1]
workers <- if (is.na(arguments[2])) 1L else arguments[2]
raw <- Sys.getenv("HYBRID_COVERAGE_RAW", "bench/hybrid-coverage-raw.csv")
if (!file.exists(raw) && file.exists("bench/hybrid-coverage-raw.csv.gz")) {
  writeLines(readLines("bench/hybrid-coverage-raw.csv.gz"), raw)
}
learner <- learn_forest(trees = 100)
options(causalsynth.threads = 1)

block <- 10
designs <- rbind(
  expand.grid(overlap = c("randomized", "moderate"), n = c(500, 1000), generator = c("forest", "copula"),
              stringsAsFactors = FALSE),
  data.frame(overlap = "weak", n = 1000, generator = "forest")
)
cells <- merge(data.frame(first = seq(1, replicates, block)), designs)
cells <- cells[order(cells$first), ]
cells <- cells[!(cells$overlap == "weak" & cells$first > 100), ]

methods <- c("aipw", "tmle")
analyse <- function(x, ..., naive = NULL) {
  ask <- list(x, ..., method = methods, learner_treatment = learner, learner_outcome = learner)
  fit <- suppressWarnings(do.call(estimate_effect, ask))
  table <- fit$estimates[fit$estimates$term == "ATE", ]
  own <- if (is.null(fit$pool)) table$std.error else sqrt(diag(fit$pool$own))[fit$estimates$term == "ATE"]
  list(fit = fit, estimate = table$estimate, std.error = table$std.error, own = own)
}
rows_of <- function(source, found) {
  data.frame(source = source, method = methods, estimate = found$estimate, std.error = found$std.error, own = found$own)
}
one_replicate <- function(s, cell) {
  study <- generate(dgp_paper(cell$overlap), cell$n, seed = 70000 + s)
  spec <- if (cell$generator == "forest") gen_forest() else gen_copula()
  started <- proc.time()
  hybrid <- suppressWarnings(fit_hybrid(Y ~ A | ., study, spec, learner_treatment = learner,
                                        learner_outcome = learner, seed = s))
  cost <- sum((proc.time() - started)[1:2])
  pools <- simulate(hybrid, 5, seed = 1000 + s)
  each <- lapply(seq_along(pools), function(i) analyse(pools[[i]], seed = 10 * s + i))
  five <- combine_synthetic(lapply(each, `[[`, "fit"))
  at <- grepl(":ATE$", five$estimates$term)
  large <- analyse(generate(hybrid, 4 * cell$n, seed = 2000 + s), seed = s)
  result <- rbind(
    rows_of("seed", analyse(Y ~ A | ., study, seed = s)), rows_of("k = n", each[[1]]), rows_of("k = 4n", large),
    data.frame(source = "m = 5", method = methods, estimate = five$estimates$estimate[at],
               std.error = five$estimates$std.error[at],
               own = sqrt(diag(five$within)[at] / 5))
  )
  result$law <- truth(hybrid)
  result$rate <- hybrid$acceptance$rate
  result$fit_seconds <- cost
  cbind(replicate = s, result)
}
one_cell <- function(cell) do.call(rbind, lapply(cell$first + seq_len(block) - 1, one_replicate, cell = cell))

results <- if (only_summary) utils::read.csv(raw) else run_cells(cells, raw, one_cell, workers)
effect <- truth(dgp_paper())
inside <- function(estimate, error) mean(abs(estimate - effect) <= stats::qnorm(.975) * error)
results$design <- paste(results$overlap, results$n, results$generator)
together <- results[results$overlap != "weak", ]
together[c("overlap", "n", "generator")] <- list("all but weak", NA, "both")
all <- rbind(results, together)
all$unit <- paste(all$design, all$replicate)
parts <- split(all, paste(all$overlap, all$n, all$generator, all$method, all$source))
summary <- do.call(rbind, lapply(parts, function(d) {
  first <- d[1, ]
  seed <- all[all$source == "seed" & all$overlap == first$overlap & all$method == first$method, ]
  seed <- seed[match(d$unit, seed$unit), ]
  z <- stats::qnorm(.975)
  covered <- abs(d$estimate - effect) <= z * d$std.error
  of_seed <- abs(seed$estimate - effect) <= z * seed$std.error
  p <- performance(d$estimate, d$std.error, effect)
  data.frame(first[c("overlap", "n", "generator", "method", "source")], reps = nrow(d), coverage = mean(covered),
             coverage_mc = p$coverage_mc, coverage_of_seeds = mean(of_seed),
             difference = mean(covered) - mean(of_seed),
             difference_mc = stats::sd(covered - of_seed) / sqrt(nrow(d)),
             naive_coverage = inside(d$estimate, d$own), bias = p$bias, bias_mc = p$bias_mc,
             empirical_se = p$empirical_se, model_se = p$model_se, mean_rate = mean(d$rate),
             fit_cpu_seconds = stats::median(d$fit_seconds))
}))
number <- vapply(summary, is.double, NA)
summary[number] <- lapply(summary[number], signif, 4)
summary <- summary[order(summary$overlap, summary$n, summary$generator, summary$method, summary$source), ]
utils::write.csv(cbind(summary, machine()), "bench/hybrid-coverage.csv", row.names = FALSE)
print(summary, row.names = FALSE)
if (!only_summary) {
  kept <- utils::read.csv(raw)
  number <- vapply(kept, is.double, NA)
  kept[number] <- lapply(kept[number], signif, 6)
  file <- gzfile("bench/hybrid-coverage-raw.csv.gz", "w")
  utils::write.csv(kept, file, row.names = FALSE)
  close(file)
}
