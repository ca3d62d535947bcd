test_that("folds keep groups whole and share out the arms", {
  units <- rep(1:40, each = 2)
  job <- list(groups = units, treat = rep(0:1, each = 40), outcome = sin(1:80), family = "gaussian", folds = 5)
  fold <- stratified_folds(job, rng_key(3))
  expect_true(all(tapply(fold, units, function(f) length(unique(f))) == 1))
  expect_identical(as.vector(table(fold, job$treat)), rep(8L, 10))
  job$family <- "binomial"
  job$outcome <- rep(rep(0:1, each = 20), 2)
  expect_identical(as.vector(table(stratified_folds(job, rng_key(3)), job$treat, job$outcome)), rep(4L, 20))
})

# Outcomes are the cluster's own, and the covariate tells the cluster: who has seen one row knows the others.
clustered_study <- function() {
  set.seed(1)
  cluster <- rep(1:40, each = 5)
  data.frame(cluster = cluster, id = cluster + rnorm(200, 0, .01), noise = rnorm(200), a = rep(0:1, 100),
             y = rnorm(40)[cluster])
}

test_that("no learner predicts a row from its own cluster", {
  d <- clustered_study()
  forest <- learn_forest(trees = 100, min_node_size = 2)
  learners <- list(forest, learn_stack(forest, learn_glm()),
                   learn_function(function(x, y, family) list(x = x$id, y = y),
                                  function(object, newx) {
                                    object$y[max.col(-abs(outer(newx$id, object$x, "-")), "first")]
                                  }, label = "nearest"))
  for (learner in learners) {
    error <- function(cluster) {
      nu <- nuisance(y ~ a | id, d, learn_glm(), learner, cluster = cluster, seed = 1)
      mean((ifelse(d$a == 1, nu$q1, nu$q0) - d$y)^2) / var(d$y)
    }
    expect_lt(error(NULL), .7, label = learner$label)
    expect_gt(error(d$cluster), .95, label = learner$label)
  }
})

test_that("estimate_effect() hands clusters on, and folds stand in where a forest has case weights too", {
  d <- clustered_study()
  small <- learn_forest(trees = 20, min_node_size = 10)
  quiet <- function(...) suppressWarnings(nuisance(y ~ a | id + noise, d, small, small, seed = 1, ...))
  by_cluster <- quiet(cluster = d$cluster)
  expect_identical(by_cluster$crossfit, c(treatment = "oob", outcome = "oob"))
  expect_false(identical(by_cluster$q1, quiet()$q1))
  fit <- suppressWarnings(estimate_effect(y ~ a | id + noise, d, cluster = d$cluster, learner_treatment = small,
                                          learner_outcome = small, seed = 1))
  expect_identical(fit$q1, by_cluster$q1)
  expect_identical(fit$n_mixed_clusters, 40L)
  weighted <- quiet(cluster = d$cluster, weights = rep(1:2, 100))
  expect_identical(weighted$crossfit, c(treatment = "folds", outcome = "folds"))
  expect_identical(quiet(weights = rep(1:2, 100))$crossfit, c(treatment = "oob", outcome = "oob"))
})
