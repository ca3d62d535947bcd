glm_fit <- function(x, y, family = "gaussian", terms = NULL, ...) {
  fit_learner(learn_glm(), x, y, family, rng_key(1), 1L, terms, ...)
}

test_that("least squares and logistic regression equal base R", {
  fit <- glm_fit(mtcars[c("wt", "hp")], mtcars$mpg, weights = mtcars$qsec)
  expect_equal(unname(fit$coefficients), unname(coef(lm(mpg ~ wt + hp, mtcars, weights = qsec))))
  fit <- glm_fit(mtcars[c("wt", "hp")], mtcars$am, "binomial")
  expect_equal(unname(fit$coefficients), unname(coef(glm(am ~ wt + hp, binomial, mtcars, epsilon = 1e-14))),
               tolerance = 1e-8)
  expect_equal(predict_fit(fit, mtcars[1:3, ]), fit$fitted[1:3])
})

test_that("terms with splines, transformations and interactions are fixed at fit", {
  f <- ~ splines::ns(wt, 3) + I(hp^2) + factor(cyl) * qsec
  fit <- glm_fit(mtcars, mtcars$mpg, terms = terms(f))
  base <- lm(update(f, mpg ~ .), mtcars)
  expect_equal(predict_fit(fit, mtcars[5:9, ]), unname(predict(base, mtcars[5:9, ])))
})

test_that("constant, collinear and one-level columns do no harm", {
  x <- transform(mtcars[c("wt", "hp")], wt2 = wt * 2, one = 1, level = factor("a"), text = "b")
  fit <- glm_fit(x, mtcars$mpg)
  expect_equal(fit$rank, 3)
  expect_equal(predict_fit(fit, x), unname(fitted(lm(mpg ~ wt + hp, mtcars))))
  expect_true(all(is.finite(predict_fit(glm_fit(x, mtcars$am, "binomial"), x))))
})

test_that("missing values become mean or mode with an indicator, also in new rows", {
  x <- data.frame(w = c(NA, 1:29), g = c("a", NA, rep(c("a", "b"), 14)))
  fit <- glm_fit(x, sin(1:30))
  expect_equal(fit$design$n_missing, c(w = 1, g = 1))
  expect_equal(colnames(fit$x), c("(Intercept)", "w", "gb", "w:missing", "g:missing"))
  expect_equal(fit$x[1, "w"], c(w = mean(1:29)))
  expect_equal(unname(design_matrix(fit$design, data.frame(w = NA_real_, g = "b"))[1, ]), c(1, 15, 1, 1, 0))
})

test_that("errors name columns and levels; separation is a warning", {
  x <- data.frame(g = rep(c("a", "b"), 10), w = 1:20)
  fit <- glm_fit(x, sin(1:20))
  expect_snapshot(error = TRUE, {
    predict_fit(fit, data.frame(g = c("a", "z"), w = 1))
    predict_fit(fit, data.frame(w = 1))
    glm_fit(x[1:3, ], 1:3)
    glm_fit(x, sin(1:20), terms = terms(~ log(w - 1)))
    learn_glm("arm")
  })
  expect_warning(glm_fit(x["w"], rep(0:1, each = 10), "binomial"), class = "causalsynth_warning_fit")
})

test_that("a column of the smallest numbers is set aside, and does not reach standard errors", {
  study <- generate(dgp_paper(), 60, seed = 1)
  plain <- estimate_effect(Y ~ A | W1 + W4, study, c("iptw", "or"), learner_treatment = learn_glm(),
                           learner_outcome = learn_glm())
  study$tiny <- rep(c(0, 4.94e-324, -1.48e-323), 20)
  with_tiny <- estimate_effect(Y ~ A | W1 + W4 + tiny, study, c("iptw", "or"), learner_treatment = learn_glm(),
                               learner_outcome = learn_glm())
  expect_equal(tidy(with_tiny)$std.error, tidy(plain)$std.error, tolerance = 1e-8)
})

test_that("a fitted regression prints what it is", {
  x <- data.frame(w = 1:6, v = 2 * (1:6))
  fit <- fit_learner(learn_glm(), x, c(0, 1, 0, 1, 1, 0), "binomial", rng_key(1), 1L)
  expect_output(print(fit), "<glm fit> binomial 6 rows, rank 2 of 3 columns")
})
