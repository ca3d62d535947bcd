forest_counts <- function(fit) forest_bags(fit$model, run_control(1))

test_that("decreases of impurity add up to what the trees take away", {
  whole <- function(...) {
    forest(..., trees = 3, replace = FALSE, min_node_size = 3, importance = "impurity", seed = 1)
  }
  spread <- function(y) mean((y - mean(y))^2)
  fit <- whole(mpg ~ ., mtcars)
  each <- lapply(1:3, function(t) ave(mtcars$mpg, predict(fit, mtcars, type = "leaf")[, t]))
  left <- mean(vapply(each, function(means) mean((mtcars$mpg - means)^2), 1))
  expect_equal(sum(importance(fit)$importance), spread(mtcars$mpg) - left, tolerance = 1e-12)
  # Gini's impurity is the sum over classes.
  fit <- whole(Species ~ ., iris)
  classes <- sapply(levels(iris$Species), function(level) {
    y <- as.numeric(iris$Species == level)
    leaves <- predict(fit, iris, type = "leaf")
    spread(y) - mean(apply(leaves, 2, function(leaf) mean((y - ave(y, leaf))^2)))
  })
  expect_equal(sum(importance(fit)$importance), sum(classes), tolerance = 1e-12)
  number <- importance(whole(mtcars[c("wt", "hp")], mtcars$am))
  two <- importance(whole(mtcars[c("wt", "hp")], factor(mtcars$am)))
  expect_equal(two$importance, 2 * number$importance)
})

test_that("bagged, honest and pruned trees are measured by the rows that fill them", {
  study <- generate(dgp_paper(), 300, seed = 1)
  fit <- forest(Y ~ ., study, trees = 4, min_node_size = c(2, 60), importance = "impurity", seed = 1)
  counts <- forest_counts(fit)
  leaves <- predict(fit, study, type = "leaf")
  decrease <- vapply(1:4, function(t) {
    n <- counts[, t]
    means <- ave(n * study$Y, leaves[, t], FUN = sum) / ave(n, leaves[, t], FUN = sum)
    sum(n * (study$Y - weighted.mean(study$Y, n))^2 - n * (study$Y - means)^2 * (n > 0), na.rm = TRUE) / sum(n)
  }, 1)
  expect_equal(sum(importance(fit)$importance), mean(decrease), tolerance = 1e-12)
  honest <- forest(Y ~ ., study, trees = 30, honest = TRUE, importance = "impurity", seed = 1)
  expect_true(all(importance(honest)$importance > 0))
  expect_lt(sum(importance(honest)$importance), .25)
})

test_that("one split gives all to its column", {
  x <- data.frame(noise = rep(1:4, 25), cut = rep(0:1, each = 50))
  fit <- forest(x, x$cut * 2, trees = 10, mtry = 2, max_depth = 1, importance = "impurity", replace = FALSE, seed = 1)
  expect_identical(importance(fit)$column, c("cut", "noise"))
  expect_equal(importance(fit)$importance, c(1, 0))
})

test_that("importances do not depend on threads and leave the forest as it is", {
  study <- generate(dgp_paper(), 300, seed = 2)
  plain <- forest(Y ~ ., study, trees = 30, min_node_size = c(5, 20), seed = 1)
  expect_null(plain$importance)
  for (kind in c("impurity", "permutation", "corrected")) {
    fits <- lapply(1:3, function(threads) {
      forest(Y ~ ., study, trees = 30, min_node_size = c(5, 20), importance = kind, seed = 1, threads = threads)
    })
    expect_identical(importance(fits[[2]]), importance(fits[[1]]))
    expect_identical(importance(fits[[3]]), importance(fits[[1]]))
    expect_identical(fits[[1]]$model, plain$model)
    expect_identical(fits[[1]]$oob, plain$oob)
    other <- forest(Y ~ ., study, trees = 30, min_node_size = c(5, 20), importance = kind, seed = 2)
    expect_false(identical(importance(other), importance(fits[[1]])))
  }
})

