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
