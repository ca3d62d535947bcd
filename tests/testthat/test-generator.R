test_that("the class of the data survives", {
  study <- contract_study()
  spec <- gen_forest(trees = 3)
  expect_identical(class(generate(fit_generator(spec, study, seed = 1), 3, seed = 1)), "data.frame")
  skip_if_not_installed("data.table")
  table <- data.table::as.data.table(study)
  rows <- generate(fit_generator(spec, table, seed = 1), 3, seed = 1)
  expect_identical(class(rows), class(table))
  hybrid <- fit_hybrid(y ~ a | ., table, spec, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1)
  expect_identical(class(generate(hybrid, 3, seed = 1)), c("causalsynth_pool", class(table)))
})

test_that("simulations are draws of their own keys", {
  fit <- fit_generator(gen_forest(trees = 3), contract_study(), seed = 1)
  draws <- simulate(fit, 3, seed = 5, n = 4)
  expect_identical(simulate(fit, 2, seed = 5, n = 4), draws[1:2])
  expect_identical(draws[[2]], generate(fit, 4, derive_key(rng_key(5), "simulate", 2)))
  expect_identical(nrow(simulate(fit, 1, seed = 1)[[1]]), 120L)
  expect_identical(simulate(fit, 0), list())
})

test_that("a generator survives being saved; damage is an error", {
  fit <- fit_generator(gen_forest(trees = 3), contract_study(), seed = 1)
  file <- withr::local_tempfile()
  saveRDS(fit, file)
  expect_identical(generate(readRDS(file), 3, seed = 1), generate(fit, 3, seed = 1))
  expect_identical(fit_generator(gen_forest(trees = 3), contract_study(), seed = 1, threads = 3), fit)
  for (cut in c(0, 5, 200, length(fit$model) - 1)) {
    broken <- fit
    broken$model <- fit$model[seq_len(cut)]
    expect_error(generate(broken, 3), "damaged")
  }
})
