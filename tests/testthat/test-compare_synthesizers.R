compared <- function(sets, ...) {
  compare_synthesizers(sets, fidelity_study(160), ..., learner = learn_glm(), permutations = 2, seed = 1)
}

test_that("data frames, specs, fits and hybrids are compared over one holdout", {
  real <- fidelity_study(160)
  holdout <- fidelity_study(120, 900)
  sets <- list(like = fidelity_study(160, 400), spec = gen_copula(), fit = fit_generator(gen_copula(), real, seed = 1),
               hybrid = fit_hybrid(y ~ a | ., real, gen_copula(), learner_treatment = learn_glm(),
                                   learner_outcome = learn_glm(), seed = 1),
               far = transform(fidelity_study(160, 400), w = -2 * w), broken = gen_function(function(n) stop("none")))
  found <- compared(sets, holdout, formula = y ~ a | .)
  expect_speaks(found)
  table <- tidy(found)
  expect_identical(names(table), c("synthesizer", "metric", "estimate", "conf.low", "conf.high", "reference", "n",
                                   "rank"))
  expect_identical(sort(found$ranks$synthesizer), sort(c("like", "spec", "fit", "hybrid", "far")))
  expect_identical(found$failures$synthesizer, "broken")
  expect_identical(found$ranks$synthesizer[5], "far")
  # One holdout, one reference.
  spread <- tapply(table$reference, table$metric, function(r) diff(range(r)))
  expect_true(all(spread[!names(spread) %in% "ate_error_aipw"] < 1e-12))
  like <- found$fidelity$like$scores
  own <- table[table$synthesizer == "like", ]
  expect_equal(own$estimate[own$metric == "ks_mean"], like$estimate[like$metric == "ks_mean"])
  expect_table(glance(found), 1)
  expect_identical(glance(found)$failed, 1L)
  expect_draws(autoplot(found))
})

test_that("distances are dcr()'s, and copies come last", {
  real <- fidelity_study(160)
  holdout <- fidelity_study(160, 900)
  found <- compared(list(copies = transform(real, w = w + 1e-3), fresh = fidelity_study(160, 400)), holdout)
  value <- function(name, metric) found$scores$estimate[found$scores$synthesizer == name & found$scores$metric == metric]
  fresh <- fidelity_study(160, 400)
  near <- dcr(real, fresh)$distance
  far <- dcr(holdout, fresh)$distance
  expect_equal(value("fresh", "dcr_median"), median(near))
  expect_equal(value("fresh", "dcr_share"), mean((near < far) + (near == far) / 2))
  expect_gt(value("copies", "dcr_share"), .95)
  expect_identical(found$ranks$synthesizer, c("fresh", "copies"))
  expect_identical(found$ranks$close, c(FALSE, TRUE))
})

test_that("no holdout, one set, and wrong input", {
  one <- compared(fidelity_study(80, 400))
  expect_identical(one$holdout, "split")
  expect_identical(one$ranks$synthesizer, "set 1")
  expect_speaks(one)
  expect_snapshot(error = TRUE, {
    compared(list())
    compared(list(a = 1))
    compared(list(a = gen_copula(), a = gen_copula()))
    compared(list(a = gen_copula()), formula = y ~ b | .)
    compared(list(a = fidelity_study(50)["w"]))
  })
})
