test_that("node size is chosen by out-of-bag Brier score", {
  study <- generate(dgp_paper(), 400, seed = 3)
  x <- study[c("W4", "W5")]
  fit <- fit_learner(learn_forest(trees = 80), x, study$Y, "binomial", rng_key(1), 1L)
  sizes <- c(5, 10, 20, 50)
  scores <- vapply(sizes, function(size) {
    one <- fit_learner(learn_forest(trees = 80, min_node_size = size), x, study$Y, "binomial", rng_key(1), 1L)
    mean((predict_oob(one) - study$Y)^2)
  }, 0)
  expect_identical(tidy(fit$forest)$min_node_size, as.integer(sizes))
  expect_identical(tidy(fit$forest)$min_node_size[tidy(fit$forest)$chosen], fit$forest$min_node_size)
  expect_equal(mean((predict_oob(fit) - study$Y)^2), min(tidy(fit$forest)$oob_error))
  # The smallest size is grown as it would be alone.
  expect_equal(tidy(fit$forest)$oob_error[1], scores[1])
  expect_lt(max(abs(tidy(fit$forest)$oob_error - scores)), .01)
})

test_that("constant outcomes and no columns give leave-one-out means", {
  fit <- fit_learner(learn_forest(trees = 5), data.frame(w = 1:4), rep(2, 4), "gaussian", rng_key(1), 1L)
  expect_identical(predict_fit(fit, data.frame(w = 9:11)), rep(2, 3))
  none <- fit_learner(learn_forest(trees = 5), data.frame(w = 1:3), c(1, 2, 6), "gaussian", rng_key(1), 1L, terms(~1))
  expect_identical(predict_fit(none, data.frame(w = 1)), 3)
  expect_identical(predict_oob(none), c(4, 3.5, 1.5))
  weighted <- fit_constant(c(1, 2, 6), c(1, 1, 2))
  expect_equal(predict_fit(weighted, data.frame(w = 1)), 15 / 4)
  expect_equal(predict_oob(weighted), c(14 / 3, 13 / 3, 1.5))
})

test_that("settings reach the forest", {
  learner <- learn_forest(trees = 7, mtry = 5, min_node_size = 9, max_depth = 1)
  fit <- fit_learner(learner, mtcars[c("wt", "hp")], mtcars$mpg, "gaussian", rng_key(1), 1L)$forest
  expect_identical(fit$options$trees, 7)
  expect_identical(fit$options$mtry, 2)
  expect_identical(fit$min_node_size, 9L)
  expect_lte(max(predict(fit, mtcars, type = "leaf")), 3)
})

test_that("bad settings are named", {
  expect_snapshot(error = TRUE, {
    learn_forest(trees = 0)
    learn_forest(min_node_size = c(5, 0))
    learn_forest(sample_fraction = 2)
    learn_forest(outcome = "arm")
    learn_forest(mtry = -1)
  })
})

test_that("case weights reach the forests", {
  study <- generate(dgp_paper(), 200, seed = 1)
  weights <- rep(1:2, 100)
  light <- learn_forest(trees = 50, min_node_size = 10)
  weighted <- nuisance(Y ~ A | ., study, light, light, weights = weights, seed = 1)
  plain <- nuisance(Y ~ A | ., study, light, light, seed = 1)
  expect_false(identical(weighted$ps, plain$ps))
  expect_equal(weighted$weights, weights)
})
