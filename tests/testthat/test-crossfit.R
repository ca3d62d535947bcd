crossfit_study <- function(n = 120, binary = FALSE) {
  i <- seq_len(n)
  w <- sin(i)
  y <- w + cos(3 * i) + (i %% 3 == 0)
  data.frame(w = w, v = cos(7 * i), a = as.integer(i %% 3 == 0), y = if (binary) as.numeric(y > .3) else y)
}

test_that("folds have equal shares of every stratum", {
  d <- crossfit_study(binary = TRUE)
  for (folds in c(2, 5, 7)) {
    job <- list(treat = d$a, outcome = d$y, family = "binomial", folds = folds)
    fold <- stratified_folds(job, rng_key(3))
    expect_identical(sort(unique(fold)), seq_len(folds))
    counts <- table(fold, paste(d$a, d$y))
    expect_lte(max(apply(counts, 2, max) - apply(counts, 2, min)), 1)
    expect_lte(diff(range(table(fold))), 1)
  }
  expect_identical(stratified_folds(job, rng_key(3)), fold)
  expect_false(identical(stratified_folds(job, rng_key(4)), fold))
})

test_that("a row's fold predictions do not change with its own outcome", {
  d <- crossfit_study()
  for (learner in list(learn_forest(trees = 30), learn_forest(trees = 30, outcome = "joint"), learn_glm(),
                       learn_glm("joint"))) {
    run <- function(data) {
      nuisance(y ~ a | ., data, learner, learner, crossfit = "folds", folds = 4, seed = 1)
    }
    first <- run(d)
    for (i in c(3, 40)) {
      changed <- run(transform(d, y = replace(y, i, 50)))
      for (part in c("ps", "q1", "q0")) expect_identical(changed[[part]][i], first[[part]][i])
      expect_identical(changed$ps, first$ps)
      expect_false(identical(changed$q1, first$q1) && identical(changed$q0, first$q0))
    }
  }
})

test_that("a row's out-of-bag predictions do not change with its own outcome", {
  d <- crossfit_study()
  for (outcome in c("by_arm", "joint")) {
    learner <- learn_forest(trees = 60, min_node_size = 5, outcome = outcome)
    run <- function(data) nuisance(y ~ a | ., data, learner, learner, bounds = NULL, seed = 1)
    first <- run(d)
    expect_identical(unname(first$crossfit), c("oob", "oob"))
    for (i in c(3, 40)) {
      changed <- run(transform(d, y = replace(y, i, y[i] + 3)))
      own <- if (d$a[i] == 1) "q1" else "q0"
      expect_equal(changed[[own]][i], first[[own]][i], tolerance = 1e-12)
      expect_identical(changed$ps, first$ps)
      expect_gt(max(abs(changed[[own]] - first[[own]])), 1e-3)
    }
  }
})

test_that("a joint outcome learner predicts under both treatments", {
  d <- crossfit_study()
  nu <- nuisance(y ~ a | ., d, learn_glm(), learn_glm("joint"), crossfit = "folds", folds = 3, seed = 2)
  fold <- stratified_folds(list(treat = d$a, outcome = d$y, family = "gaussian", folds = 3),
                           derive_key(derive_key(rng_key(2), "repeat", 1), "folds"))
  for (k in 1:3) {
    fit <- lm(y ~ a + w + v, d, subset = fold != k)
    expect_equal(nu$q1[fold == k], unname(predict(fit, transform(d[fold == k, ], a = 1))))
    expect_equal(nu$q0[fold == k], unname(predict(fit, transform(d[fold == k, ], a = 0))))
  }
})

test_that("in-sample glms are each arm's own", {
  d <- crossfit_study()
  nu <- nuisance(y ~ a | w + v, d, learn_glm(), learn_glm())
  expect_equal(nu$q1, unname(predict(lm(y ~ w + v, d, subset = a == 1), d)))
  expect_equal(nu$q0, unname(predict(lm(y ~ w + v, d, subset = a == 0), d)))
  expect_equal(nu$ps, unname(fitted(glm(a ~ w + v, binomial, d, epsilon = 1e-14))), tolerance = 1e-8)
  expect_length(nu$fits$outcome, 2)
})

test_that("too few rows for the folds is an error", {
  d <- transform(crossfit_study(20), a = rep(c(1, 0), c(3, 17)))
  expect_error(nuisance(y ~ a | w, d, learn_glm(), learn_glm(), crossfit = "folds"), "3 rows: too few for 5 folds",
               class = "causalsynth_error_data")
})
