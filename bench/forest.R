# The forest against ranger, same settings and threads, one run: Rscript bench/forest.R
# Seconds are medians of 5, the two taking turns; of the largest work of LARGE_RUNS (3), in processes of their own,
# whose peak memory, less what the data took, is given too. Results: bench/forest.csv, bench/forest-doubling.csv.
# Accuracy: bench/forest-accuracy.R.
library(causalsynth)
source("bench/lib.R")
stopifnot(requireNamespace("ranger"))

as_classes <- function(study) transform(study, Y = factor(Y))
mixed_rows <- function(n) {
  set.seed(1)
  rows <- as.data.frame(replicate(10, stats::rnorm(n)))
  for (j in 1:5) rows[[paste0("b", j)]] <- stats::rbinom(n, 1, .5)
  for (j in 1:5) rows[[paste0("f", j)]] <- factor(sample(letters[seq_len(4 * j)], n, TRUE))
  rows$Y <- rows$V1 + rows$V2^2 + rows$b1 * rows$V3 + as.integer(rows$f3) %% 3 + stats::rnorm(n)
  rows
}
wide_rows <- function(n, p) {
  set.seed(2)
  rows <- as.data.frame(matrix(stats::rnorm(n * p), n))
  rows$Y <- rowSums(rows[1:10]) + stats::rnorm(n)
  rows
}
ranger_prob <- function(data, threads) {
  ranger::ranger(Y ~ ., data, num.trees = 100, probability = TRUE, min.node.size = 1, num.threads = threads)
}
ours_prob <- function(data, threads) forest(Y ~ ., data, trees = 100, min_node_size = 1, seed = 1, threads = threads)
means <- function(trees, size) list(
  function(data) forest(Y ~ ., data, trees = trees, min_node_size = size, seed = 1, threads = 2),
  function(data) ranger::ranger(Y ~ ., data, num.trees = trees, min.node.size = size, num.threads = 2, verbose = FALSE)
)

# A child process runs one job and writes its seconds and megabytes.
large_jobs <- list(
  "fit 1,000,000 x 20 (10 numbers, 5 binary, 5 factors), 50 trees, leaf 10, 2 threads" =
    list(data = function() mixed_rows(1e6), fits = means(50, 10)),
  "fit 5,000 x 2,000, 100 regression trees, leaf 5, 2 threads" =
    list(data = function() wide_rows(5000, 2000), fits = means(100, 5))
)
peak_megabytes <- function() {
  line <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}
arguments <- commandArgs(TRUE)
if (length(arguments) == 3) {
  job <- large_jobs[[as.integer(arguments[1])]]
  data <- job$data()
  invisible(gc())
  before <- peak_megabytes()
  seconds <- system.time(job$fits[[as.integer(arguments[2])]](data))[["elapsed"]]
  saveRDS(c(seconds = seconds, megabytes = peak_megabytes() - before), arguments[3])
  quit()
}
in_child <- function(job, which) {
  file <- tempfile()
  # ranger keeps one core's worth of trees a thread whatever is asked before: nothing of the parent is shared.
  system2(file.path(R.home("bin"), "Rscript"), c("bench/forest.R", job, which, file), stdout = FALSE, stderr = FALSE)
  readRDS(file)
}

large <- generate(dgp_paper(), 50000, seed = 1)
fresh <- generate(dgp_paper(), 50000, seed = 2)
small <- generate(dgp_paper(), 1000, seed = 3)
large_classes <- as_classes(large)
small_classes <- as_classes(small)
large_mean <- transform(large, Y = Y + W4)
fits <- list(large = ours_prob(large, 2), small = ours_prob(small, 1))
peers <- list(large = ranger_prob(large_classes, 2), small = ranger_prob(small_classes, 1))
mean_fits <- means(500, 5)

work <- list(
  "fit 50,000 x 7, 100 probability trees to purity, 2 threads" =
    list(function() ours_prob(large, 2), function() ranger_prob(large_classes, 2)),
  "predict 50,000 rows, 2 threads" =
    list(function() predict(fits$large, fresh, threads = 2), function() predict(peers$large, fresh, num.threads = 2)),
  "fit 1,000 x 7, 100 probability trees to purity, 1 thread" =
    list(function() ours_prob(small, 1), function() ranger_prob(small_classes, 1)),
  "predict 1,000 rows, 1 thread" =
    list(function() predict(fits$small, small, threads = 1), function() predict(peers$small, small, num.threads = 1)),
  "fit 50,000 x 7, 500 regression trees, leaf 5, 2 threads" =
    list(function() mean_fits[[1]](large_mean), function() mean_fits[[2]](large_mean))
)
large_runs <- as.integer(Sys.getenv("LARGE_RUNS", "3"))
row <- function(name, ours, peer, runs = 5, ours_mb = NA, peer_mb = NA) {
  data.frame(work = name, runs = runs, causalsynth = signif(ours, 3), ranger = signif(peer, 3),
             ratio = signif(peer / ours, 3), causalsynth_mb = round(ours_mb), ranger_mb = round(peer_mb))
}
times <- do.call(rbind, lapply(names(work), function(name) {
  inner <- if (grepl("1,000", name) && !grepl("50,000", name)) 20 else 1  # clocks tell milliseconds only of many runs
  seconds <- paired_seconds(work[[name]][[1]], work[[name]][[2]], inner = inner)
  result <- row(name, seconds[1], seconds[2])
  print(result, row.names = FALSE)
  result
}))
for (job in seq_along(large_jobs)) {
  runs <- replicate(large_runs, cbind(in_child(job, 1), in_child(job, 2)))
  middle <- apply(runs, c(1, 2), stats::median)
  times <- rbind(times, row(names(large_jobs)[job], middle[1, 1], middle[1, 2], large_runs, middle[2, 1],
                            middle[2, 2]))
  print(times[nrow(times), ], row.names = FALSE)
}
ranger_version <- as.character(utils::packageVersion("ranger"))
utils::write.csv(cbind(times, ranger_version = ranger_version, machine()), "bench/forest.csv", row.names = FALSE)

# Cost as rows double.
sizes <- 10000 * 2^(0:6)
seconds <- vapply(sizes, function(n) {
  rows <- generate(dgp_paper(), n, seed = 4)
  median_seconds(function() ours_prob(rows, 2))
}, 0)
doubling <- data.frame(rows = sizes, seconds = signif(seconds, 3), factor = signif(c(NA, seconds[-1] / seconds[-7]), 3))
utils::write.csv(cbind(doubling, machine()), "bench/forest-doubling.csv", row.names = FALSE)
print(doubling, row.names = FALSE)