test_that("permutation: the loss of left-out rows when a column is shuffled", {
  study <- generate(dgp_paper(), 500, seed = 1)
  set.seed(1)
  off <- t(sapply(1:60, function(seed) {
    fit <- forest(Y ~ ., study, trees = 1, mtry = 3, importance = "permutation", seed = seed)
    out <- which(forest_counts(fit)[, 1] == 0)
    measured <- importance(fit)
    sapply(c("A", "W2"), function(name) {
      shuffled <- study[rep(out, 10), ]
      shuffled[[name]] <- unlist(lapply(1:10, function(k) sample(study[out, name])))
      direct <- mean((predict(fit, shuffled) - study$Y[out])^2) - mean((predict(fit, study[out, ]) - study$Y[out])^2)
      measured$importance[measured$column == name] - direct
    })
  }))
  expect_true(all(abs(colMeans(off)) < 4 * apply(off, 2, sd) / sqrt(60)))
  expect_true(all(abs(colMeans(off)) < .01))
  # A single tree has no standard error; a column that is never split matters not at all.
  single <- forest(Y ~ ., transform(study, W1 = 1), trees = 1, importance = "permutation", seed = 1)
  expect_identical(importance(single)$std.error, rep(NA_real_, 7))
  expect_identical(importance(single)$importance[importance(single)$column == "W1"], 0)
  several <- importance(forest(Y ~ ., study, trees = 100, importance = "permutation", seed = 1))
  expect_true(all(several$std.error > 0))
  more <- importance(forest(Y ~ ., study, trees = 400, importance = "permutation", seed = 1))
  expect_equal(mean(more$std.error) / mean(several$std.error), .5, tolerance = .2)
})

test_that("corrected importances are about zero without information, and have p-values", {
  set.seed(4)
  x <- as.data.frame(matrix(rnorm(300 * 40), 300))
  x$few <- rep(0:1, 150)
  y <- x$V1 + .5 * x$few + rnorm(300)
  fit <- forest(x, y, trees = 200, importance = "corrected", seed = 1)
  table <- importance(fit)
  expect_identical(table$column[1], "V1")
  noise <- table[grepl("^V([2-9]|.[0-9])$", table$column), ]
  expect_identical(nrow(noise), 39L)
  expect_lt(abs(mean(noise$importance)), 3 * sd(noise$importance) / sqrt(39))
  plain <- importance(forest(x, y, trees = 200, importance = "impurity", seed = 1))
  expect_gt(min(plain$importance), max(abs(noise$importance)) / 10)
  expect_gt(mean(plain$importance[plain$column %in% noise$column]), 3 * abs(mean(noise$importance)))
  expect_lt(table$p.value[1], .05)
  expect_lt(mean(noise$p.value < .05), .2)
  chance <- c(table$importance[table$importance <= 0], -table$importance[table$importance < 0])
  expect_identical(table$p.value[5], mean(chance >= table$importance[5]))
  expect_null(importance(forest(mpg ~ wt + hp, mtcars, importance = "corrected", seed = 1))$p.value)
  expect_null(chance_p_values(c(1, rep(-1, 9))))
  expect_equal(chance_p_values(c(2, 0, rep(-1, 10)))[1:2], c(0, 11 / 21))
})

test_that("figures are ranger's", {
  skip_if_not_installed("ranger")
  study <- generate(dgp_paper(), 500, seed = 5)
  compare <- function(kind, theirs, unit) {
    ours <- importance(forest(factor(Y) ~ ., study, trees = 400, mtry = 2, min_node_size = 5, importance = kind,
                              seed = 1))
    fit <- ranger::ranger(factor(Y) ~ ., study, num.trees = 400, mtry = 2, min.node.size = 5, probability = TRUE,
                          importance = theirs, seed = 1, num.threads = 1)
    list(ours = ours$importance * unit, theirs = unname(fit$variable.importance[ours$column]), table = ours)
  }
  gini <- compare("impurity", "impurity", 500)
  expect_equal(gini$ours, gini$theirs, tolerance = .05)
  shuffled <- compare("permutation", "permutation", 1)
  expect_true(all(abs(shuffled$ours - shuffled$theirs) < 5 * sqrt(2) * shuffled$table$std.error))
  corrected <- compare("corrected", "impurity_corrected", 500)
  expect_equal(corrected$ours[1:3], corrected$theirs[1:3], tolerance = .15)
})

test_that("importances print and are plain tables", {
  fit <- forest(mpg ~ ., mtcars, trees = 20, importance = "permutation", seed = 1)
  table <- importance(fit)
  expect_speaks(table)
  expect_false(is.unsorted(-table$importance))
  expect_named(table, c("column", "importance", "std.error"))
  expect_draws(autoplot(table))
  expect_draws(autoplot(table, most = 3))
  expect_speaks(table[1:2, ])
  wide <- setNames(as.data.frame(matrix(sin(1:4000), 40)), paste0("x", 1:100))
  wide <- importance(forest(wide, cos(1:40), trees = 5, importance = "corrected", seed = 1))
  expect_speaks(wide)
  expect_match(format(wide), "85 more columns", all = FALSE)
})

test_that("what cannot be measured is refused", {
  expect_snapshot(error = TRUE, {
    importance(forest(mpg ~ wt, mtcars, trees = 2, seed = 1))
    forest(mpg ~ wt, mtcars, importance = "gain")
    forest(mpg ~ wt, mtcars, replace = FALSE, importance = "permutation")
    importance(forest(mpg ~ wt, mtcars, trees = 2, importance = "impurity", seed = 1), scale = TRUE)
  })
})
