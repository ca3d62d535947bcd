test_that("flips and tilts change twins' means by their formulas", {
  pair <- small_pair()
  found <- flip_sensitivity(pair, rates = c(.1, .2), odds_ratio = c(.5, 2))
  study <- pair_parts()$study
  order <- match(seq_len(120), pair$pairs$row)
  effect <- function(change1, change0) {
    q1 <- change1(pair$twins$q1[order])
    q0 <- change0(pair$twins$q0[order])
    mean(ifelse(study$A == 1, study$Y - q0, q1 - study$Y))
  }
  flip <- function(rate) effect(function(q) (1 - 2 * rate) * q + rate, function(q) (1 - 2 * rate) * q + rate)
  expect_equal(found$flips$estimate, vapply(c(0, .1, .2), flip, 1), tolerance = 1e-10)
  tilt <- function(o) effect(function(q) plogis(qlogis(q) + log(o)), function(q) plogis(qlogis(q) - log(o)))
  expect_equal(found$tilts$estimate, vapply(c(.5, 1, 2), tilt, 1), tolerance = 1e-10)
  # Without intervals the estimate itself tips.
  expect_equal(tilt(found$tipping_point), 0, tolerance = 1e-3)
  alike <- flip_sensitivity(pair, odds_ratio = 2, direction = "outcome")
  up <- function(q) plogis(qlogis(q) + log(2))
  expect_equal(alike$tilts$estimate[2], effect(up, up), tolerance = 1e-10)
})

test_that("with the trial the interval's end tips", {
  parts <- pair_parts()
  found <- flip_sensitivity(small_pair(), trial = parts$behind, odds_ratio = 1, learner_membership = learn_glm(),
                            seed = 1)
  end <- flip_sensitivity(small_pair(), trial = parts$behind, odds_ratio = found$tipping_point,
                          learner_membership = learn_glm(), seed = 1)$tilts
  end <- end[end$odds_ratio != 1, ]
  expect_equal(end$conf.low, 0, tolerance = 1e-3)
  expect_identical(names(tidy(found)), c("kind", "value", "estimate", "std.error", "conf.low", "conf.high"))
})

test_that("flips before a fit are drawn, and reproduce", {
  pair <- small_pair(refit_q = TRUE)
  one <- function() flip_sensitivity(pair, rates = .3, odds_ratio = 1, learner_treatment = learn_glm(),
                                     learner_outcome = learn_glm(), seed = 1)
  expect_identical(one(), one())
  expect_lt(one()$flips$estimate[2], one()$flips$estimate[1])
})

test_that("bad input is refused by name", {
  none <- small_pair(amount = "threshold", propensity = rep(.5, 120))
  expect_snapshot(error = TRUE, {
    flip_sensitivity(1)
    flip_sensitivity(none)
    flip_sensitivity(small_pair(), rates = .7)
    flip_sensitivity(small_pair(), odds_ratio = 0)
    flip_sensitivity(small_pair(), method = c("aipw", "iptw"))
  })
})
