# Rscript bench/neural-ctgan.R [replicates [workers]]
# CTGAN with the package's defaults by the scores of bench/generators-lib.R on the paper's seeds, a cell a replicate;
# cells that bench/neural-ctgan.csv holds are not run again. Bounds, over 10 seeds: tstr >= .70, auc <= .75,
# |effect_error| <= .12 in the mean, a fit under 60 s.
# Then bench/neural-ctgan-speed.csv: the published setting, 50 epochs at batches of 500 on the paper's seed of 1,000
# rows, and 50,000 rows drawn, on one thread and on two. PyTorch's program took 5.2 s and .74 s, on one thread of
# another machine with OpenBLAS; `blas` is a product of two 2,000 x 2,000 matrices by R's BLAS on this one, timed in
# the same run, to scale by where R has OpenBLAS too. And one column of 5,000 levels in 20,000 rows: seconds, bytes of
# the model.
suppressMessages(library(causalsynth))
here <- "bench"
source(file.path(here, "lib.R"))
source(file.path(here, "generators-lib.R"))

arguments <- commandArgs(TRUE)
replicates <- if (length(arguments) >= 1) as.integer(arguments[1]) else 10
workers <- if (length(arguments) >= 2) as.integer(arguments[2]) else 1

one_cell <- function(cell) {
  found <- scored_fit(gen_ctgan(), generator_data$paper(cell$rep), generator_roles$paper, 50000, cell$rep)
  cbind(found$scores, found$cost)
}

published <- gen_ctgan(epochs = 50, batch_size = 500, generator_layers = c(256, 256), critic_layers = c(256, 256),
                       noise = 128, pac = 10, rate_generator = 2e-4, rate_critic = 2e-4, dropout = 0.5, average = 0,
                       holdout = 0)

elapsed <- function(code) system.time(code)[["elapsed"]]

# The least of five times, after one that loads everything.
speed <- function(threads) {
  seed <- generate(dgp_paper(), 1000, seed = 1001)
  fit <- fit_generator(published, seed, seed = 1, threads = threads)
  least <- function(code) min(replicate(5, elapsed(code())))
  a <- matrix(stats::rnorm(4e6), 2000)
  data.frame(task = "published setting, 1,000 rows", threads = threads,
             fit = least(function() fit_generator(published, seed, seed = 1, threads = threads)),
             draw = least(function() generate(fit, 50000, seed = 1, threads = threads)),
             bytes = length(fit$model), blas = least(function() a %*% a))
}

many_levels <- function() {
  set.seed(1)
  rows <- data.frame(level = factor(sample(5000, 20000, TRUE)), x = stats::rnorm(20000))
  spec <- gen_ctgan(epochs = 5, min_count = 1)
  time <- elapsed(fit <- fit_generator(spec, rows, seed = 1, threads = 2))
  data.frame(task = "5,000 levels, 20,000 rows, 5 epochs", threads = 2, fit = time,
             draw = elapsed(generate(fit, 20000, seed = 1, threads = 2)), bytes = length(fit$model), blas = NA)
}

if (replicates > 0) {
  found <- run_cells(data.frame(rep = seq_len(replicates)), file.path(here, "neural-ctgan.csv"), one_cell, workers)
  keep_for_vignette(found[setdiff(names(found), c("wall", "date"))], "neural", "ctgan")
}
if (!file.exists(file.path(here, "neural-ctgan-speed.csv"))) {
  rows <- rbind(speed(1), speed(2), many_levels())
  utils::write.csv(cbind(rows, machine()), file.path(here, "neural-ctgan-speed.csv"), row.names = FALSE)
}
