area_under_curve <- function(score, y) {
  ranks <- rank(score)
  ones <- sum(y == 1)
  (sum(ranks[y == 1]) - ones * (ones + 1) / 2) / (ones * sum(y == 0))
}

same_forest <- function(a, b, rows) {
  expect_identical(a$oob, b$oob)
  expect_identical(predict(a, rows), predict(b, rows))
  expect_identical(predict(a, rows, type = "leaf"), predict(b, rows, type = "leaf"))
}

test_that("the forest does not depend on threads, and does on the seed", {
  study <- generate(dgp_paper(), 400, seed = 1)
  one <- forest(Y ~ ., study, trees = 40, seed = 7, threads = 1)
  for (threads in 2:3) same_forest(one, forest(Y ~ ., study, trees = 40, seed = 7, threads = threads), study)
  other <- forest(Y ~ ., study, trees = 40, seed = 8)
  expect_false(identical(one$oob, other$oob))
})

test_that("a seed leaves R's generator alone; without one set.seed() decides", {
  study <- generate(dgp_paper(), 100, seed = 1)
  set.seed(3)
  before <- .Random.seed
  with_seed <- forest(Y ~ ., study, trees = 10, seed = 1)
  expect_identical(.Random.seed, before)
  first <- forest(Y ~ ., study, trees = 10)
  second <- forest(Y ~ ., study, trees = 10)
  expect_false(identical(first$oob, second$oob))
  set.seed(3)
  expect_identical(forest(Y ~ ., study, trees = 10)$oob, first$oob)
})

test_that("seeds 1 to 50 share no tree", {
  study <- generate(dgp_paper(), 60, seed = 1)
  trees <- unlist(lapply(1:50, function(seed) {
    leaves <- predict(forest(Y ~ W4 + W5 + W6, study, trees = 4, min_node_size = 1, seed = seed), study, type = "leaf")
    apply(leaves, 2, paste, collapse = " ")
  }))
  expect_identical(anyDuplicated(trees), 0L)
})

test_that("a tree of one clean split finds it", {
  x <- data.frame(a = c(1:50, 101:150), b = rep(0, 100))
  y <- rep(0:1, each = 50)
  fit <- forest(x, y, trees = 5, mtry = 2, min_node_size = 1, seed = 1)
  expect_equal(predict(fit, data.frame(a = c(-1e300, 1, 60, 90, 200, 1e300), b = 0))[c(1, 2, 5, 6)], c(0, 0, 1, 1))
  expect_lt(mean((fit$oob - y)^2), .01)
})

test_that("predictions are means of the leaves' rows", {
  study <- generate(dgp_paper(), 200, seed = 2)
  fit <- forest(W6 ~ W1 + W4, study, trees = 1, replace = FALSE, sample_fraction = 1, seed = 1)
  expect_null(fit$oob)
  leaf <- predict(fit, study, type = "leaf")[, 1]
  expect_equal(predict(fit, study), as.numeric(ave(study$W6, leaf)), tolerance = 1e-12)
  expect_error(predict(fit), class = "causalsynth_error_input")
})

test_that("out-of-bag predictions are those of the trees that left the row out", {
  study <- generate(dgp_paper(), 150, seed = 2)
  fit <- forest(Y ~ ., study, trees = 30, seed = 1)
  expect_equal(forest_predict_oob(fit, study), fit$oob, tolerance = 1e-9)
  several <- forest(Species ~ ., iris, trees = 30, seed = 1)
  expect_equal(forest_predict_oob(several, iris), several$oob, tolerance = 1e-9)
})

test_that("a row that every tree has seen gets extra trees", {
  study <- generate(dgp_paper(), 200, seed = 2)
  fit <- forest(Y ~ ., study, trees = 1, seed = 1)
  expect_false(anyNA(fit$oob))
  expect_gt(fit$extra_trees, 0)
  expect_equal(forest_predict_oob(fit, study), fit$oob, tolerance = 1e-9)
  expect_match(format(fit), "extra trees were grown", all = FALSE)
})

test_that("rows that few trees leave out are covered, by all extra trees alike", {
  study <- generate(dgp_paper(), 100, seed = 2)
  fit <- forest(Y ~ ., study, trees = 1, replace = FALSE, sample_fraction = .99, seed = 1)
  expect_gt(fit$extra_trees, 64)
  expect_equal(forest_predict_oob(fit, study), fit$oob, tolerance = 1e-9)
  expect_null(forest(Y ~ ., study, trees = 1, replace = FALSE, sample_fraction = .999, seed = 1)$oob)
})

