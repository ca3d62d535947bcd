# What the scripts here share: the machine, resumable simulations, Monte Carlo errors.

machine <- function() {
  cpu <- Sys.info()[["machine"]]
  if (file.exists("/proc/cpuinfo")) {
    cpu <- sub(".*: ", "", grep("model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
  }
  data.frame(date = format(Sys.Date()), cpu = cpu, cores = parallel::detectCores(), r = as.character(getRversion()),
             causalsynth = as.character(utils::packageVersion("causalsynth")))
}

# Runs work(cell) for each row of `cells` that `file` does not hold yet, and appends its data frame (with the cell's
# columns in front) as soon as it is done: a killed run goes on where it stopped.
run_cells <- function(cells, file, work) {
  done <- if (file.exists(file)) unique(utils::read.csv(file)[names(cells)]) else cells[0, , drop = FALSE]
  key <- function(x) do.call(paste, c(lapply(x, as.character), list(sep = "|")))
  todo <- cells[!(key(cells) %in% key(done)), , drop = FALSE]
  message(nrow(todo), " of ", nrow(cells), " cells to do")
  for (i in seq_len(nrow(todo))) {
    cell <- todo[i, , drop = FALSE]
    result <- cbind(cell, work(cell), row.names = NULL)
    utils::write.table(result, file, sep = ",", row.names = FALSE, col.names = !file.exists(file),
                       append = file.exists(file), qmethod = "double")
  }
  utils::read.csv(file)
}

# Bias, spread, standard error and coverage of estimates x (one a replicate), each with its Monte Carlo error.
performance <- function(estimate, std.error, truth, level = .95) {
  r <- length(estimate)
  z <- stats::qnorm(1 - (1 - level) / 2)
  covered <- abs(estimate - truth) <= z * std.error
  bias <- mean(estimate) - truth
  empirical <- stats::sd(estimate)
  model <- sqrt(mean(std.error^2))
  squared <- (estimate - truth)^2
  data.frame(
    reps = r, bias = bias, bias_mc = empirical / sqrt(r), bias_over_se = bias / empirical, empirical_se = empirical,
    empirical_se_mc = empirical / sqrt(2 * (r - 1)), model_se = model, se_ratio = model / empirical,
    mse = mean(squared), mse_mc = stats::sd(squared) / sqrt(r), coverage = mean(covered),
    coverage_mc = sqrt(mean(covered) * (1 - mean(covered)) / r)
  )
}

# Median seconds of several runs of an expression's function.
median_seconds <- function(f, times = 5) stats::median(vapply(seq_len(times), function(i) {
  gc(FALSE)
  system.time(f())[["elapsed"]]
}, 0))
