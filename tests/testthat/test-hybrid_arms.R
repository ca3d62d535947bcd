arms_study <- function(n = 600) {
  set.seed(6)
  study <- data.frame(w = rnorm(n), g = factor(sample(c("u", "v"), n, TRUE)))
  study$a <- factor(c("none", "low", "high")[1 + rbinom(n, 2, plogis(.3 * study$w))], c("none", "low", "high"))
  study$y <- rbinom(n, 1, plogis(-.5 + study$w + .5 * as.integer(study$a)))
  study
}

test_that("hybrids of several arms keep each arm's mean, by every kind of learner", {
  study <- arms_study()
  for (learner in list(learn_glm(), learn_forest(trees = 50), learn_forest(trees = 50, outcome = "joint"))) {
    hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), learner_treatment = learner,
                         learner_outcome = learner, seed = 1)
    seed <- estimate_effect(y ~ a | ., study, method = "tmle", learner_treatment = learner, learner_outcome = learner,
                            seed = 1)
    expect_equal(hybrid$seed_effect$table$estimate, tidy(seed)$estimate, tolerance = 1e-10)
    for (term in c("ATE_low", "ATE_high", "mean_none")) {
      expect_equal(truth(hybrid, term), coef(seed, complete = TRUE)[[term]], tolerance = 1e-7)
    }
  }
  expect_speaks(hybrid)
  expect_speaks(certificate(hybrid))
  expect_table(tidy(hybrid), 5, c("term", "seed", "law"))
  expect_table(glance(hybrid), 1)
  expect_draws(autoplot(hybrid, n = 100, seed = 1))
  expect_error(truth(hybrid), "ATE_low", class = "causalsynth_error_input")
})

test_that("their pools know each arm's means, and intervals for the population", {
  study <- arms_study()
  hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 1)
  pool <- generate(hybrid, 3000, seed = 2, counterfactuals = TRUE)
  expect_speaks(pool)
  expect_draws(autoplot(pool))
  expect_identical(levels(pool$a), levels(study$a))
  expect_equal(rowSums(as.data.frame(pool)[paste0(".ps_", levels(study$a))]), rep(1, 3000), tolerance = 1e-12,
               ignore_attr = TRUE)
  expect_equal(truth(pool[pool$w > 0, ], "ATE_high"), mean((pool$.q_high - pool$.q_none)[pool$w > 0]))
  own <- function(...) estimate_effect(pool, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm())
  all <- tidy(own(contrasts = TRUE))
  added <- all$std.error^2 - tidy(own(contrasts = TRUE, naive = TRUE))$std.error^2
  seed <- tidy(estimate_effect(y ~ a | ., study, method = "tmle", contrasts = TRUE, learner_treatment = learn_glm(),
                               learner_outcome = learn_glm(), seed = 1))
  expect_equal(added, seed$std.error^2, tolerance = 1e-6)
  other <- tidy(own(reference = "low"))
  expect_identical(other$term[1:2], c("ATE_none", "ATE_high"))
  expect_equal(other$std.error[1], all$std.error[1], tolerance = 1e-6)
})
