study <- function(n = 60) {
  i <- seq_len(n)
  data.frame(w = sin(i), g = rep(c("a", "b", "c"), length.out = n), a = rep(0:1, length.out = n), y = cos(i * 1.3))
}
quiet <- function(...) nuisance(..., learner_treatment = learn_glm(), learner_outcome = learn_glm())

test_that("out-of-bag predictions serve the own arm, whole fits the other", {
  d <- study()
  nu <- nuisance(y ~ a | w, d, learn_mean(), learn_mean())
  one <- d$y[d$a == 1]
  expect_equal(nu$q1[d$a == 1], (sum(one) - one) / (length(one) - 1))
  expect_equal(nu$q1[d$a == 0], rep(mean(one), sum(d$a == 0)))
  expect_equal(unname(nu$crossfit), c("oob", "oob"))
  expect_equal(unname(nuisance(y ~ a | w, d, learn_glm(), learn_mean())$crossfit), c("none", "oob"))
  expect_warning(nuisance(y ~ a | w, d, learn_mean(), learn_mean(), crossfit = "none"),
                 class = "causalsynth_warning_crossfit")
})

test_that("folds are stratified, follow the seed, and repeats combine by the median", {
  d <- study()
  a <- quiet(y ~ a | w + g, d, crossfit = "folds", seed = 1, repeats = 3)
  expect_identical(a$ps, quiet(y ~ a | w + g, d, crossfit = "folds", seed = 1, repeats = 3)$ps)
  expect_false(identical(a$q1, quiet(y ~ a | w + g, d, crossfit = "folds", seed = 2)$q1))
  fit <- estimate_effect(a)
  each <- lapply(a$repeats, function(r) estimate_effect(as_nuisance(d$a, d$y, r$ps, r$q1, r$q0)))
  theta <- vapply(each, coef, 1)
  expect_equal(unname(coef(fit)), median(theta))
  expect_equal(vcov(fit)[1, 1], median(vapply(each, function(e) vcov(e)[1, 1], 1) + (theta - median(theta))^2))
  job <- list(treat = d$a, outcome = d$y, family = "gaussian", folds = 5)
  expect_true(all(table(stratified_folds(job, rng_key(1)), d$a) == 6))
})

test_that("joint glm predicts under both treatments", {
  d <- study()
  nu <- nuisance(y ~ a | w, d, learn_glm(), learn_glm("joint"))
  fit <- lm(y ~ a + w, d)
  expect_equal(nu$q1 - nu$q0, rep(coef(fit)[["a"]], 60))
  v <- vcov(estimate_effect(nu, method = "or"))[1, 1]
  x <- model.matrix(fit)
  b <- solve(crossprod(x))
  expect_equal(v, (b %*% crossprod(x * residuals(fit)) %*% b)[2, 2])
})

test_that("bounds count rows by arm and warn over 5 %", {
  ps <- c(rep(.01, 10), rep(.5, 80), rep(.99, 10))
  a <- rep(0:1, 50)
  expect_warning(nu <- as_nuisance(a, sin(1:100), ps, a, a, bounds = .05), class = "causalsynth_warning_overlap")
  expect_equal(nu$bounds[c("n_bounded_1", "n_bounded_0")], list(n_bounded_1 = 10, n_bounded_0 = 10))
  expect_equal(range(nu$g1), c(.05, .99))
  suppressWarnings(nu <- as_nuisance(a, sin(1:100), ps, a, a, bounds = c(.05, .95)))
  expect_equal(range(nu$g1), c(.05, .95))
  expect_equal(nu$g0, 1 - nu$g1)
  expect_equal(resolve_bounds("gruber", 200)$value, 5 / (sqrt(200) * log(200)))
})

test_that("bad input is a classed error", {
  d <- study()
  expect_snapshot(error = TRUE, {
    quiet(y ~ a | w, transform(d, a = rep(0:2, 20)))
    quiet(y ~ a | w, transform(d, a = 1))
    quiet(y ~ a | w, transform(d, y = 2))
    quiet(y ~ a | w, transform(d, y = c(NA, y[-1])))
    quiet(y ~ a | w, transform(d, a = c(NA, a[-1])))
    quiet(y ~ a | w, transform(d, w = c(Inf, w[-1])))
    quiet(y ~ a | g + w, d[1:8, ])
    quiet(y ~ a | nothing, d)
    quiet(y ~ a | w, d, bounds = .7)
    quiet(y ~ a | w, d, crossfit = "loo")
    quiet(y ~ a | w, d, crossfit = "oob")
    quiet(y ~ a | w, d, weights = 1:3)
    nuisance(y ~ a | w, d, "glm", learn_glm())
    as_nuisance(d$a, d$y, rep(2, 60), d$y, d$y)
    as_nuisance(d$a, d$y, d$w[1:3], d$y, d$y)
    as_nuisance(d$a, d$y, c(NA, rep(.5, 59)), d$y, d$y)
  })
})

test_that("na.omit drops rows of all parts alike", {
  d <- study()
  d$y[3] <- NA
  nu <- quiet(y ~ a | w, d, na.action = na.omit, weights = seq_len(60))
  expect_equal(nu$n, 59)
  expect_equal(nu$weights, setdiff(1:60, 3))
  expect_match(paste(format(nu), collapse = " "), "1 row omitted")
})
