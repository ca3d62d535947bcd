# Five treated rows of almost no chance of treatment, none of almost no chance of control.
rows <- function(n = 60) {
  a <- rep(0:1, length.out = n)
  ps <- rep(c(.3, .6), length.out = n)
  ps[1:10] <- .001
  list(a = a, ps = ps, y = sin(seq_len(n)) + a)
}
quiet_nuisance <- function(bounds = .05) {
  d <- rows()
  suppressWarnings(as_nuisance(d$a, d$y, d$ps, d$a * .5, d$a * .2, bounds = bounds,
                               covs = data.frame(w = cos(seq_along(d$a)))))
}

test_that("bounded rows are counted where they enter the estimate", {
  nu <- quiet_nuisance()
  methods <- c("aipw", "or", "matching", "iptw")
  expect_identical(glance(estimate_effect(nu, methods))$n_bounded, c(10, 0, 0, 10))
  expect_identical(glance(estimate_effect(nu, methods, estimand = "ATT"))$n_bounded, c(0, 0, 0, 0))
  expect_identical(glance(estimate_effect(nu, methods, estimand = "ATC"))$n_bounded, c(10, 0, 0, 10))
  expect_identical(glance(estimate_effect(nu, "aipw", estimand = "ATO"))$n_bounded, 0)
  expect_identical(is.na(glance(estimate_effect(nu, methods))$bound), c(FALSE, TRUE, TRUE, FALSE))
  # A pair moves both probabilities: all its rows count.
  expect_identical(glance(estimate_effect(quiet_nuisance(c(.05, 1)), "aipw", estimand = "ATT"))$n_bounded, 10)
})

test_that("print says what is bounded, and warns where much is", {
  nu <- quiet_nuisance()
  told <- function(...) said(estimate_effect(nu, ...))
  expect_match(told("aipw"), "WARNING: little overlap, 16.7 % of rows bounded: intervals may be biased and too narrow",
               all = FALSE, fixed = TRUE)
  att <- told("aipw", estimand = "ATT")
  expect_match(att, "bounded 0 rows of 60 on the control side, which the ATT rests on", all = FALSE)
  expect_no_match(att, "WARNING")
  expect_match(told("aipw", estimand = "ATC"), "WARNING", all = FALSE)
  expect_match(told("or"), "propensity bounds: not used by or", all = FALSE)
  ato <- told("aipw", estimand = "ATO")
  expect_match(ato, "propensity bounds: overlap weights need none", all = FALSE)
  expect_no_match(ato, "WARNING")
})

test_that("the warning of bounded rows fits the estimand that is asked for", {
  study <- generate(dgp_paper("weak"), 200, seed = 1)
  effect <- function(...) {
    estimate_effect(Y ~ A | ., study, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1, ...)
  }
  expect_warning(fit <- effect(), class = "causalsynth_warning_bounded")
  expect_warning(effect(), class = "causalsynth_warning_overlap")
  expect_gt(fit$bounds$n_bounded, 10)
  expect_no_warning(effect(estimand = "ATO"))
  expect_no_warning(effect(method = "or"))
  expect_no_warning(effect(method = "matching"))
  expect_gt(effect(method = "iptw", estimand = "ATO")$bounds$n_bounded, 10)
})

test_that("the warning of several arms is of the same class", {
  d <- data.frame(w = cos(1:120), a = factor(rep(c("x", "y", "z"), 40)))
  d$y <- sin(1:120)
  ps <- cbind(x = rep(c(.001, .4), 60), y = .3, z = 0)
  ps[, "z"] <- 1 - ps[, "x"] - .3
  expect_warning(as_nuisance(d$a, d$y, ps, ps, bounds = .05), class = "causalsynth_warning_bounded")
})
