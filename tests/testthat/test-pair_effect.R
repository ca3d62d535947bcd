test_that("with twins' means known, estimates are those of their definitions", {
  parts <- pair_parts()
  pair <- small_pair()
  fit <- estimate_effect(pair, c("aipw", "iptw", "or", "tmle"), trial = parts$behind, learner_membership = learn_glm(),
                         seed = 1)
  study <- parts$study
  order <- match(seq_len(120), pair$pairs$row)
  q1 <- pair$twins$q1[order]
  q0 <- pair$twins$q0[order]
  gaps <- ifelse(study$A == 1, study$Y - q0, q1 - study$Y)
  expect_equal(coef(fit)[["iptw:ATE"]], mean(gaps), tolerance = 1e-12)
  expect_equal(coef(fit)[["aipw:ATE"]], mean(gaps), tolerance = 1e-12)
  expect_equal(coef(fit)[["or:ATE"]], mean(q1 - q0), tolerance = 1e-12)
  expect_lt(abs(coef(fit)[["tmle:ATE"]] - mean(gaps)), .02)
  # The study's part is the variance of the rows' own contributions.
  expect_equal(fit$parts$data[fit$parts$method == "iptw" & fit$parts$term == "ATE"], sd(gaps) / sqrt(120),
               tolerance = 1e-10)
  expect_equal(fit$parts$data[fit$parts$method == "or" & fit$parts$term == "ATE"], sd(q1 - q0) / sqrt(120),
               tolerance = 1e-10)
  expect_equal(fit$estimates$std.error^2, fit$parts$data^2 + fit$parts$trial^2, tolerance = 1e-12)
  expect_identical(nobs(fit), 120L)
})

test_that("the trial's part is the variance of D_j", {
  parts <- pair_parts()
  pair <- small_pair()
  fit <- estimate_effect(pair, "or", trial = parts$behind, learner_membership = learn_glm(), seed = 1)
  # Outcome regression weighs the whole pool's density: with the pool's rows as the trial's own, r is near 1.
  run <- list(key = rng_key(1), threads = 1L, call = NULL)
  r <- density_ratio(pair, pair$pairs$pool_row, rep(1 / 120, 120), parts$behind, list(learner_membership = learn_glm()),
                     run, 1)
  expect_equal(mean(r), 1)
  b <- parts$behind
  d <- r * (b$treat / b$g1 * (b$outcome - b$q1) - (1 - b$treat) / b$g0 * (b$outcome - b$q0))
  expect_equal(fit$parts$trial[1], sd(d) / sqrt(300), tolerance = .15)
})

test_that("fitted nuisances keep a row and its twin apart", {
  parts <- pair_parts()
  pair <- small_pair()
  fit <- estimate_effect(pair, c("aipw", "or"), trial = parts$behind, learner_treatment = learn_forest(trees = 50),
                         learner_outcome = learn_forest(trees = 50), learner_membership = learn_glm(), seed = 1)
  # A row's twin has its covariates and the other treatment: out of bag alone would predict the twin's.
  expect_gt(cor(fit$distance, pair$treat), -.5)
  expect_identical(is.na(fit$estimates$std.error), fit$estimates$method == "or")
  expect_match(unlist(fit$na_reason), "or: no standard error")
  expect_match(capture.output(print(fit)), "treatment by forest", all = FALSE)
})

test_that("without the trial there is no standard error, and it is said why", {
  parts <- pair_parts()
  expect_snapshot(estimate_effect(small_pair(), "aipw"))
  expect_true(all(is.na(tidy(estimate_effect(small_pair(), "aipw"))$std.error)))
  foreign <- small_pair(pool = parts$trial, replace = TRUE)
  fit <- estimate_effect(foreign, "or", trial = parts$behind, learner_treatment = learn_glm(),
                         learner_outcome = learn_glm())
  expect_match(unlist(fit$na_reason), "no hybrid")
  self <- suppressWarnings(small_pair(outcome = "self"), classes = "causalsynth_warning_separated")
  fit <- estimate_effect(self, "or", trial = parts$behind, learner_treatment = learn_glm(),
                         learner_outcome = learn_glm())
  expect_match(unlist(fit$na_reason), "own regression")
})

test_that("requests are checked", {
  parts <- pair_parts()
  expect_snapshot(error = TRUE, {
    estimate_effect(small_pair(), "matching")
    estimate_effect(small_pair(), learner_outcom = learn_glm())
    estimate_effect(small_pair(), se = "bootstrap")
    estimate_effect(small_pair(), bootstrap = list(replicates = 10))
    estimate_effect(small_pair(), trial = 3)
    estimate_effect(small_pair(), trial = as_nuisance(c(0, 1), c(0, 1), c(.5, .5), c(.5, .5), c(.5, .5)))
  })
})