test_that("several node sizes: each is scored as its own forest would be, the best is kept", {
  study <- generate(dgp_paper(), 300, seed = 3)
  sizes <- c(5, 20, 60)
  fit <- forest(Y ~ ., study, trees = 50, min_node_size = sizes, seed = 4)
  expect_length(fit$losses, 3)
  expect_identical(fit$min_node_size, as.integer(sizes[which.min(fit$losses)]))
  expect_equal(fit$oob_error, mean((fit$oob - study$Y)^2), tolerance = 1e-9)
  # The pruned trees, asked again row by row, give the same out-of-bag predictions.
  expect_equal(forest_predict_oob(fit, study), fit$oob, tolerance = 1e-9)
})

test_that("classes: probabilities sum to one, response is the likeliest", {
  fit <- forest(Species ~ ., iris, trees = 50, seed = 1)
  prob <- predict(fit, iris, type = "prob")
  expect_identical(colnames(prob), levels(iris$Species))
  expect_equal(unname(rowSums(prob)), rep(1, 150))
  expect_s3_class(predict(fit, iris), "factor")
  expect_gt(mean(predict(fit) == iris$Species), .9)
  flipped <- forest(factor(1 - am) ~ wt + hp, transform(mtcars, am = am), trees = 50, seed = 1)
  plain <- forest(factor(am) ~ wt + hp, mtcars, trees = 50, seed = 1)
  expect_equal(predict(plain, mtcars, type = "prob")[, 1], predict(flipped, mtcars, type = "prob")[, 2],
               tolerance = 1e-12)
})

test_that("factors are categories, missing values take part", {
  set.seed(1)
  level <- factor(sample(300, 3000, TRUE))
  effect <- rnorm(300)
  y <- effect[level] + rnorm(3000, sd = .3)
  x <- data.frame(level, noise = rnorm(3000))
  fit <- forest(x, y, trees = 50, mtry = 2, min_node_size = 2, seed = 1)
  expect_gt(cor(fit$oob, effect[level]), .9)
  x$noise[1:1500] <- NA
  y2 <- as.numeric(is.na(x$noise))
  expect_lt(forest(x["noise"], y2, trees = 20, seed = 1)$oob_error, .001)
  expect_error(predict(fit, data.frame(level = factor("new"), noise = 0)), "never seen",
               class = "causalsynth_error_data")
})

test_that("large offsets cost no accuracy", {
  set.seed(2)
  x <- data.frame(a = runif(500))
  y <- as.numeric(x$a > .5)
  plain <- forest(x, y + 1e-3 * x$a, trees = 20, seed = 1)
  shifted <- forest(x, y + 1e-3 * x$a + 1e8, trees = 20, seed = 1)
  expect_equal(shifted$oob - 1e8, plain$oob, tolerance = 1e-6)
})

test_that("out-of-bag accuracy is ranger's", {
  skip_if_not_installed("ranger")
  compare <- function(data, trees = 500) {
    names(data)[length(data)] <- "y"
    ours <- forest(y ~ ., data, trees = trees, min_node_size = 5, seed = 1)
    theirs <- ranger::ranger(factor(y) ~ ., data, num.trees = trees, probability = TRUE, min.node.size = 5, seed = 1)
    p <- theirs$predictions[, 2]
    expect_lt(abs(area_under_curve(ours$oob, data$y) - area_under_curve(p, data$y)), .005)
    expect_lt(abs(mean((ours$oob - data$y)^2) - mean((p - data$y)^2)), .005)
  }
  compare(generate(dgp_paper(), 1000, seed = 11), 2000)
  compare(generate(dgp_paper(), 20000, seed = 12), 200)
  skip_if_not_installed("mlbench")
  store <- new.env()
  data("PimaIndiansDiabetes", package = "mlbench", envir = store)
  compare(transform(store$PimaIndiansDiabetes, diabetes = as.numeric(diabetes == "pos")), 4000)
  skip_if_not_installed("speff2trial")
  data("ACTG175", package = "speff2trial", envir = store)
  ACTG175 <- store$ACTG175
  trial <- ACTG175[c("age", "wtkg", "karnof", "preanti", "cd40", "cd80", "hemo", "homo", "drugs", "oprior", "z30",
                     "zprior",                     "race", "gender", "str2", "strat", "symptom", "treat")]
  trial$y <- as.numeric(ACTG175$cd420 > median(ACTG175$cd420))
  compare(trial, 2000)
})

