# The forest against ranger, same settings and threads, one run: Rscript bench/forest.R
# Seconds are medians of 5; accuracy is out of bag, over 10 seeds. Results: bench/forest.csv, bench/forest-accuracy.csv.
library(causalsynth)
source("bench/lib.R")
stopifnot(requireNamespace("ranger"))

as_classes <- function(study) transform(study, Y = factor(Y))
large <- generate(dgp_paper(), 50000, seed = 1)
fresh <- generate(dgp_paper(), 50000, seed = 2)
small <- generate(dgp_paper(), 1000, seed = 3)
large_mean <- transform(large, Y = Y + W4)

ranger_prob <- function(data, threads, trees = 100, size = 1) {
  ranger::ranger(Y ~ ., as_classes(data), num.trees = trees, probability = TRUE, min.node.size = size,
                 num.threads = threads)
}
ours <- function(data, threads, trees = 100, size = 1) {
  forest(Y ~ ., data, trees = trees, min_node_size = size, seed = 1, threads = threads)
}
fits <- list(large = ours(large, 2), small = ours(small, 1))
peers <- list(large = ranger_prob(large, 2), small = ranger_prob(small, 1))

work <- list(
  "fit 50,000 x 7, 100 probability trees to purity, 2 threads" =
    list(function() ours(large, 2), function() ranger_prob(large, 2)),
  "predict 50,000 rows, 2 threads" =
    list(function() predict(fits$large, fresh, threads = 2), function() predict(peers$large, fresh, num.threads = 2)),
  "fit 1,000 x 7, 100 probability trees to purity, 1 thread" =
    list(function() ours(small, 1), function() ranger_prob(small, 1)),
  "predict 1,000 rows, 1 thread" =
    list(function() predict(fits$small, small, threads = 1), function() predict(peers$small, small, num.threads = 1)),
  "fit 50,000 x 7, 500 regression trees, leaf 5, 2 threads" =
    list(function() ours(large_mean, 2, 500, 5),
         function() ranger::ranger(Y ~ ., large_mean, num.trees = 500, min.node.size = 5, num.threads = 2))
)
times <- do.call(rbind, lapply(names(work), function(name) {
  seconds <- vapply(work[[name]], median_seconds, 0)
  data.frame(work = name, causalsynth = signif(seconds[1], 3), ranger = signif(seconds[2], 3),
             ratio = signif(seconds[2] / seconds[1], 3))
}))
utils::write.csv(cbind(times, ranger_version = as.character(utils::packageVersion("ranger")), machine()),
                 "bench/forest.csv", row.names = FALSE)
print(times, row.names = FALSE)

auc <- function(p, y) (sum(rank(p)[y == 1]) - sum(y) * (sum(y) + 1) / 2) / (sum(y) * sum(1 - y))
trial_data <- function() {
  store <- new.env()
  utils::data("ACTG175", package = "speff2trial", envir = store)
  trial <- store$ACTG175
  trial$Y <- as.integer(trial$cd420 > stats::median(trial$cd420))
  trial[c("age", "wtkg", "karnof", "preanti", "cd40", "cd80", "hemo", "homo", "drugs", "oprior", "z30", "race",
          "gender", "str2", "strat", "symptom", "treat", "Y")]
}
diabetes_data <- function() {
  store <- new.env()
  utils::data("PimaIndiansDiabetes", package = "mlbench", envir = store)
  rows <- store$PimaIndiansDiabetes
  cbind(rows[1:8], Y = as.integer(rows$diabetes == "pos"))
}
sets <- list(`paper, 1,000` = small, `paper, 20,000` = large[1:20000, ], ACTG175 = trial_data(),
             PimaIndiansDiabetes = diabetes_data())
accuracy <- do.call(rbind, lapply(names(sets), function(name) {
  data <- sets[[name]]
  scores <- vapply(1:10, function(seed) {
    mine <- forest(Y ~ ., data, trees = 500, min_node_size = 5, seed = seed)$oob
    set.seed(seed)
    theirs <- ranger_prob(data, 2, 500, 5)$predictions[, 2]
    c(auc(mine, data$Y), auc(theirs, data$Y), mean((mine - data$Y)^2), mean((theirs - data$Y)^2))
  }, numeric(4))
  means <- rowMeans(scores)
  error <- function(d) stats::sd(d) / sqrt(length(d))
  data.frame(data = name, auc = means[1], auc_ranger = means[2], auc_difference = means[1] - means[2],
             auc_difference_se = error(scores[1, ] - scores[2, ]), brier = means[3], brier_ranger = means[4],
             brier_difference = means[3] - means[4], brier_difference_se = error(scores[3, ] - scores[4, ]))
}))
accuracy[-1] <- signif(accuracy[-1], 4)
utils::write.csv(cbind(accuracy, machine()), "bench/forest-accuracy.csv", row.names = FALSE)
print(accuracy, row.names = FALSE)
