test_that("remedies are the estimates of their own calls", {
  parts <- pair_parts()
  study <- generate(dgp_paper("moderate"), 150, seed = 6)
  pair <- pair_synthetic(Y ~ A | ., study, parts$pool, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                         seed = 5)
  found <- compare_remedies(pair, trial = parts$trial, learner_membership = learn_glm(), seed = 7)
  table <- tidy(found)
  expect_identical(table$remedy, c("none", "bounded propensity", "trimming", "overlap weights", "synthetic twins",
                                   "fused with the trial"))
  nu <- nuisance(Y ~ A | ., study, learn_glm(), learn_glm(), bounds = NULL)
  expect_equal(table$estimate[1], coef(estimate_effect(nu))[[1]], tolerance = 1e-10)
  expect_equal(table$estimate[4], coef(estimate_effect(nu, estimand = "ATO"))[[1]], tolerance = 1e-10)
  kept <- nu$ps >= pair$threshold & nu$ps <= 1 - pair$threshold
  expect_equal(as.numeric(table$n[3]), sum(kept))
  expect_equal(table$estimate[5], coef(estimate_effect(pair))[[1]], tolerance = 1e-10)
  expect_false(anyNA(table$std.error))
  expect_draws(autoplot(found))
  expect_speaks(found)
})

test_that("what cannot be estimated says why", {
  pair <- small_pair(propensity = rep(c(0, .5), 60))
  table <- tidy(compare_remedies(pair, "iptw", seed = 1))
  expect_match(table$note[1], "probability 0")
  expect_match(table$note[5], "no standard error")
  expect_identical(nrow(table), 5L)
  expect_error(compare_remedies(1), class = "causalsynth_error_input")
  expect_error(compare_remedies(pair, "or"), class = "causalsynth_error_input")
})
