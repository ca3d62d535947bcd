test_that("a shift solves for the mean", {
  logits <- c(-2, 0, 1, 5)
  for (mean in c(.001, .3, .999)) expect_equal(mean(plogis(logits + solve_shift(logits, mean))), mean, tolerance = 1e-9)
  expect_equal(solve_shift(logits, mean(plogis(logits))), 0, tolerance = 1e-9)
})

test_that("a targeted law has the seed's means, in the outcome's units", {
  for (outcome in c("binary", "number")) {
    hybrid <- contract_hybrid(outcome = outcome)
    table <- tidy(hybrid)
    expect_equal(table$law, table$seed, tolerance = 1e-6)
  }
})

test_that("applying no epsilon and no shift changes nothing", {
  target <- list(epsilon = c(0, 0), shift = c(0, 0), low = -2, high = 6, bound = 1e-9)
  base <- list(q = cbind(c(0, 1, 2), c(-1, 0, 5)), g = matrix(.5, 3, 2))
  expect_equal(apply_target(target, base), base$q, tolerance = 1e-9)
})

test_that("arms one by one have the two-epsilon TMLE's means and covariance", {
  nu <- nuisance(y ~ a | ., contract_study(), learn_glm(), learn_glm())
  fit <- estimate_effect(nu, method = "tmle")
  found <- target_arms(nu)
  expect_equal(found$means, unname(coef(fit, complete = TRUE)[c("mean_0", "mean_1")]), tolerance = 1e-12)
  expect_equal(found$covariance, unname(vcov(fit, complete = TRUE)[3:2, 3:2]), tolerance = 1e-10)
  expect_equal(found$epsilon, unname(target_q(nu)$epsilon[c("control", "treated")]), tolerance = 1e-8)
})

test_that("shifts of crossed subgroups reach every wanted mean that agrees", {
  set.seed(2)
  logits <- rnorm(4000)
  groups <- list(sample(1:2, 4000, TRUE), sample(0:3, 4000, TRUE))
  w <- runif(4000)
  mean_of <- function(x, rows = TRUE) sum((w * x)[rows]) / sum(w[rows])
  found <- solve_shifts(logits, .55, list(c(.5, .6), c(.5, .55, .6)), groups, w)
  unit <- plogis(logits + found$shift + found$parts[[1]][groups[[1]]] + c(0, found$parts[[2]])[groups[[2]] + 1])
  expect_equal(mean_of(unit), .55, tolerance = 1e-10)
  shares <- vapply(1:2, function(l) sum(w[groups[[1]] == l]), 1) / sum(w)
  agreed <- c(.5, .6) + .55 - sum(shares * c(.5, .6))
  for (l in 1:2) expect_equal(mean_of(unit, groups[[1]] == l), agreed[l], tolerance = 2e-3)
})
