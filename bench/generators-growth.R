# Rscript bench/generators-growth.R
# CPU seconds and memory of gen_forest() with 2 threads, fit and as many rows drawn, against rows and columns; each size
# in a process of its own, so that its peak is its own. CPU seconds, since they hardly depend on what else runs.
# Results: bench/generators-growth.csv.
source("bench/lib.R")
sizes <- data.frame(rows = c(5000, 10000, 20000, 40000, 10000, 10000, 1e5), columns = c(20, 20, 20, 20, 40, 80, 100))

# Columns of three kinds that depend on one another.
table_of <- function(rows, columns) {
  set.seed(1)
  common <- stats::rnorm(rows)
  as.data.frame(lapply(stats::setNames(seq_len(columns), paste0("x", seq_len(columns))), function(j) {
    x <- stats::rnorm(rows) + cos(j) * common
    switch(j %% 3 + 1, x, as.integer(x > 0), cut(x, c(-Inf, -1, 0, 1, Inf), c("a", "b", "c", "d")))
  }))
}
own_process <- function(rows, columns) {
  seed <- table_of(rows, columns)
  time <- system.time({
    model <- causalsynth::fit_generator(causalsynth::gen_forest(), seed, seed = 1, threads = 2)
    generate(model, rows, seed = 1, threads = 2)
  })
  status <- if (file.exists("/proc/self/status")) readLines("/proc/self/status") else character()
  peak <- as.numeric(gsub("\\D", "", grep("VmHWM", status, value = TRUE))) / 1024
  cat(sum(time[c("user.self", "sys.self")]), time[["elapsed"]], c(peak, NA)[1], "\n")
}

if (length(commandArgs(TRUE)) == 2) {
  suppressMessages(library(causalsynth))
  do.call(own_process, as.list(as.numeric(commandArgs(TRUE))))
  quit(save = "no")
}
growth <- do.call(rbind, lapply(seq_len(nrow(sizes)), function(i) {
  size <- format(unlist(sizes[i, ]), scientific = FALSE, trim = TRUE)
  line <- system2(file.path(R.home("bin"), "Rscript"), c("bench/generators-growth.R", size), stdout = TRUE)
  found <- as.numeric(strsplit(utils::tail(line, 1), " ")[[1]][1:3])
  data.frame(sizes[i, ], cpu_seconds = found[1], seconds = found[2], peak_mb = round(found[3]))
}))
utils::write.csv(cbind(growth, machine()), "bench/generators-growth.csv", row.names = FALSE)
print(growth, row.names = FALSE)
