parsnip_study <- function(n = 120, binary = FALSE) {
  i <- seq_len(n)
  y <- sin(i) + cos(5 * i)
  data.frame(w = sin(i), g = factor(c("u", "v", "w")[1 + i %% 3]), a = as.integer(cos(2 * i) > 0),
             y = if (binary) as.integer(y > 0) else y)
}

test_that("regressions and classifications follow the variable", {
  skip_if_not_installed("parsnip")
  d <- parsnip_study()
  linear <- learn_parsnip(parsnip::linear_reg())
  logistic <- learn_parsnip(parsnip::logistic_reg())
  run <- function(...) nuisance(y ~ a | ., d, ..., folds = 3, seed = 2)
  nu <- run(logistic, linear)
  same <- run(learn_glm(crossfit = "folds"), learn_glm(crossfit = "folds"))
  for (part in c("ps", "q1", "q0")) expect_equal(nu[[part]], same[[part]], tolerance = 1e-6)
  expect_identical(unname(nu$crossfit), c("folds", "folds"))
  d <- parsnip_study(binary = TRUE)
  nu <- run(logistic, logistic)
  same <- run(learn_glm(crossfit = "folds"), learn_glm(crossfit = "folds"))
  expect_equal(nu$q1, same$q1, tolerance = 1e-6)
  skip_if_not_installed("rpart")
  tree <- learn_parsnip(parsnip::decision_tree(engine = "rpart", min_n = 10), outcome = "joint")
  nu <- run(tree, tree, bounds = NULL)
  expect_true(all(nu$ps >= 0 & nu$ps <= 1))
  expect_identical(nu[c("ps", "q1")], run(tree, tree, bounds = NULL)[c("ps", "q1")])
})

test_that("models without the mode, and missing values they do not take, are named", {
  skip_if_not_installed("parsnip")
  d <- parsnip_study()
  logistic <- learn_parsnip(parsnip::logistic_reg())
  expect_error(nuisance(y ~ a | ., d, learn_glm(), logistic, seed = 1), class = "causalsynth_error_input")
  expect_snapshot(error = TRUE, {
    learn_parsnip()
    learn_parsnip("lm")
    nuisance(y ~ a | ., d, learn_glm(), logistic, seed = 1)
  })
  d$w[7] <- NA
  expect_error(nuisance(y ~ a | ., d, logistic, learn_glm(), seed = 1), class = "causalsynth_error_fit")
})
