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
  target <- list(epsilon_1 = 0, epsilon_0 = 0, shift_1 = 0, shift_0 = 0, low = -2, high = 6, bound = 1e-9)
  base <- list(q1 = c(-1, 0, 5), q0 = c(0, 1, 2), g1 = rep(.5, 3), g0 = rep(.5, 3))
  expect_equal(apply_target(target, base), base[c("q1", "q0")], tolerance = 1e-9)
})

test_that("residuals drawn have mean zero and the arm's spread", {
  expect_identical(centred_quantiles(4), 0)
  x <- c(-3, 0, 1, 2, 9)
  u <- (seq_len(1e5) - .5) / 1e5
  expect_equal(mean(quantile_between(centred_quantiles(x), u)), 0, tolerance = 1e-6)
  expect_equal(quantile_between(c(1, 2, 4), c(1 / 6, .5, 5 / 6)), c(1, 2, 4))
})

test_that("whole-number outcomes keep their mean at Q, and the seed's range", {
  set.seed(1)
  n <- 800
  study <- data.frame(w = rnorm(n), a = rbinom(n, 1, .5))
  study$y <- pmin(2, rpois(n, exp(-.3 + .5 * study$a + .4 * study$w)))
  hybrid <- fit_hybrid(y ~ a | w, study, gen_forest(trees = 10), learner_treatment = learn_glm(),
                       learner_outcome = learn_forest(trees = 100), seed = 1)
  pool <- generate(hybrid, 60000, seed = 2, counterfactuals = TRUE)
  expect_true(all(pool$y %in% 0:2))
  q <- ifelse(pool$a == 1, pool$.q1, pool$.q0)
  part <- cut(q, quantile(q, 0:20 / 20), include.lowest = TRUE)
  z <- tapply(pool$y - q, part, function(d) mean(d) / sd(d) * sqrt(length(d)))
  expect_lt(max(abs(z)), 4.5)
})

test_that("rounding at random keeps the mean; exact values stay", {
  u <- (seq_len(1000) - .5) / 1000
  expect_equal(mean(round_at_random(rep(1.234, 1000), 1, u)), 1.234, tolerance = 1e-3)
  expect_identical(round_at_random(c(1.2, -3, 0), 1, c(.99, .99, .99)), c(1.2, -3, 0))
  expect_identical(round_at_random(c(1.23, pi), NA, c(.5, .5)), c(1.23, pi))
})

test_that("residuals are scaled into the seed's range", {
  sorted <- c(-2, -1, 0, 3)
  expect_equal(room_in_range(sorted, c(0, 5, 1.25), c(0, 10)), c(0, 1, .5))
})