test_that("bad input is named", {
  study <- generate(dgp_paper(), 50, seed = 1)
  expect_snapshot(error = TRUE, {
    forest(Y ~ Q1, study)
    forest(study, 1:3)
    forest(study, c(NA, study$Y[-1]))
    forest(study[0, ], numeric())
    forest(Y ~ ., study, tree = 5)
    forest(Y ~ ., study, mtry = 20)
    forest(Y ~ ., study, seed = "a")
    forest(Y ~ ., transform(study, W4 = ifelse(W4 > 0, Inf, W4)))
    predict(forest(Y ~ ., study, trees = 2, seed = 1), study["W1"])
  })
})

test_that("a forest survives being saved; identical calls give identical objects; damage is an error", {
  study <- generate(dgp_paper(), 80, seed = 1)
  fit <- forest(Y ~ ., study, trees = 5, seed = 1)
  file <- withr::local_tempfile()
  saveRDS(fit, file)
  expect_identical(predict(readRDS(file), study), predict(fit, study))
  expect_identical(forest(Y ~ ., study, trees = 5, seed = 1, threads = 3), fit)
  for (cut in c(0, 10, 100, length(fit$model) - 1)) {
    broken <- fit
    broken$model <- fit$model[seq_len(cut)]
    expect_error(predict(broken, study), "damaged")
  }
})

