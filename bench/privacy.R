# Distances to the closest record at scale, in one run: Rscript bench/privacy.R. 50,000 x 50,000 rows of 6 numbers on one
# thread against FNN (medians of 5; FNN for one neighbour and for the two that NNDR needs), and 100,000 x 100,000 rows of
# 30 mixed columns under Gower's distance on two threads (once), checked against every distance for some rows. Peak memory
# is the process's own (Linux). Results: bench/privacy.csv.
library(causalsynth)
source("bench/lib.R")
stopifnot(requireNamespace("FNN"))

peak_mb <- function() {
  line <- grep("^VmHWM", tryCatch(readLines("/proc/self/status"), error = function(e) ""), value = TRUE)
  if (length(line)) as.numeric(gsub("[^0-9]", "", line)) / 1024 else NA
}
normal <- function(n, seed) {
  set.seed(seed)
  as.data.frame(matrix(stats::rnorm(6 * n), n))
}
real <- normal(50000, 1)
synthetic <- normal(50000, 2)
x <- as.matrix(synthetic)
y <- as.matrix(real)
ours <- function() dcr(real, synthetic, scale = "none", threads = 1)
fnn <- function(k) function() FNN::get.knnx(y, x, k, algorithm = "kd_tree")
own <- ours()
peer <- fnn(2)()
stopifnot(identical(own$distance, peer$nn.dist[, 1]), identical(own$nndr, peer$nn.dist[, 1] / peer$nn.dist[, 2]),
          identical(own$nearest, peer$nn.index[, 1]))
seconds <- vapply(list(own = ours, one = fnn(1), two = fnn(2)), median_seconds, 1)

# 15 numbers, of which some heavy-tailed and some correlated, and 15 factors of 2 to 12 levels.
mixed <- function(n, seed) {
  set.seed(seed)
  base <- stats::rnorm(n)
  numbers <- lapply(1:15, function(j) {
    z <- .5 * base + stats::rnorm(n)
    if (j %% 5 == 0) exp(z) else z
  })
  factors <- lapply(1:15, function(j) factor(pmin(stats::rgeom(n, .25 + j / 40), 1 + j %% 11), 0:11))
  data.frame(stats::setNames(c(numbers, factors), paste0("x", 1:30)))
}
space <- causalsynth:::privacy_rows(mixed(1e5, 3), mixed(1e5, 4), mixed(2, 5), "gower", NULL)
run <- list(threads = 2L, progress = NULL)
before <- peak_mb()
took <- system.time(found <- causalsynth:::two_nearest(space$codes$synthetic, space$codes$train, space, run))[["elapsed"]]
peak <- peak_mb()
for (i in c(1, 777, 99999)) {
  gaps <- abs(t(space$codes$train) - space$codes$synthetic[i, ])
  gaps[space$is_factor, ] <- gaps[space$is_factor, ] != 0
  sums <- sort(colSums(pmin(gaps, 1)))[1:2] / 30
  stopifnot(all.equal(c(found$first[i], found$second[i]), sums))
}
results <- data.frame(
  work = c("DCR and NNDR, 50,000 x 50,000 x 6, 1 thread", "DCR and NNDR, 50,000 x 50,000 x 6, 1 thread",
           "Gower, 100,000 x 100,000 x 30 mixed, 2 threads"),
  causalsynth = c(seconds[["own"]], seconds[["own"]], took),
  peer = c("FNN, 1 neighbour", "FNN, 2 neighbours", NA), seconds = c(seconds[["one"]], seconds[["two"]], NA),
  peak_mb = c(NA, NA, peak)
)
results$ratio <- results$seconds / results$causalsynth
numbers <- vapply(results, is.numeric, NA)
results[numbers] <- lapply(results[numbers], signif, 3)
utils::write.csv(cbind(results, machine()), "bench/privacy.csv", row.names = FALSE)
print(results, row.names = FALSE)
message("Peak before the large search: ", round(before), " MB")
