# Independent units of work spread over workers: those of a future::plan() where the user set one, else forked
# processes, else one after the other. Each unit has its own random key, so that results do not depend on the workers.

# list(kind, n): "future", "fork" or "serial".
find_workers <- function(threads) {
  if (isNamespaceLoaded("future") && requireNamespace("future.apply", quietly = TRUE)) {
    n <- future::nbrOfWorkers()
    if (n > 1 || !inherits(future::plan(), "sequential")) return(list(kind = "future", n = min(n, 1024)))
  }
  if (threads > 1 && can_fork()) return(list(kind = "fork", n = threads))
  list(kind = "serial", n = 1)
}

# A fork of RStudio's session is not safe; Windows has none.
can_fork <- function() {
  .Platform$OS.type == "unix" && Sys.getenv("RSTUDIO") != "1" && requireNamespace("parallel", quietly = TRUE)
}

# lapply(seq_len(n), work, threads) with a progress bar; `work(i, threads)` must not fail.
map_units <- function(n, work, threads, label) {
  workers <- find_workers(threads)
  inner <- if (workers$kind == "serial") threads else 1
  bar <- progress_bar(label)
  size <- if (workers$kind == "serial") 1 else max(4 * workers$n, ceiling(n / 50))
  results <- vector("list", n)
  for (start in seq(1, n, by = size)) {
    units <- start:min(n, start + size - 1)
    results[units] <- switch(
      workers$kind,
      future = future.apply::future_lapply(units, work, threads = inner, future.seed = NULL),
      fork = parallel::mclapply(units, work, threads = inner, mc.cores = workers$n, mc.set.seed = FALSE),
      serial = lapply(units, work, threads = inner)
    )
    if (!is.null(bar)) bar(units[length(units)] / n)
  }
  # A worker that was killed leaves nothing: its units are done here.
  lost <- which(vapply(results, function(r) is.null(r) || inherits(r, "try-error"), NA))
  results[lost] <- lapply(lost, work, threads = inner)
  results
}
