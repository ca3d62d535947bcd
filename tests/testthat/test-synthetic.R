test_that("on a pool SE^2 is the seed's variance plus the pool's own", {
  study <- generate(dgp_paper(), 400, seed = 1)
  glm <- function(x, ...) {
    estimate_effect(x, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1)
  }
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 2)
  pool <- generate(hybrid, 2000, seed = 3, counterfactuals = TRUE)
  methods <- c("aipw", "tmle")
  all <- tidy(glm(pool, method = methods, contrasts = TRUE))
  naive <- tidy(glm(pool, method = methods, contrasts = TRUE, naive = TRUE))
  seed <- tidy(glm(Y ~ A | ., data = study, method = "tmle", contrasts = TRUE))
  expect_equal(all$estimate, naive$estimate)
  own <- all$std.error^2 - naive$std.error^2
  expect_equal(own, rep(seed$std.error^2, 2), tolerance = 1e-6)
  expect_equal(hybrid$seed_effect$std.error, seed$std.error[1], tolerance = 1e-10)
  expect_output(print(glm(pool)), "seed's variance")
  expect_error(glm(pool, estimand = "ATT"), class = "causalsynth_error_input")
})

test_that("synthetic = list(n, k, m) scales by k/n + 1/m", {
  study <- generate(dgp_paper(), 300, seed = 1)
  glm <- function(...) {
    estimate_effect(Y ~ A | ., study, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm())
  }
  plain <- tidy(glm())
  expect_equal(tidy(glm(synthetic = list(n = 100, m = 2)))$std.error, plain$std.error * sqrt(3.5))
  expect_equal(tidy(glm(synthetic = list(n = 100, k = 50)))$std.error, plain$std.error * sqrt(1.5))
  expect_output(print(glm(synthetic = list(n = 100))), "approximate")
  expect_snapshot(error = TRUE, {
    glm(synthetic = 5)
    glm(synthetic = list(n = 0))
    glm(synthetic = list(k = 3))
  })
})

test_that("a pool's effect is of its own roles, labelled when rows were selected", {
  study <- generate(dgp_paper(), 300, seed = 1)
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 2)
  pool <- generate(hybrid, 400, seed = 3)
  glm <- function(x, ...) estimate_effect(x, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm())
  fit <- glm(pool, seed = 1)
  expect_no_match(fit$synthetic, "selected")
  expect_match(glm(pool[pool$W1 == 1, ])$synthetic, "rows were selected")
  more <- pool
  more$copy <- pool$Y * 3
  expect_identical(coef(glm(more, seed = 1)), coef(fit))
  expect_identical(coef(glm(pool, estimand = c("ATE", "ATT", "ATC", "ATO"), seed = 1)), coef(fit))
  expect_error(glm(pool, synthetic = list(n = 300)), class = "causalsynth_error_input")
  expect_error(glm(pool, estimand = c("ATE", "ATT")), class = "causalsynth_error_input")
  expect_error(glm(pool, estimand = "none"), "estimand", class = "causalsynth_error_input")
})

test_that("a pool's arms taken the other way round inherit the same error", {
  study <- generate(dgp_paper(), 300, seed = 1)
  study$A <- factor(study$A, labels = c("old", "new"))
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = 1)
  pool <- generate(hybrid, 2000, seed = 2)
  run <- function(reference) {
    tidy(estimate_effect(pool, reference = reference, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                         contrasts = TRUE))
  }
  one <- run("old")
  other <- run("new")
  expect_equal(other$estimate[other$term == "ATE"], -one$estimate[one$term == "ATE"], tolerance = 1e-8)
  expect_equal(other$std.error[other$term == "ATE"], one$std.error[one$term == "ATE"], tolerance = 1e-8)
  expect_equal(other$std.error[other$term == "mean_1"], one$std.error[one$term == "mean_0"], tolerance = 1e-8)
})
