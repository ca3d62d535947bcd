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
