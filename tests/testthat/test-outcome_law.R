test_that("rounding at random keeps the mean; exact values stay", {
  u <- (seq_len(1000) - .5) / 1000
  expect_equal(mean(round_at_random(rep(1.234, 1000), 1, u)), 1.234, tolerance = 1e-3)
  expect_identical(round_at_random(c(1.2, -3, 0), 1, c(.99, .99, .99)), c(1.2, -3, 0))
  expect_identical(round_at_random(c(1.23, pi), NA, c(.5, .5)), c(1.23, pi))
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

test_that("tilted laws have ascending means, and draws the mean asked for", {
  grid <- tilt_grid(0:4, 0:4, c(.4, .3, .2, .05, .05), c(0, 4))
  expect_true(all(diff(grid$means) > 0))
  expect_equal(range(grid$means), c(0, 4))
  u <- (seq_len(20000) - .5) / 20000
  set.seed(1)
  for (mean in c(.01, .7, 1.05, 3.9)) {
    y <- draw_tilted(grid, rep(mean, 20000), sample(u), u)
    expect_true(all(y %in% 0:4))
    expect_lt(abs(mean(y) - mean), .02)
  }
  # At its own mean a law is itself.
  y <- draw_tilted(grid, rep(sum(0:4 * c(.4, .3, .2, .05, .05)), 20000), sample(u), u)
  expect_equal(as.vector(table(factor(y, 0:4))) / 20000, c(.4, .3, .2, .05, .05), tolerance = .02)
})

test_that("draws from intervals lie between order statistics", {
  y <- c(1, 2, 4, 8)
  grid <- value_grid(y, c(0, 10))
  u <- (seq_len(1e4) - .5) / 1e4
  set.seed(1)
  drawn <- draw_tilted(grid, rep(3, 1e4), sample(u), u)
  expect_true(all(drawn >= 1 & drawn <= 8))
  expect_lt(abs(mean(drawn) - 3), .05)
  expect_lt(mean(drawn %in% y), .01)
})

test_that("scores keep their values' shares by arm", {
  study <- contract_study(400)
  study$y <- pmin(3, pmax(0, round(1 + study$w + study$a * .7)))
  hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 1)
  expect_identical(hybrid$outcome_law$kind, "discrete")
  pool <- generate(hybrid, 20000, seed = 2)
  share <- function(x, a) as.vector(table(factor(x$y[x$a == a], 0:3))) / sum(x$a == a)
  for (a in 0:1) expect_lt(max(abs(share(pool, a) - share(study, a))), .06)
})
