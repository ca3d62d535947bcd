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
# columns in front) as soon as it is done: a killed run goes on where it stopped. With `workers` above 1, cells run in
# forked processes (one after the other on Windows), and this one writes.
run_cells <- function(cells, file, work, workers = 1) {
  done <- if (file.exists(file)) unique(utils::read.csv(file)[names(cells)]) else cells[0, , drop = FALSE]
  key <- function(x) do.call(paste, c(lapply(x, as.character), list(sep = "|")))
  todo <- cells[!(key(cells) %in% key(done)), , drop = FALSE]
  message(nrow(todo), " of ", nrow(cells), " cells to do")
  started <- proc.time()[["elapsed"]]
  count <- 0
  keep <- function(i, result) {
    result <- cbind(todo[i, , drop = FALSE], result, row.names = NULL)
    utils::write.table(result, file, sep = ",", row.names = FALSE, col.names = !file.exists(file),
                       append = file.exists(file), qmethod = "double")
    count <<- count + 1
    minutes <- (proc.time()[["elapsed"]] - started) / 60
    message(sprintf("%d of %d cells in %.1f min, about %.1f min to go", count, nrow(todo), minutes,
                    minutes / count * (nrow(todo) - count)))
  }
  run <- function(i) work(todo[i, , drop = FALSE])
  if (workers > 1 && .Platform$OS.type == "unix") run_forked(nrow(todo), run, keep, workers)
  else for (i in seq_len(nrow(todo))) keep(i, run(i))
  utils::read.csv(file)
}

# keep(i, run(i)) for i in 1..n, `workers` runs at a time, each in a process of its own.
run_forked <- function(n, run, keep, workers) {
  running <- list()
  i <- 0
  while (i < n || length(running)) {
    while (i < n && length(running) < workers) {
      i <- i + 1
      running[[as.character(i)]] <- parallel::mcparallel(run(i), name = i)
    }
    done <- parallel::mccollect(running, wait = FALSE, timeout = 5)
    for (name in names(done)) {
      result <- done[[name]]
      if (!is.data.frame(result)) stop("cell ", name, " failed: ", if (is.null(result)) "no result" else result)
      keep(as.integer(name), result)
      parallel::mccollect(running[[name]], wait = TRUE)
      running[[name]] <- NULL
    }
  }
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
    empirical_se_mc = empirical / sqrt(2 * (r - 1)), model_se = model, se_bias_percent = 100 * (model / empirical - 1),
    se_bias_percent_mc = 100 * model / empirical *
      sqrt(stats::var(std.error^2) / (4 * r * model^4) + 1 / (2 * (r - 1))),
    mse = mean(squared), mse_mc = stats::sd(squared) / sqrt(r), coverage = mean(covered),
    coverage_mc = sqrt(mean(covered) * (1 - mean(covered)) / r)
  )
}

# Median seconds of several runs of an expression's function.
median_seconds <- function(f, times = 5) stats::median(vapply(seq_len(times), function(i) {
  gc(FALSE)
  system.time(f())[["elapsed"]]
}, 0))

# Median seconds of two functions that take turns, each run `inner` times a measurement: a machine's slow minutes hit
# both alike.
paired_seconds <- function(first, second, times = 5, inner = 1) {
  run <- function(f) {
    gc(FALSE)
    start <- proc.time()[["elapsed"]]
    for (i in seq_len(inner)) f()
    (proc.time()[["elapsed"]] - start) / inner
  }
  first()
  second()
  runs <- vapply(seq_len(times), function(i) c(run(first), run(second)), numeric(2))
  apply(runs, 1, stats::median)
}

# Figures for a vignette, which cannot see bench/: `table` to four digits as vignettes/<folder>/<name>.csv.
keep_for_vignette <- function(table, folder, name) {
  number <- vapply(table, is.double, NA)
  table[number] <- lapply(table[number], signif, 4)
  utils::write.csv(table, file.path("vignettes", folder, paste0(name, ".csv")), row.names = FALSE)
}
