# Nearest rows against FNN and RANN (one thread), a million among a million, and greedy pairs against MatchIt, in one
# run: Rscript bench/nearest.R. Seconds are medians of 5 (of 1 for a million). All start from plain matrices or data
# frames and give row numbers and distances. Results: bench/nearest.csv.
library(causalsynth)
source("bench/lib.R")
stopifnot(requireNamespace("FNN"), requireNamespace("RANN"), requireNamespace("MatchIt"))

normal <- function(n, seed) {
  set.seed(seed)
  matrix(rnorm(6 * n), n)
}
x <- normal(50000, 1)
y <- normal(50000, 2)
ours <- function() match_nearest(x, y, scale = "none", threads = 1)
fnn <- function() FNN::get.knnx(y, x, 1, algorithm = "kd_tree")
rann <- function() RANN::nn2(y, x, 1)
found <- ours()
stopifnot(identical(as.vector(found$distance), as.vector(fnn()$nn.dist)),
          identical(as.vector(found$distance), as.vector(rann()$nn.dists)),
          identical(as.vector(found$index), as.vector(fnn()$nn.index)))
seconds <- vapply(list(causalsynth = ours, FNN = fnn, RANN = rann), median_seconds, 1)

study <- generate(dgp_paper("moderate"), 20000, seed = 1)
columns <- paste0("W", 1:6)
roles <- stats::as.formula(paste("Y ~ A |", paste(columns, collapse = " + ")))
scaled <- study
scaled[columns] <- scale(study[columns])
greedy <- function() match_nearest(roles, scaled, distance = "euclidean", threads = 2)
peer <- function() {
  MatchIt::matchit(stats::reformulate(columns, "A"), scaled, method = "nearest", distance = "euclidean",
                   m.order = "data")
}
pairs <- greedy()
partner <- match(peer()$match.matrix[, 1], rownames(study))
treated <- which(study$A == 1)
focal <- pairs[pairs$A == 1, ]
own <- rep(NA_integer_, length(treated))
control <- pairs[pairs$A == 0, ]
own[match(focal$.row, treated)] <- control$.row[match(focal$subclass, control$subclass)]
stopifnot(identical(own, partner))
pair_seconds <- c(median_seconds(greedy), median_seconds(peer, 3))

big_x <- normal(1e6, 3)
big_y <- normal(1e6, 4)
million <- median_seconds(function() match_nearest(big_x, big_y, scale = "none", threads = 2), 1)

results <- data.frame(
  work = c("nearest, 50,000 among 50,000 x 6, 1 thread", "nearest, 50,000 among 50,000 x 6, 1 thread",
           "greedy pairs without replacement, 20,000 x 6, euclidean, 2 threads",
           "nearest, 1,000,000 among 1,000,000 x 6, 2 threads"),
  causalsynth = c(seconds[["causalsynth"]], seconds[["causalsynth"]], pair_seconds[1], million),
  peer = c("FNN", "RANN", "MatchIt", NA), seconds = c(seconds[["FNN"]], seconds[["RANN"]], pair_seconds[2], NA)
)
results$ratio <- results$seconds / results$causalsynth
numbers <- vapply(results, is.numeric, NA)
results[numbers] <- lapply(results[numbers], signif, 3)
version <- function(p) if (is.na(p)) NA_character_ else as.character(utils::packageVersion(p))
results$peer_version <- vapply(results$peer, version, "")
utils::write.csv(cbind(results, machine()), "bench/nearest.csv", row.names = FALSE)
print(results, row.names = FALSE)
