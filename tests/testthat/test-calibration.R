test_that("slopes are set right only where they are wrong", {
  set.seed(3)
  n <- 2000
  q <- rnorm(n)
  view <- list(family = "gaussian", arms = c("0", "1"), index = rep(1:2, n / 2), q = cbind(q, q),
               outcome = q + rnorm(n))
  expect_null(fit_calibration(view))
  view$outcome <- 1 + 2 * q + rnorm(n)
  expect_equal(fit_calibration(view)$slope, c(2, 2), tolerance = .1)
  expect_equal(apply_calibration(list(intercept = c(1, 0), slope = c(2, 1)), cbind(3, 4)), cbind(7, 4))
  view$family <- "binomial"
  expect_null(fit_calibration(view))
})

test_that("columns that honest residuals follow are found, others are not", {
  set.seed(4)
  n <- 400
  x <- matrix(rnorm(n * 12), n, dimnames = list(NULL, paste0("x", 1:12)))
  y <- rnorm(n)
  expect_identical(forward_columns(y, x), integer())
  expect_identical(forward_columns(y + .9 * x[, 5] - .5 * x[, 2], x), c(5L, 2L))
  # A copy adds nothing, and neither does a constant.
  twice <- cbind(one = 1, x, again = x[, 5])
  expect_identical(forward_columns(y + .9 * x[, 5], twice), 6L)
  expect_lte(length(forward_columns(drop(x %*% 12:1), x)), most_columns)
})

test_that("a regression that leaves out a column gets it back, in all arms alike and within the outcome's range", {
  set.seed(5)
  n <- 600
  covs <- data.frame(w = rnorm(n), v = rnorm(n), g = factor(sample(c("a", "b", "c"), n, TRUE)))
  view <- list(family = "gaussian", arms = c("0", "1"), index = rep(1:2, n / 2))
  view$q <- cbind(covs$w, covs$w + 1)
  view$outcome <- view$q[cbind(1:n, view$index)] + 2 * (covs$g == "b") + rnorm(n)
  terms <- all_columns_terms(covs)
  found <- fit_calibration(view, covs, terms)
  expect_identical(names(found$columns$coefficients), "gb")
  expect_equal(unname(found$columns$coefficients), 2, tolerance = .1)
  new <- data.frame(w = c(0, 0), v = 0, g = factor(c("a", "b"), levels(covs$g)))
  moved <- apply_calibration(found, cbind(c(0, 0), c(1, 1)), new)
  expect_equal(moved[, 2] - moved[, 1], c(1, 1))
  expect_equal(diff(moved[, 1]), unname(found$columns$coefficients))
  far <- apply_calibration(found, cbind(c(-100, 100)), new)
  expect_equal(as.vector(far), range(view$outcome))
  expect_null(fit_calibration(view, covs[0], NULL))
  expect_null(followed_columns(rnorm(40), covs[1:40, ], terms, c(-1, 1)))
})

test_that("a hybrid's outcome follows a column that its forest shares with many others", {
  set.seed(6)
  n <- 500
  study <- data.frame(matrix(rnorm(n * 15), n), a = rep(0:1, n / 2))
  study$y <- 2 * study$X1 + study$a + rnorm(n, 0, 2)
  forests <- learn_forest(trees = 50, mtry = 2)
  hybrid <- suppressWarnings(fit_hybrid(y ~ a | ., study, gen_data(study[1:15]), seed = 1,
                                        learner_treatment = learn_glm(), learner_outcome = forests))
  seed <- estimate_effect(y ~ a | ., study, method = "tmle", seed = 1, learner_treatment = learn_glm(),
                          learner_outcome = forests)
  expect_equal(truth(hybrid), unname(coef(seed)), tolerance = 1e-6)
  pool <- generate(hybrid, 10000, seed = 2)
  expect_lt(abs(cor(pool$X1, pool$y) - cor(study$X1, study$y)), .06)
  expect_match(format(certificate(hybrid)), "left part of X1", all = FALSE)
})
