subgroup_study <- function(n = 600) {
  set.seed(8)
  study <- data.frame(w = rnorm(n), sex = factor(sample(c("f", "m"), n, TRUE, c(.3, .7))), site = sample(1:3, n, TRUE))
  study$a <- rbinom(n, 1, plogis(.4 * study$w))
  study$y <- rbinom(n, 1, plogis(study$w + study$a * (study$sex == "f") - .5 * study$a * (study$site == 2)))
  study
}

test_that("listed subgroups keep the seed's effects", {
  study <- subgroup_study()
  hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 10), subgroups = ~ sex + site, seed = 1,
                       learner_treatment = learn_glm(), learner_outcome = learn_glm())
  table <- hybrid$subgroups
  expect_identical(table$level, c("f", "m", "1", "2", "3"))
  expect_lt(max(abs(table$law - table$seed) / table$std.error), .05)
  expect_equal(truth(hybrid), hybrid$seed_effect$estimate, tolerance = 1e-8)
  # The seed's figure is the TMLE of the subgroup's rows under the same nuisances.
  nu <- nuisance(y ~ a | ., study, learn_glm(), learn_glm(), seed = 1)
  rows <- which(study$sex == "f")
  pieces <- as_nuisance(study$a[rows], study$y[rows], nu$ps[rows], nu$q1[rows], nu$q0[rows],
                        bounds = as.numeric(nu$bounds$value))
  own <- tidy(estimate_effect(pieces, method = "tmle"))
  expect_equal(table$seed[1], own$estimate[1], tolerance = 1e-8)
  expect_equal(table$std.error[1], own$std.error[1], tolerance = 1e-6)
  pool <- generate(hybrid, 40000, seed = 2, counterfactuals = TRUE)
  for (k in 1:2) {
    effects <- (pool$.q1 - pool$.q0)[pool$sex == c("f", "m")[k]]
    expect_lt(abs(mean(effects) - table$law[k]), 4 * sd(effects) / sqrt(length(effects)))
  }
  expect_speaks(certificate(hybrid))
})

test_that("subgroups are checked", {
  study <- subgroup_study(100)
  quick <- function(...) fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), ..., learner_treatment = learn_glm(),
                                    learner_outcome = learn_glm(), seed = 1)
  expect_snapshot(error = TRUE, {
    quick(subgroups = "age")
    quick(subgroups = 3)
    quick(subgroups = "w")
    quick(subgroups = "sex", targeted = FALSE)
  })
  study$rare <- c(rep("no", 98), rep("yes", 2))
  expect_error(quick(subgroups = "rare"), "at least 5", class = "causalsynth_error_data")
})
