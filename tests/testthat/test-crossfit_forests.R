forest_study <- function(n = 150) {
  i <- seq_len(n)
  w <- sin(i)
  data.frame(w = w, v = cos(7 * i), f = factor(c("x", "y", "z")[1 + i %% 3]), a = as.integer(cos(5 * i) > w),
             y = w + cos(3 * i))
}

# With one forest only, or another learner beside it, forests are fitted one after the other.
alone <- function(formula, data, learner, ...) {
  treatment <- nuisance(formula, data, learner, learn_glm(), seed = 1, bounds = NULL, ...)
  outcome <- nuisance(formula, data, learn_glm(), learner, seed = 1, bounds = NULL, ...)
  list(ps = treatment$ps, q1 = outcome$q1, q0 = outcome$q0)
}
together <- function(formula, data, learner, ...) {
  unclass(nuisance(formula, data, learner, learner, seed = 1, bounds = NULL, ...))[c("ps", "q1", "q0")]
}

test_that("forests grown together are those grown one after the other", {
  d <- forest_study()
  small <- learn_forest(trees = 30)
  same <- function(...) expect_identical(together(...), alone(...))
  same(y ~ a | ., d, small)
  same(y ~ a | ., transform(d, y = as.numeric(y > 0)), small)
  same(y ~ a | ., d, small, crossfit = "folds", folds = 3)
  same(y ~ a | ., d, small, repeats = 2)
  same(y ~ a | ., d, small, weights = rep(c(0, 1, 2), 50))
  same(y ~ a | ., d, small, cluster = rep(1:50, 3))
  same(y ~ a | ., transform(d, w = replace(w, 1:4, NA)), learn_forest(trees = 30, mtry = 99, min_node_size = 7))
  same(y ~ a | I(w^2) + v, d, small)
  # Whose functions learn from the rows, which are those of each fit.
  same(y ~ a | splines::ns(w, 3) + v, d, small)
  same(y ~ a | 1, d, small)
  same(y ~ a | ., transform(d, y = ifelse(a == 1, 3, y)), small)
})

test_that("large studies are not fitted together", {
  d <- forest_study()
  job <- list(treat = d$a, outcome = d$y, family = "gaussian", crossfit = c(treatment = "oob", outcome = "oob"))
  expect_null(crossfit_forests(job, NULL, rng_key(1), limit = 2 * 150 - 1))
})

test_that("a fold without an arm of positive weight is an error", {
  d <- forest_study()
  one <- replace(numeric(150), which(d$a == 1)[1], 1)
  expect_error(nuisance(y ~ a | ., d, weights = ifelse(d$a == 1, one, 1), crossfit = "folds", seed = 1),
               class = "causalsynth_error_data")
})
