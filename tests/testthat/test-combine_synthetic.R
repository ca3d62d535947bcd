hybrid <- contract_hybrid()
sets <- simulate(hybrid, 3, seed = 3, n = 200)
glm_effect <- function(x, ...) estimate_effect(x, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm())

test_that("pools of one hybrid: the seed's variance once, their own over m", {
  both <- combine_synthetic(sets, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                            method = c("aipw", "tmle"))
  one <- lapply(sets, glm_effect, method = c("aipw", "tmle"), naive = TRUE)
  expect_equal(unname(coef(both)[1]), mean(vapply(one, function(f) coef(f)[[1]], 1)))
  own <- mean(vapply(one, function(f) tidy(f)$std.error[1]^2, 1))
  expect_equal(both$estimates$std.error[1]^2, hybrid$seed_effect$std.error^2 + own / 3, tolerance = 1e-8)
  expect_identical(both$rule, "seed")
  expect_equal(c(both$m, both$n, both$k), c(3, 120, 200))
  expect_speaks(both)
  expect_table(tidy(both), 6, c("term", "estimate", "std.error", "df", "statistic", "p.value", "conf.low", "conf.high"))
  expect_equal(confint(both)[1, 2], coef(both)[[1]] + qnorm(.975) * both$estimates$std.error[1])
  expect_equal(sqrt(diag(vcov(both)))[[2]], both$estimates$std.error[2])
  # One pool alone is estimate_effect()'s.
  single <- combine_synthetic(sets[[1]], learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_equal(single$estimates$std.error, tidy(glm_effect(sets[[1]]))$std.error)
})

test_that("proper hybrids vary with the seed and count it once more", {
  study <- contract_study()
  proper <- lapply(1:2, function(i) {
    fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), proper = TRUE, learner_treatment = learn_glm(),
               learner_outcome = learn_glm(), seed = i)
  })
  expect_false(truth(proper[[1]]) == truth(proper[[2]]))
  expect_equal(truth(proper[[1]]), proper[[1]]$drawn_effect$estimate, tolerance = 1e-6)
  expect_equal(proper[[1]]$seed_effect$estimate, proper[[2]]$seed_effect$estimate)
  expect_speaks(certificate(proper[[1]]))
  pools <- lapply(proper, generate, n = 400, seed = 1)
  both <- combine_synthetic(pools, learner_treatment = learn_glm(), learner_outcome = learn_glm())
  own <- both$within[1, 1] / 2
  expect_equal(both$estimates$std.error[1]^2, 1.5 * hybrid$seed_effect$std.error^2 + own, tolerance = 1e-8)
  expect_error(combine_synthetic(c(pools, sets[1]), learner_treatment = learn_glm(), learner_outcome = learn_glm()),
               "different seeds", class = "causalsynth_error_input")
})

test_that("fits of any class are combined by each rule's formula", {
  fits <- lapply(sets, function(set) glm(y ~ a + w, binomial, as.data.frame(set)))
  q <- vapply(fits, function(f) coef(f)[["a"]], 1)
  v <- mean(vapply(fits, function(f) vcov(f)["a", "a"], 1))
  b <- var(q)
  se2 <- function(...) combine_synthetic(fits, ...)$estimates$std.error[2]^2
  expect_equal(se2(n = 120), v * (200 / 120 + 1 / 3))
  expect_equal(se2(n = 120, rule = "proper"), v * (200 / 120 + (1 + 200 / 120) / 3))
  expect_equal(se2(n = 120, k = 60), v * (.5 + 1 / 3))
  partial <- combine_synthetic(fits, rule = "partial")
  expect_equal(partial$estimates$std.error[2]^2, v + b / 3)
  expect_equal(partial$estimates$df[2], 2 * (1 + v / (b / 3))^2)
  full <- combine_synthetic(fits)
  raw <- (4 / 3) * b - v
  expect_equal(full$estimates$std.error[2]^2, if (raw > 0) raw else v)
  expect_equal(se2(rule = "full", n = 120), if (raw > 0) raw else v * 200 / 120)
  expect_equal(unname(coef(full)["a"]), mean(q))
  expect_speaks(full)
})

test_that("Cox regressions are combined", {
  skip_if_not_installed("survival")
  fits <- lapply(1:2, function(i) {
    d <- data.frame(time = 1:40 + i / 3, event = rep(c(1, 0, 1), length.out = 40), x = sin(i * 1:40))
    survival::coxph(survival::Surv(time, event) ~ x, d)
  })
  both <- combine_synthetic(fits, n = 30)
  expect_equal(both$estimates$std.error^2, mean(vapply(fits, vcov, 1)) * (40 / 30 + .5))
  expect_equal(both$k, 40)
})

test_that("what cannot be combined is named", {
  fit <- glm(y ~ a, binomial, as.data.frame(sets[[1]]))
  other <- glm(y ~ w, binomial, as.data.frame(sets[[1]]))
  expect_snapshot(error = TRUE, {
    combine_synthetic(list())
    combine_synthetic(list(fit, other), n = 120)
    combine_synthetic(list(fit, 3), n = 120)
    combine_synthetic(fit)
    combine_synthetic(list(fit, fit), rule = "seed")
    combine_synthetic(list(fit, fit), rule = "simple")
    combine_synthetic(list(fit, sets[[1]]))
    combine_synthetic(list(fit), n = 120, tol = 1)
  })
})

test_that("what was combined has rows, coefficients and intervals of its terms", {
  one <- combine_synthetic(sets, learner_treatment = learn_glm(), learner_outcome = learn_glm(), contrasts = TRUE)
  expect_identical(nobs(one), one$k)
  term <- names(coef(one))[2]
  expect_identical(confint(one, term), confint(one)[term, , drop = FALSE])
  expect_identical(rownames(vcov(one)), names(coef(one)))
})
