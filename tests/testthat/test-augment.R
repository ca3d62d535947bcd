study <- balance_study()
fitted <- as_nuisance(study$a, study$y, study$ps, study$y + .1, study$y, bounds = NULL, weights = study$case,
                      covs = study[c("number", "group")])

test_that("effects add propensity, weights and regressions to the data", {
  fit <- estimate_effect(fitted, "iptw", estimand = "ATT")
  out <- augment(fit, study)
  expect_identical(out[names(study)], study)
  expect_named(out, c(names(study), ".ps", ".q1", ".q0", "distance", ".weights", "weights"))
  expect_identical(out$distance, study$ps)
  expect_equal(out$.weights, ifelse(study$a == 1, 1, study$ps / (1 - study$ps)))
  expect_equal(out$weights, out$.weights * study$case)
  expect_equal(coef(lm(y ~ a, out, weights = weights))[["a"]], coef(fit)[["ATT"]])
  bare <- augment(fit)
  expect_identical(names(bare)[1:4], c("number", "group", ".treat", ".outcome"))
  expect_identical(bare$.outcome, study$y)
})

test_that("several methods have a column each", {
  fit <- estimate_effect(fitted, list("iptw", small = est_iptw(cap = 2)))
  out <- augment(fit, study)
  expect_true(all(c(".weights_iptw", ".weights_small", "weights_iptw", "weights_small") %in% names(out)))
  expect_equal(out$weights_small, out$.weights_small * study$case)
  expect_equal(max(out$.weights_small), 2)
})

test_that("subclasses come where a method makes them", {
  fit <- estimate_effect(fitted, "iptw")
  fit$subclass <- factor(rep(1:5, 30))
  expect_identical(augment(fit, study)$subclass, fit$subclass)
  expect_identical(augment(fit, study, subclass = "stratum")$stratum, fit$subclass)
  expect_null(augment(fit, study, subclass = NULL)$subclass)
})

test_that("nuisances add the weights of the estimand asked for", {
  for (estimand in c("ATE", "ATT", "ATC", "ATO")) {
    out <- augment(fitted, study, estimand = estimand)
    expect_named(out, c(names(study), ".ps", ".q1", ".q0", ".g1", ".g0", "distance", ".weights", "weights"))
    expect_equal(out$.weights, weights(estimate_effect(fitted, "iptw", estimand = estimand)))
    expect_equal(out$weights, out$.weights * study$case)
  }
  expect_identical(augment(fitted, study, weights = NULL, distance = NULL)$weights, NULL)
  expect_error(augment(fitted, study, estimands = "ATT"), class = "causalsynth_error_input")
})

test_that("rows that were omitted are asked to be left out", {
  gaps <- transform(study, y = replace(y, 3, NA))
  fit <- estimate_effect(y ~ a | number, gaps, "iptw", learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                         na.action = na.omit)
  expect_error(augment(fit, gaps), "Leave out the rows with a missing", class = "causalsynth_error_input")
  expect_identical(nrow(augment(fit, gaps[-3, ])), 149L)
})

test_that("columns are never overwritten, and the class of the data is kept", {
  fit <- estimate_effect(fitted, "iptw")
  taken <- transform(study, weights = 1, distance = 2)
  expect_snapshot(error = TRUE, {
    augment(fit, taken)
    augment(fit, taken, distance = "d")
    augment(fit, study, weights = 1)
    augment(fit, study[1:10, ])
    augment(fitted, as.list(study))
  })
  out <- augment(fit, taken, distance = "d", weights = "w")
  expect_identical(out$distance, taken$distance)
  expect_equal(out$w, augment(fit, study)$weights)
  skip_if_not_installed("tibble")
  expect_s3_class(augment(fit, tibble::as_tibble(study)), "tbl_df")
})
