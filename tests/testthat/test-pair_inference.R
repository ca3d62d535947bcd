refit_glm <- function(trial, seed) {
  fit_hybrid(Y ~ A | ., trial, gen_data(trial[1:6]), seed = seed, treatment = "randomized",
             learner_treatment = learn_glm(), learner_outcome = learn_glm())
}

test_that("bootstrap and copies agree with the linearisation in size", {
  parts <- pair_parts()
  pair <- small_pair()
  linear <- estimate_effect(pair, c("aipw", "or"), trial = parts$behind, learner_membership = learn_glm(), seed = 1)
  boot <- estimate_effect(pair, c("aipw", "or"), trial = parts$trial, se = "bootstrap",
                          bootstrap = list(replicates = 30), refit = refit_glm, seed = 2, threads = 1)
  ratio <- boot$estimates$std.error / linear$estimates$std.error
  expect_true(all(ratio > .6 & ratio < 1.6))
  expect_identical(dim(boot$resamples), c(30L, 6L))
  expect_equal(boot$variance[1, 1], var(boot$resamples[, 1]))
  again <- estimate_effect(pair, c("aipw", "or"), trial = parts$trial, se = "bootstrap",
                           bootstrap = list(replicates = 30), refit = refit_glm, seed = 2, threads = 2)
  expect_identical(again$resamples, boot$resamples)

  pool <- add_copies(parts$pool, parts$trial, copies = 12, refit = refit_glm, seed = 3)
  copies <- attr(pool, "causalsynth_copies")
  expect_identical(lapply(copies[1:2], dim), list(q1 = c(1500L, 12L), q0 = c(1500L, 12L)))
  expect_lt(mean(abs(rowMeans(copies$q1) - pool_parts(pool)$q1)), .05)
  carried <- estimate_effect(small_pair(pool = pool), c("aipw", "or"))
  ratio <- carried$estimates$std.error / linear$estimates$std.error
  expect_true(all(ratio > .6 & ratio < 1.6))
  expect_match(carried$inference[[1]], "copies")
  expect_null(pool_copies(pool[1500:1, ]))
})

test_that("failed resamples are counted, and too many are an error", {
  parts <- pair_parts()
  broken <- function(trial, seed) stop("no luck")
  expect_snapshot(error = TRUE, {
    add_copies(parts$pool, parts$trial, copies = 3, refit = broken, seed = 1)
    add_copies(parts$trial, parts$trial)
    add_copies(parts$pool, parts$trial, refit = 1)
    estimate_effect(small_pair(), trial = parts$trial, se = "bootstrap", bootstrap = list(replicates = 3),
                    refit = broken, seed = 1)
  })
  sometimes <- function(trial, seed) if (sum(trial$A) %% 2) stop("odd") else refit_glm(trial, seed)
  expect_message(add_copies(parts$pool, parts$trial, copies = 12, refit = sometimes, seed = 3),
                 class = "causalsynth_message_copies")
})

test_that("membership of like samples is even, of unlike ones their odds", {
  set.seed(1)
  run <- list(key = rng_key(1), threads = 1L, call = NULL)
  x <- rnorm(4000)
  member <- rbinom(4000, 1, plogis(x))
  p <- membership(data.frame(x = x), member, learn_glm(), NULL, rng_key(2), run)
  expect_lt(max(abs(p - plogis(x))), .1)
})

test_that("a forest's weights are the estimate's derivative in the trial's outcomes", {
  trial <- generate(dgp_paper(), 120, seed = 1)
  pool <- generate(refit_glm(trial, 2), 300, seed = 3)
  pair <- pair_synthetic(Y ~ A | ., generate(dgp_paper(), 60, seed = 4), pool, replace = TRUE, propensity = rep(.5, 60))
  run <- list(key = rng_key(5), threads = 1L, call = NULL)
  for (outcome in c("by_arm", "joint")) {
    learner <- learn_forest(trees = 20, min_node_size = 5, outcome = outcome)
    behind <- nuisance(Y ~ A | ., trial, learn_glm(), learner, seed = 6)
    forests <- trial_forests(behind, pair, run)
    weight <- seq_len(70) / 70
    fit <- if (outcome == "joint") forests$fits$both else forests$fits$q1
    new <- take_rows(forests$pool, 1:70)
    if (outcome == "joint") new <- with_treatment(forests$job, new, 1)
    # Q is the weighted mean of outcomes, whatever the blocks.
    sums <- kernel_sums(forests, 1, 1:70, weight, block = 30)
    expect_equal(sum(sums * behind$outcome), sum(weight * predict_fit(fit, new, 1L)))
    expect_equal(sum(sums), sum(weight))
    if (outcome == "by_arm") expect_true(all(sums[trial$A == 0] == 0))
  }
  loading <- list(rows = 1:70, arm = rep(1:0, 35), weight = weight)
  targeted <- kernel_scores(loading, behind, forests, pair)
  pair$source$origin$targeted <- FALSE
  plain <- kernel_scores(loading, behind, forests, pair)
  residual <- behind$outcome - ifelse(behind$treat == 1, behind$q1, behind$q0)
  odd <- seq(1, 70, 2)
  expect_equal(plain$treated, 120 * kernel_sums(forests, 1, odd, weight[odd]) * residual)
  moved <- (targeted$treated - plain$treated) / (120 * sum(weight[odd]))
  law <- kernel_sums(forests, 1, 1:300, rep(1 / 300, 300))
  expect_equal(moved, ((behind$treat == 1) / (120 * behind$g1) - law) * residual)
  # Other learners, and forests of columns that the study lacks, have no such weights.
  expect_null(trial_forests(nuisance(Y ~ A | ., trial, learn_glm(), learn_glm()), pair, run))
})

test_that("a hybrid given as `refit` is fitted again with copies of a row kept apart", {
  parts <- pair_parts()
  hybrid <- refit_glm(parts$trial, 2)
  refit <- resolve_refit(hybrid, pool_parts(parts$pool)$origin, NULL)
  made <- refit_resample(refit, parts$trial, rng_key(1), 1)
  index <- resampled(nrow(parts$trial), derive_key(rng_key(1), "trial", 1))
  again <- refit_hybrid(hybrid, parts$trial[index, ], index, derive_key(rng_key(1), "fit", 1), 1L)
  expect_identical(made$law, again$law)
  default <- resolve_refit(NULL, pool_parts(parts$pool)$origin, NULL)
  expect_identical(default(parts$trial, rng_key(1), NULL)$arms, c("0", "1"))
})
