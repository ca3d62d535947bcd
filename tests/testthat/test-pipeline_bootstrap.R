test_that("the whole pipeline is run anew on each resample, whatever the workers", {
  study <- contract_study()
  plain <- fit_hybrid(y ~ a | ., study, gen_data(study), targeted = FALSE, seed = 2, learner_treatment = learn_glm(),
                      learner_outcome = learn_glm())
  ask <- function(x, ...) {
    pipeline_bootstrap(x, study, ..., replicates = 6, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = 3)
  }
  fit <- ask(plain, threads = 1)
  expect_speaks(fit)
  expect_identical(dim(fit$bootstrap$values), c(6L, 3L))
  expect_equal(tidy(fit)$std.error, apply(fit$bootstrap$values, 2, sd), ignore_attr = TRUE)
  expect_match(fit$inference, "whole pipeline")
  expect_identical(ask(plain, threads = 2)$bootstrap$values, fit$bootstrap$values)
  full <- ask(gen_forest(trees = 5), formula = y ~ a | ., k = 150)
  expect_identical(nobs(full), 150L)
  expect_gt(tidy(full)$std.error[1], 0)
})

test_that("what cannot be run anew is named", {
  hybrid <- contract_hybrid()
  file <- tempfile()
  write_model(hybrid, file)
  expect_snapshot(error = TRUE, {
    pipeline_bootstrap(read_model(file), contract_study())
    pipeline_bootstrap(gen_forest(), contract_study())
    pipeline_bootstrap(1, contract_study())
    pipeline_bootstrap(hybrid, contract_study(), replicates = 1)
  })
})
