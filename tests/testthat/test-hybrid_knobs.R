study <- generate(dgp_paper("moderate"), 500, seed = 3)
quick <- function(..., data = study) {
  fit_hybrid(Y ~ A | ., data, gen_forest(trees = 5), ..., learner_treatment = learn_glm(),
             learner_outcome = learn_glm(), seed = 1)
}
plain <- quick()
own_truth <- function(pool) mean(pool$.q1 - pool$.q0)

test_that("the effect is as many times the seed's, and pools follow", {
  for (scale in c(0, .5, 1.1)) {
    hybrid <- quick(effect_scale = scale)
    expect_equal(truth(hybrid), scale * truth(plain), tolerance = 1e-8)
    expect_equal(truth(hybrid, "mean_0"), truth(plain, "mean_0"), tolerance = 1e-10)
    pool <- generate(hybrid, 2000, seed = 2, counterfactuals = TRUE)
    expect_equal(truth(pool), own_truth(pool), tolerance = 1e-12)
    expect_true(all(pool$.q1 >= 0 & pool$.q1 <= 1))
  }
  none <- generate(quick(effect_scale = 0), 50, seed = 1, counterfactuals = TRUE)
  expect_equal(none$.q1, none$.q0, tolerance = 1e-7)
})

test_that("heterogeneity and noise keep the effect", {
  for (knob in list(list(heterogeneity = 0), list(heterogeneity = 3), list(noise = 3), list(noise = .5))) {
    hybrid <- do.call(quick, knob)
    expect_equal(hybrid$law$means, plain$law$means, tolerance = 1e-6)
  }
  odds <- function(h) {
    pool <- generate(h, 300, seed = 1, counterfactuals = TRUE)
    range(qlogis(pool$.q1) - qlogis(pool$.q0))
  }
  expect_lt(diff(odds(quick(heterogeneity = 0))), 1e-6)
  spread <- function(h) sd(generate(h, 2000, seed = 1, counterfactuals = TRUE)$.q1)
  expect_lt(spread(quick(noise = 3)), .6 * spread(plain))
})

test_that("overlap goes from randomised to violation with the arms' shares kept", {
  share <- function(h) generate(h, 5000, seed = 1, counterfactuals = TRUE)$.ps
  expect_lt(sd(share(quick(overlap = 0))), 1e-12)
  wide <- quick(overlap = 4)
  expect_equal(wide$law$shares, plain$law$shares, tolerance = 1e-5)
  expect_gt(sd(share(wide)), 1.5 * sd(share(plain)))
  expect_equal(truth(wide), truth(plain), tolerance = 1e-12)
})

test_that("an unmeasured cause biases adjustment by the stated number, and nothing else", {
  hybrid <- quick(confounding = .9)
  expect_equal(truth(hybrid), truth(plain), tolerance = 1e-12)
  pool <- generate(hybrid, 60000, seed = 2, counterfactuals = TRUE)
  expect_true(all(pool$.u %in% c(-1, 1)))
  expect_lt(abs(mean(pool$.u)), .02)
  naive <- estimate_effect(pool, naive = TRUE, learner_treatment = learn_glm(), learner_outcome = learn_glm())
  bias <- certificate(hybrid)$law$confounding_bias
  expect_gt(bias, .05)
  expect_lt(abs(coef(naive) - truth(pool) - bias), 4 * tidy(naive)$std.error[1] + .005)
  expect_equal(quick(confounding = -.9)$law$confounding_bias, -bias)
  # Given W alone the propensity is the fitted one.
  z <- sum(pool$A - pool$.ps) / sqrt(sum(pool$.ps * (1 - pool$.ps)))
  expect_lt(abs(z), 4)
})

test_that("numbers of many values: effect and noise on their own scale", {
  number <- contract_study(300, "number")
  number$y <- number$y + sin(3 * seq_len(300)) / 7
  fit <- function(...) fit_hybrid(y ~ a | ., number, gen_forest(trees = 5), ..., learner_treatment = learn_glm(),
                                  learner_outcome = learn_glm(), seed = 1)
  plain <- fit()
  expect_equal(truth(fit(effect_scale = -3)), -3 * truth(plain), tolerance = 1e-8)
  double <- generate(fit(effect_scale = 2), 200, seed = 1)
  expect_error(estimate_effect(double, learner_treatment = learn_glm(), learner_outcome = learn_glm()),
               "no interval for the population", class = "causalsynth_error")
  flat <- generate(fit(heterogeneity = 0), 100, seed = 1, counterfactuals = TRUE)
  expect_lt(diff(range(flat$.q1 - flat$.q0)), 1e-8)
  residual <- function(h) {
    p <- generate(h, 20000, seed = 1, counterfactuals = TRUE)
    p$y - ifelse(p$a == 1, p$.q1, p$.q0)
  }
  expect_equal(sd(residual(fit(noise = 3))), 3 * sd(residual(plain)), tolerance = .01)
  expect_equal(sd(residual(fit(noise = 0))), 0)
  expect_equal(sd(residual(fit(confounding = .7))), sd(residual(plain)), tolerance = .05)
})

test_that("knobs are checked, and pools with another effect refuse the population's interval", {
  pool <- generate(quick(effect_scale = 1.1), 1000, seed = 1)
  hidden <- generate(quick(confounding = .4), 1000, seed = 1)
  glm <- function(x, ...) estimate_effect(x, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_snapshot(error = TRUE, {
    quick(effect_scale = 9)
    quick(noise = 0)
    quick(confounding = 2)
    quick(overlap = -1)
    glm(pool)
    glm(hidden)
  })
  expect_s3_class(glm(pool, naive = TRUE), "causalsynth_effect")
  expect_s3_class(glm(generate(quick(heterogeneity = 2), 1000, seed = 1)), "causalsynth_effect")
})

test_that("a hybrid whose knobs changed it does not claim to keep the seed's effect", {
  expect_match(format(plain)[1], "keeps the seed's effect", fixed = TRUE)
  expect_no_match(format(quick(effect_scale = 1.1)), "keeps the seed's effect", fixed = TRUE)
})

test_that("overlap of three arms keeps their shares", {
  ps <- with_r_seed(rng_key(1), matrix(stats::rexp(300), 100))
  ps <- ps / rowSums(ps)
  w <- rep(1:2, 50)
  for (overlap in c(.5, 3)) {
    tilted <- tilt_shares(fit_overlap(overlap, ps, w), ps)
    expect_equal(rowSums(tilted), rep(1, 100))
    expect_equal(colSums(tilted * w), colSums(ps * w), tolerance = 1e-5)
  }
})

test_that("a certificate tells of confounding that nothing measured shows", {
  hybrid <- quick(confounding = 1)
  expect_match(format(certificate(hybrid)), "adjusting for the covariates alone finds", all = FALSE)
})
