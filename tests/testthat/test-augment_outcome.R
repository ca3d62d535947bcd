augmented <- function(...) {
  parts <- pair_parts()
  study <- generate(dgp_paper("weak"), 150, seed = 4)
  augment_outcome(Y ~ A | ., study, parts$pool, ..., learner_treatment = learn_forest(trees = 50),
                  learner_outcome = learn_forest(trees = 50), seed = 5, threads = 2)
}

test_that("the study alone is its TMLE, its outcome regression and nothing else", {
  study <- generate(dgp_paper("weak"), 150, seed = 4)
  fit <- augmented(flip = 0)
  table <- tidy(fit)
  alone <- suppressWarnings(nuisance(Y ~ A | ., study, learn_forest(trees = 50), learn_forest(trees = 50),
                                     seed = derive_key(rng_key(5), "study")))
  own <- table[table$fitted_on == "study", ]
  expect_identical(own$correction, c("none", "targeted", "soft refit"))
  refitted <- honest_means(list(covs = alone$covs, treat = alone$treat), alone$outcome, alone,
                           list(learners = list(outcome = learn_forest(trees = 50)), threads = 1L, call = NULL),
                           derive_key(derive_key(rng_key(5), "alone", 0), "regression"))
  expect_equal(own$estimate[1], mean(refitted$q1 - refitted$q0), tolerance = 1e-12)
  alone$q1 <- refitted$q1
  alone$q0 <- refitted$q0
  peer <- estimate_effect(alone, method = "tmle")
  expect_equal(own$estimate[2], coef(peer)[[1]], tolerance = 1e-10)
  expect_equal(own$std.error[2], sqrt(vcov(peer)[1]), tolerance = 1e-10)
  expect_equal(own$conf.high[2], own$estimate[2] + qnorm(.975) * own$std.error[2])
  expect_identical(is.na(table$std.error), !(table$correction == "targeted" & table$over == "study"))
})

test_that("the correction is transported by the study's epsilon", {
  fit <- augmented(flip = c(0, .1))
  table <- tidy(fit)
  expect_identical(nrow(table), 3L + 2L * 6L)
  expect_identical(unique(table$flip), c(0, .1))
  expect_true(all(table$mean_1 >= 0 & table$mean_1 <= 1))
  expect_equal(table$estimate, table$mean_1 - table$mean_0)
  # Flips pull the regression's effect towards zero.
  plain <- table[table$correction == "none" & table$over == "study + pool", ]
  expect_lt(plain$estimate[2], plain$estimate[1])
  expect_identical(augmented(flip = c(0, .1)), fit)
})

test_that("an outcome that is a number is augmented, its flips refused", {
  study <- contract_study(80, "number")
  pool <- generate(contract_hybrid(outcome = "number"), 200, seed = 2)
  fit <- augment_outcome(y ~ a | ., study, pool, flip = 0, learner_treatment = learn_glm(),
                         learner_outcome = learn_glm(), seed = 1)
  expect_identical(nrow(tidy(fit)), 9L)
  expect_snapshot(error = TRUE, {
    augment_outcome(y ~ a | ., study, pool)
    augment_outcome(y ~ a | ., study, as.data.frame(pool)[-1], flip = 0)
    augment_outcome(y ~ a | ., study, pool, flip = 2)
  })
})
