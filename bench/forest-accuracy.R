# The forest's accuracy against ranger's, same settings (500 trees, node size 5): Rscript bench/forest-accuracy.R Over
# 20 seeds, each with its own split of the rows in halves (fresh rows where the law is known): loss on the held-out half
# (of few rows: averaged over ten forests each), ours less ranger's, with its standard error over the seeds, the upper
# 95 % limit, and our own out-of-bag less held-out loss. Loss: 1 - AUC and Brier score for classes, mean squared error
# (relative to ranger's) for means. Result: bench/forest-accuracy.csv.
library(causalsynth)
source("bench/lib.R")
stopifnot(requireNamespace("ranger"), requireNamespace("mlbench"), requireNamespace("modeldata"))

stored <- function(name, package) {
  store <- new.env()
  utils::data(list = name, package = package, envir = store)
  store[[name]]
}
halves <- function(data) function(seed) {
  set.seed(seed)
  train <- sample(nrow(data), nrow(data) %/% 2)
  list(train = data[train, ], test = data[-train, ])
}
trial <- function() {
  rows <- stored("ACTG175", "speff2trial")
  rows$Y <- as.integer(rows$cd420 > stats::median(rows$cd420))
  rows[c("age", "wtkg", "karnof", "preanti", "cd40", "cd80", "hemo", "homo", "drugs", "oprior", "z30", "race", "gender",
         "str2", "strat", "symptom", "treat", "Y")]
}
classes <- function(name, outcome, positive) {
  rows <- stored(name, "mlbench")
  cbind(rows[setdiff(names(rows), outcome)], Y = as.integer(rows[[outcome]] == positive))
}
# Newer releases of mlbench (2.1-7) have these rows no more.
diabetes <- function() {
  listed <- utils::data(package = "mlbench")$results[, "Item"]
  if (!"PimaIndiansDiabetes" %in% listed) stop("PimaIndiansDiabetes needs a release of mlbench before 2.1-7.")
  classes("PimaIndiansDiabetes", "diabetes", "pos")
}
means <- function(rows, outcome) {
  names(rows)[names(rows) == outcome] <- "Y"
  rows
}
friedman <- function(n) {
  x <- mlbench::mlbench.friedman1(n)
  data.frame(x$x, Y = x$y)
}
# A factor of 300 levels whose effects have no order.
many_levels <- function(seed) {
  set.seed(300)
  effect <- stats::rnorm(300, 0, 2)
  set.seed(seed)
  rows <- function(n) {
    level <- sample(300, n, TRUE)
    x <- matrix(stats::rnorm(4 * n), n, dimnames = list(NULL, paste0("x", 1:4)))
    data.frame(x, level = factor(level, levels = 1:300), Y = effect[level] + x[, 1] + stats::rnorm(n))
  }
  list(train = rows(6000), test = rows(6000))
}
sets <- list(
  `paper's mechanism, 1,000` = function(seed) {
    list(train = generate(dgp_paper(), 1000, seed = seed), test = generate(dgp_paper(), 10000, seed = 1000 + seed))
  },
  ACTG175 = halves(trial()), PimaIndiansDiabetes = halves(diabetes()),
  Sonar = halves(classes("Sonar", "Class", "M")),
  BostonHousing = halves(means(stored("BostonHousing", "mlbench"), "medv")),
  `Friedman1, 2,000` = function(seed) {
    set.seed(seed)
    list(train = friedman(2000), test = friedman(5000))
  },
  ames = halves(means(as.data.frame(stored("ames", "modeldata")), "Sale_Price")), `factor of 300 levels` = many_levels
)

auc <- function(p, y) (sum(rank(p)[y == 1]) - sum(y) * (sum(y) + 1) / 2) / (sum(y) * sum(1 - y))
losses <- function(p, y) {
  if (all(y %in% 0:1)) c(auc = 1 - auc(p, y), brier = mean((p - y)^2)) else c(mse = mean((p - y)^2))
}
compare <- function(rows, seed) {
  binary <- all(rows$train$Y %in% 0:1)
  forests <- if (nrow(rows$train) < 500) 10 else 1
  Reduce(`+`, lapply(seed + 1000 * seq_len(forests), compare_once, rows = rows, binary = binary)) / forests
}
compare_once <- function(seed, rows, binary) {
  mine <- forest(Y ~ ., rows$train, trees = 500, min_node_size = 5, seed = seed)
  set.seed(seed)
  theirs <- if (binary) {
    ranger::ranger(Y ~ ., transform(rows$train, Y = factor(Y)), num.trees = 500, probability = TRUE, min.node.size = 5)
  } else {
    ranger::ranger(Y ~ ., rows$train, num.trees = 500, min.node.size = 5, verbose = FALSE)
  }
  their <- stats::predict(theirs, rows$test)$predictions
  if (binary) their <- their[, "1"]
  rbind(ours = losses(predict(mine, rows$test), rows$test$Y), ranger = losses(their, rows$test$Y),
        oob = losses(mine$oob, rows$train$Y))
}
result <- do.call(rbind, lapply(names(sets), function(name) {
  runs <- lapply(1:20, function(seed) compare(sets[[name]](seed), seed))
  one <- do.call(rbind, lapply(colnames(runs[[1]]), function(loss) {
    values <- vapply(runs, function(r) r[, loss], numeric(3))
    scale <- if (loss == "mse") mean(values[2, ]) else 1
    less <- (values[1, ] - values[2, ]) / scale
    oob <- (values[3, ] - values[1, ]) / scale
    data.frame(data = name, loss = loss, causalsynth = mean(values[1, ]), ranger = mean(values[2, ]),
               difference = mean(less), se = stats::sd(less) / sqrt(20),
               upper = mean(less) + stats::qt(.975, 19) * stats::sd(less) / sqrt(20),
               oob_difference = mean(oob), oob_se = stats::sd(oob) / sqrt(20))
  }))
  one[-(1:2)] <- signif(one[-(1:2)], 4)
  print(one, row.names = FALSE)
  one
}))
utils::write.csv(cbind(result, ranger_version = as.character(utils::packageVersion("ranger")), machine()),
                 "bench/forest-accuracy.csv", row.names = FALSE)