test_that("Ctrl-C ends a long fit within a second, and the session goes on", {
  skip_on_os("windows")
  script <- withr::local_tempfile(fileext = ".R")
  started <- withr::local_tempfile()
  result <- withr::local_tempfile()
  writeLines(sprintf('
    library(causalsynth)
    study <- generate(dgp_paper(), 20000, seed = 1)
    writeLines(as.character(Sys.getpid()), "%s.part"); file.rename("%s.part", "%s")
    clock <- proc.time()[["elapsed"]]
    caught <- tryCatch({forest(Y ~ ., study, trees = 100000, seed = 1); "no"}, interrupt = function(e) "yes")
    again <- forest(Y ~ ., study[1:200, ], trees = 10, seed = 1)
    writeLines(c(caught, format(Sys.time(), "%%Y-%%m-%%d %%H:%%M:%%OS3"), round(again$oob_error, 3)), "%s.part")
    file.rename("%s.part", "%s")', started, started, started, result, result, result), script)
  system2(file.path(R.home("bin"), "Rscript"), script, wait = FALSE, stdout = FALSE, stderr = FALSE)
  wait_for <- function(file, seconds) {
    for (i in seq_len(seconds * 20)) {
      if (file.exists(file)) return(TRUE)
      Sys.sleep(.05)
    }
    FALSE
  }
  expect_true(wait_for(started, 60))
  Sys.sleep(1)
  sent <- Sys.time()
  tools::pskill(as.integer(readLines(started)), tools::SIGINT)
  expect_true(wait_for(result, 30))
  lines <- readLines(result)
  expect_identical(lines[1], "yes")
  expect_lt(as.numeric(difftime(as.POSIXct(lines[2]), sent, units = "secs")), 1.5)
})

test_that("case weights: rows are drawn in proportion, rows of weight 0 never", {
  study <- generate(dgp_paper(), 400, seed = 3)
  weights <- rep(c(0, 1), 200)
  for (replace in c(TRUE, FALSE)) {
    fit <- forest(Y ~ ., study, trees = 60, seed = 1, weights = weights, replace = replace,
                  sample_fraction = if (replace) 1 else .4)
    # Outcomes of rows that weigh nothing change nothing but the error's own terms.
    other <- study
    other$Y[weights == 0] <- 1 - other$Y[weights == 0]
    again <- forest(Y ~ ., other, trees = 60, seed = 1, weights = weights, replace = replace,
                    sample_fraction = if (replace) 1 else .4)
    expect_identical(again$oob, fit$oob)
    expect_equal(fit$oob_error, mean((fit$oob - study$Y)[weights > 0]^2))
  }
  # A forest of single leaves predicts the weighted mean.
  skewed <- ifelse(study$Y == 1, 3, 1)
  flat <- forest(Y ~ ., study, trees = 2000, min_node_size = 1000, seed = 1, weights = skewed)
  expect_equal(mean(predict(flat, study)), weighted.mean(study$Y, skewed), tolerance = .01)
  expect_match(paste(format(fit), collapse = " "), "drawn by weight")
  expect_snapshot(error = TRUE, {
    forest(Y ~ ., study, weights = -weights)
    forest(Y ~ ., study, weights = 1)
    forest(Y ~ ., study, weights = as.numeric(seq_len(400) < 4), replace = FALSE, sample_fraction = .5)
    forest(Y ~ ., study, weights = weights, clusters = weights)
  })
})

test_that("clusters are bagged whole: their rows see none of their own outcomes out of bag", {
  set.seed(1)
  cluster <- rep(1:60, each = 5)
  x <- data.frame(id = cluster + rnorm(300, 0, .01), noise = rnorm(300))
  y <- rnorm(60)[cluster]
  by_rows <- forest(x, y, trees = 200, mtry = 2, min_node_size = 2, seed = 1)
  whole <- forest(x, y, trees = 200, mtry = 2, min_node_size = 2, seed = 1, clusters = paste("c", cluster))
  expect_lt(by_rows$oob_error, .65)
  expect_gt(whole$oob_error, .7)
  expect_equal(whole$n_clusters, 60)
  expect_equal(causalsynth:::forest_predict_oob(whole, x), whole$oob, tolerance = 1e-10)
  expect_snapshot(error = TRUE, {
    forest(x, y, clusters = 1:3)
    forest(x, y, clusters = rep(1, 300))
  })
})

test_that("random cuts: a forest that learns, the same for any threads, with factors and missing values", {
  study <- generate(dgp_paper(), 600, seed = 4)
  study$W4[sample(600, 60)] <- NA
  study$kind <- factor(sample(letters, 600, TRUE))
  fit <- forest(Y ~ ., study, trees = 200, seed = 1, split_rule = "extratrees", threads = 1)
  expect_identical(forest(Y ~ ., study, trees = 200, seed = 1, split_rule = "extratrees", threads = 3)$oob, fit$oob)
  expect_lt(fit$oob_error, .9 * var(study$Y))
  expect_false(identical(fit$oob, forest(Y ~ ., study, trees = 200, seed = 1)$oob))
  expect_snapshot(error = TRUE, {
    forest(study["W1"], study$W5, split_rule = "gini")
    forest(study["W1"], study$kind, split_rule = "variance")
  })
})

test_that("honest trees: leaves hold means of rows that chose no split", {
  study <- generate(dgp_paper(), 600, seed = 5)
  fit <- forest(Y ~ ., study, trees = 200, min_node_size = c(2, 20), seed = 1, honest = TRUE, threads = 1)
  expect_identical(forest(Y ~ ., study, trees = 200, min_node_size = c(2, 20), seed = 1, honest = TRUE, threads = 3),
                   fit)
  expect_lt(fit$oob_error, .9 * var(study$Y))
  expect_equal(causalsynth:::forest_predict_oob(fit, study), fit$oob, tolerance = 1e-10)
  # Fitted to purity, plain trees repeat noise in their own rows; honest ones far less.
  set.seed(1)
  noise <- rnorm(200)
  x <- study[1:200, "W5", drop = FALSE]
  plain <- predict(forest(x, noise, trees = 100, min_node_size = 1, seed = 1), x)
  honest <- predict(forest(x, noise, trees = 100, min_node_size = 1, seed = 1, honest = TRUE), x)
  expect_gt(cor(plain, noise), .9)
  expect_lt(cor(honest, noise), cor(plain, noise) - .1)
})

test_that("a large frame, whose nodes copy their codes, is grown to the rows' own outcomes", {
  n <- 90000
  i <- seq_len(n)
  rows <- as.data.frame(lapply(1:96, function(j) sin(i * (j + .1))))
  names(rows) <- paste0("x", 1:96)
  # More levels than a byte counts.
  rows$x96 <- factor(i %% 300)
  y <- rows$x1 * rows$x2 + cos(i^2)
  some <- seq(1, n, 17)
  for (outcome in list(y, factor(y > .3), factor(findInterval(y, c(-.5, 0, .5))))) {
    grown <- forest(rows, outcome, trees = 1, mtry = 12, replace = FALSE, sample_fraction = 1, min_node_size = 1,
                    seed = 1)
    expect_equal(predict(grown, rows[some, ]), outcome[some], tolerance = 1e-12)
  }
})
