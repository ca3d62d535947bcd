test_that("residuals drawn have mean zero and the arm's spread", {
  expect_identical(centred_quantiles(4), 0)
  x <- c(-3, 0, 1, 2, 9)
  u <- (seq_len(1e5) - .5) / 1e5
  expect_equal(mean(quantile_between(centred_quantiles(x), u)), 0, tolerance = 1e-6)
  expect_equal(quantile_between(c(1, 2, 4), c(1 / 6, .5, 5 / 6)), c(1, 2, 4))
})

test_that("residuals are scaled into the seed's range", {
  sorted <- c(-2, -1, 0, 3)
  expect_equal(room_in_range(sorted, c(0, 5, 1.25), c(1, 1, 1), c(0, 10)), c(0, 1, .5))
})

test_that("what is no spike has the mean that is left", {
  chance <- cbind(c(.2, .5, .1), c(.1, 0, .3))
  parts <- part_from_spikes(c(1, 2, 3), chance, c(0, 5), c(0, 10))
  expect_equal(drop(parts$chance %*% c(0, 5)) + (1 - rowSums(parts$chance)) * parts$mean, c(1, 2, 3))
  expect_equal(parts$chance, chance)
  # Nine of ten rows at the top cannot have a mean of 2: fewer are at the top then.
  tight <- part_from_spikes(2, cbind(.9), 10, c(0, 10))
  expect_equal(tight$chance * 10 + (1 - tight$chance) * tight$mean, matrix(2))
  expect_true(tight$mean >= 0 && tight$chance < .9)
})

# A study whose outcome is make(w, s, a), its pool, and how far the pool's outcomes are from Q on average.
law_case <- function(make, n = 900) {
  set.seed(5)
  study <- data.frame(w = rnorm(n), s = factor(sample(c("f", "m"), n, TRUE)))
  study$a <- rbinom(n, 1, plogis(.3 * study$w))
  study$y <- make(study$w, study$s, study$a)
  hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 10), learner_treatment = learn_glm(),
                       learner_outcome = learn_forest(trees = 100), seed = 1)
  pool <- generate(hybrid, 30000, seed = 2, counterfactuals = TRUE)
  q <- ifelse(pool$a == 1, pool$.q1, pool$.q0)
  part <- cut(q, unique(quantile(q, 0:10 / 10)), include.lowest = TRUE)
  z <- tapply(pool$y - q, part, function(d) mean(d) / sd(d) * sqrt(length(d)))
  list(study = study, pool = pool, hybrid = hybrid, z = z)
}

test_that("spikes, skewness and range are kept, and the mean is Q throughout", {
  case <- law_case(function(w, s, a) ifelse(runif(900) < plogis(-1 + w), 0, round(exp(rnorm(900, .5 * w + a)), 2)))
  expect_lt(max(abs(case$z)), 4)
  expect_lt(abs(mean(case$pool$y == 0) - mean(case$study$y == 0)), .04)
  expect_lt(suppressWarnings(ks.test(case$pool$y, case$study$y)$statistic), 1.63 / sqrt(900))
  expect_true(all(case$pool$y >= 0 & case$pool$y <= max(case$study$y)))
  # Where zeros are likely in the seed, they are in the pool.
  share <- function(x) tapply(x$y == 0, x$w > 0, mean)
  expect_lt(max(abs(share(case$pool) - share(case$study))), .08)
})

test_that("spread that depends on a covariate does so in the pool", {
  case <- law_case(function(w, s, a) w + a + rnorm(900) * ifelse(s == "m", 3, .5))
  expect_lt(max(abs(case$z)), 4)
  spread <- tapply(case$pool$y, case$pool$s, sd)
  expect_gt(spread[["m"]], 1.5 * spread[["f"]])
  expect_lt(abs(log(spread[["m"]] / sd(case$study$y[case$study$s == "m"]))), .15)
})

test_that("sharp predictions are drawn with residuals, their slope set right", {
  case <- law_case(function(w, s, a) 5 * w + a + rnorm(900) * .5)
  expect_null(case$hybrid$outcome_law$arms[[1]]$grids)
  expect_true(all(case$hybrid$models$calibration$slope > 1.05))
  expect_lt(max(abs(case$z)), 4)
  expect_lt(abs(log(sd(case$pool$y) / sd(case$study$y))), .12)
})
