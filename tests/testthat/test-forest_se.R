# The infinitesimal jackknife written out: counts of units in bags, means of leaves.
direct_variance <- function(fit, data, y, newdata, units = seq_len(nrow(data))) {
  counts <- forest_bags(fit$model, run_control(1))
  own <- predict(fit, data, type = "leaf")
  new <- predict(fit, newdata, type = "leaf")
  trees <- ncol(counts)
  values <- sapply(seq_len(trees), function(t) {
    n <- counts[, t]
    vapply(new[, t], function(leaf) sum((n * y)[own[, t] == leaf]) / sum(n[own[, t] == leaf]), 1)
  })
  counts <- counts[match(unique(units), units), ]
  n <- nrow(counts)
  apply(values, 1, function(t) {
    covariance <- vapply(seq_len(n), function(i) mean((counts[i, ] - mean(counts[i, ])) * (t - mean(t))), 1)
    noise <- sum(apply(counts, 1, function(c) mean((c - mean(c))^2))) * mean((t - mean(t))^2) / trees
    factor <- if (fit$options$replace) 1 else (n - 1) / n * (n / (n - sum(counts[, 1])))^2
    factor * (sum(covariance^2) - noise)
  })
}

standard_errors <- function(...) suppressWarnings(predict(..., se.fit = TRUE))

expect_direct <- function(fit, data, y, newdata, units = seq_len(nrow(data))) {
  type <- if (is.null(fit$classes)) "response" else "prob"
  found <- standard_errors(fit, newdata, type = type)
  expect_named(found, c("fit", "se.fit"))
  expect_identical(found$fit, predict(fit, newdata, type = type))
  variance <- direct_variance(fit, data, y, newdata, units)
  se <- if (is.matrix(found$se.fit)) unname(found$se.fit[, ncol(found$se.fit)]) else found$se.fit
  expect_identical(is.na(se), variance < 0)
  expect_gt(sum(!is.na(se)), 0)
  expect_equal(se[!is.na(se)], sqrt(variance[variance >= 0]), tolerance = 1e-9)
}

test_that("standard errors are the formula's", {
  new <- mtcars[c(1, 9, 17, 30), ]
  expect_direct(forest(mpg ~ wt + hp, mtcars, trees = 90, seed = 1), mtcars, mtcars$mpg, new)
  expect_direct(forest(mpg ~ wt + hp, mtcars, trees = 90, sample_fraction = .6, seed = 1), mtcars, mtcars$mpg, new)
  expect_direct(forest(mpg ~ wt + hp, mtcars, trees = 90, replace = FALSE, sample_fraction = .5, seed = 1), mtcars,
                mtcars$mpg, new)
  expect_direct(forest(mpg ~ wt + hp, mtcars, trees = 300, weights = mtcars$qsec, seed = 1), mtcars, mtcars$mpg, new)
  expect_direct(forest(mpg ~ wt + hp, mtcars, trees = 90, clusters = mtcars$carb, seed = 1), mtcars, mtcars$mpg, new,
                mtcars$carb)
  expect_direct(forest(factor(am) ~ wt + hp, mtcars, trees = 90, seed = 1), mtcars, mtcars$am, new)
  expect_direct(forest(Species ~ ., iris, trees = 300, seed = 1), iris, as.numeric(iris$Species == "virginica"),
                iris[c(71, 107, 120, 134), ])
})

test_that("more than one block of rows, units and trees", {
  study <- generate(dgp_paper(), 300, seed = 1)
  fit <- forest(Y ~ ., study, trees = 300, seed = 1)
  expect_direct(fit, study, study$Y, study[1:33, ])
  many <- forest(mpg ~ wt, mtcars, trees = 4200, max_depth = 3, seed = 1)
  rows <- data.frame(wt = seq(1.5, 5.5, length.out = 2010))
  some <- c(1, 1990, 2010)
  expect_equal(standard_errors(many, rows)$se.fit[some], standard_errors(many, rows[some, , drop = FALSE])$se.fit,
               tolerance = 1e-9)
})

test_that("standard errors have the shape of the fit and do not depend on threads", {
  study <- generate(dgp_paper(), 150, seed = 1)
  fit <- forest(factor(Y) ~ ., study, trees = 800, seed = 1)
  one <- standard_errors(fit, study, type = "prob", threads = 1)
  for (threads in 2:3) expect_identical(standard_errors(fit, study, type = "prob", threads = threads), one)
  expect_identical(dimnames(one$se.fit), dimnames(one$fit))
  expect_identical(one$se.fit[, 1], one$se.fit[, 2])
  number <- forest(Y ~ ., study, trees = 800, seed = 1)
  expect_identical(dimnames(standard_errors(number, study, type = "prob")$se.fit), list(NULL, c("0", "1")))
  expect_identical(lengths(standard_errors(number, study[0, ])), c(fit = 0L, se.fit = 0L))
  same <- forest(study["W4"], rep("a", 150), trees = 5, seed = 1)
  expect_identical(unname(predict(same, study, type = "prob", se.fit = TRUE)$se.fit[, 1]), rep(0, 150))
})

test_that("standard errors are those over fresh samples", {
  at <- generate(dgp_paper(), 25, seed = 99)
  ratio <- function(...) {
    found <- lapply(1:60, function(seed) {
      study <- generate(dgp_paper(), 150, seed = seed)
      fit <- forest(W6 ~ W1 + W2 + W3 + W4 + W5, study, trees = 500, min_node_size = 30, ..., seed = seed)
      standard_errors(fit, at)
    })
    fits <- vapply(found, function(one) one$fit, numeric(25))
    errors <- vapply(found, function(one) one$se.fit, numeric(25))
    expect_lt(mean(is.na(errors)), .1)
    mean(errors^2, na.rm = TRUE) / mean(apply(fits, 1, var))
  }
  expect_gt(ratio(replace = FALSE, sample_fraction = .5), .8)
  expect_lt(ratio(replace = FALSE, sample_fraction = .5), 1.5)
  with_replacement <- ratio()
  expect_gt(with_replacement, .6)
  expect_lt(with_replacement, 1.4)
})

test_that("negative variances are NA with a count, wrong questions are errors", {
  few <- forest(mpg ~ ., mtcars, trees = 15, seed = 1)
  expect_warning(found <- predict(few, mtcars, se.fit = TRUE), class = "causalsynth_warning_fit")
  expect_warning(predict(few, mtcars, se.fit = TRUE), paste(sum(is.na(found$se.fit)), "of 32"))
  expect_gt(sum(is.na(found$se.fit)), 0)
  classes <- forest(Species ~ ., iris, trees = 5, seed = 1)
  expect_snapshot(error = TRUE, {
    predict(few, se.fit = TRUE)
    predict(few, mtcars, type = "leaf", se.fit = TRUE)
    predict(classes, iris, se.fit = TRUE)
    predict(few, mtcars, se.fit = "yes")
    predict(forest(mpg ~ ., mtcars, trees = 1, seed = 1), mtcars, se.fit = TRUE)
    predict(forest(mpg ~ ., mtcars, trees = 9, replace = FALSE, seed = 1), mtcars, se.fit = TRUE)
    predict(forest(mpg ~ ., mtcars, trees = 9, replace = FALSE, sample_fraction = .5, weights = mtcars$wt, seed = 1),
            mtcars, se.fit = TRUE)
  })
})
