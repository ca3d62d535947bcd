arm_study <- function(n = 240) {
  i <- seq_len(n)
  w <- stats::qnorm((i * .618034) %% 1 * .98 + .01)
  g <- factor(c("u", "v", "w")[1 + (i * 7) %% 3])
  u <- (i * .414214) %% 1
  arm <- factor(c("none", "low", "high"))[1 + (u > plogis(.5 * w) * .6) + (u > .7 + .1 * (g == "v"))]
  data.frame(w, g, arm = factor(arm, c("none", "low", "high")))
}

test_that("probabilities solve the multinomial score and equal nnet::multinom()'s", {
  d <- arm_study()
  fit <- fit_arms(learn_glm(), d[c("w", "g")], d$arm, NULL, 1, stats::terms(~ w + g))
  shares <- predict_arms(fit, d[c("w", "g")])
  expect_equal(rowSums(shares), rep(1, 240), tolerance = 1e-12)
  x <- stats::model.matrix(~ w + g, d)
  observed <- outer(as.integer(d$arm), 1:3, "==")
  expect_lt(max(abs(crossprod(x, observed - shares))), 1e-8)
  expect_true(fit$converged)
  skip_if_not_installed("nnet")
  theirs <- nnet::multinom(arm ~ w + g, d, trace = FALSE, reltol = 1e-14, maxit = 1000)
  expect_lt(max(abs(shares - stats::fitted(theirs))), 1e-5)
})

test_that("with two arms it is the logistic regression", {
  d <- droplevels(arm_study()[arm_study()$arm != "high", ])
  fit <- fit_arms(learn_glm(), d["w"], d$arm, NULL, 1, stats::terms(~w))
  logistic <- stats::fitted(glm(arm == "low" ~ w, binomial, d, control = glm.control(1e-14)))
  expect_equal(predict_arms(fit, d["w"])[, 2], unname(logistic), tolerance = 1e-9)
})

test_that("case weights equal repeated rows; collinear columns are set aside", {
  d <- arm_study(120)
  times <- rep(1:2, 60)
  twice <- d[rep(1:120, times), ]
  weighted <- fit_arms(learn_glm(), d[c("w", "g")], d$arm, NULL, 1, stats::terms(~ w + g), weights = times)
  long <- fit_arms(learn_glm(), twice[c("w", "g")], twice$arm, NULL, 1, stats::terms(~ w + g))
  expect_equal(weighted$coefficients, long$coefficients, tolerance = 1e-8)
  d$copy <- 2 * d$w + 1
  fit <- fit_arms(learn_glm(), d[c("w", "copy")], d$arm, NULL, 1, stats::terms(~ w + copy))
  expect_equal(sum(fit$aliased), 1)
  plain <- fit_arms(learn_glm(), d["w"], d$arm, NULL, 1, stats::terms(~w))
  expect_equal(predict_arms(fit, d), predict_arms(plain, d), tolerance = 1e-8)
})

test_that("separated arms are a warning, too few rows an error", {
  d <- arm_study(60)
  d$w <- as.integer(d$arm) + seq_len(60) / 1000
  expect_warning(fit_arms(learn_glm(), d["w"], d$arm, NULL, 1, stats::terms(~w)), class = "causalsynth_warning_fit")
  expect_error(fit_arms(learn_glm(), d[1:3, c("w", "g")], d$arm[1:3], NULL, 1, stats::terms(~ w + g)),
               class = "causalsynth_error_data")
})

test_that("a fitted multinomial regression prints what it is", {
  x <- data.frame(w = sin(1:60), v = cos(3 * (1:60)))
  fit <- fit_arms(learn_glm(), x, factor(rep(0:2, 20)), rng_key(1), 1L)
  expect_output(print(fit), "<multinomial fit> 60 rows, 3 arms, 3 of 3 columns")
})
