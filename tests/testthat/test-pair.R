test_that("arm-constrained twins are those of the reference", {
  study <- utils::read.csv(shared_path("seed-data", "data.csv"))
  given <- utils::read.csv(shared_path("reference", "data_nuisance.csv"))
  for (kind in c("llm", "gan")) {
    pool <- utils::read.csv(shared_path("seed-data", paste0(kind, "_syn_hybrid.csv.gz")))
    expected <- utils::read.csv(shared_path("reference", paste0("pairs_", kind, ".csv")))
    pair <- pair_synthetic(Y ~ A | ., study, pool, amount = "threshold", threshold = .001, draw = "random",
                           propensity = given$ps)
    expect_identical(pair$pairs$row, expected$orig_row)
    expect_identical(pair$pairs$pool_row, expected$syn_row)
    expect_identical(pair$pairs$arm, expected$arm)
    expect_lt(max(abs(pair$pairs$distance - expected$distance)), 1e-8)
    twins <- pair$data[pair$data$.source == "synthetic", ]
    expect_identical(as.numeric(twins$Y), as.numeric(pool$Y[expected$syn_row]))
    expect_identical(twins$W6, pool$W6[expected$syn_row])
  }
})

test_that("every row gets a twin of the other arm, and stays as it is", {
  parts <- pair_parts()
  pair <- small_pair()
  n <- nrow(parts$study)
  expect_identical(pair$n_twins, n)
  own <- pair$data[seq_len(n), ]
  expect_equal(own[names(parts$study)], parts$study, ignore_attr = TRUE)
  expect_identical(own$.source, rep("data", n))
  expect_identical(own$.pair, seq_len(n))
  twins <- pair$data[-seq_len(n), ]
  expect_identical(twins$A, 1L - parts$study$A[twins$.pair])
  expect_equal(twins[1:6], as.data.frame(parts$pool)[pair$pairs$pool_row, 1:6], ignore_attr = TRUE)
  expect_identical(parts$pool$A[pair$pairs$pool_row], pair$pairs$arm)
  expect_identical(anyDuplicated(pair$pairs$pool_row), 0L)
  means <- pool_parts(parts$pool)
  wanted <- ifelse(pair$pairs$arm == 1, means$q1[pair$pairs$pool_row], means$q0[pair$pairs$pool_row])
  expect_identical(twins$Y, wanted)
  expect_identical(tidy(pair), pair$pairs)
  expect_identical(small_pair(seed = 5)$pairs, pair$pairs)
})

test_that("outcomes are drawn, expected, or fitted", {
  parts <- pair_parts()
  random <- small_pair(draw = "random")
  expect_identical(random$data$Y[-(1:120)], as.numeric(parts$pool$Y[random$pairs$pool_row]))
  hybrid <- small_pair(outcome = "hybrid", draw = "random", seed = 6)
  expect_true(all(hybrid$data$Y %in% 0:1))
  expect_gt(mean(parts$pool$A[hybrid$pairs$pool_row] != hybrid$pairs$arm), .2)
  averaged <- small_pair(draw = "random", draws = 400)
  exact <- small_pair()
  expect_lt(max(abs(averaged$outcome - exact$outcome)), .15)
  refit <- small_pair(refit_q = TRUE)
  expect_lt(mean(abs(refit$outcome - exact$outcome)), .08)
  expect_false(identical(refit$outcome, exact$outcome))
  # 18 treated rows: a logistic regression separates them.
  self <- suppressWarnings(small_pair(outcome = "self", pool = as.data.frame(parts$pool)[1:6]),
                           classes = "causalsynth_warning_separated")
  expect_match(format(self), "study's own rows", all = FALSE)
  plain <- small_pair(pool = parts$trial, replace = TRUE)
  expect_false(plain$twins$known)
})

test_that("amounts follow the threshold", {
  parts <- pair_parts()
  ps <- rep(.5, 120)
  ps[c(3, 9)] <- c(1e-4, 1 - 1e-4)
  some <- small_pair(amount = "threshold", threshold = .001, propensity = ps)
  expect_identical(some$pairs[c("row", "arm")], data.frame(row = c(3L, 9L), arm = 1:0))
  expect_identical(some$beyond$rare, c("treated", "control"))
  expect_identical(small_pair(amount = "auto", propensity = ps)$n_twins, 2L)
  ps[1:20] <- .001
  expect_identical(small_pair(amount = "auto", propensity = ps)$n_twins, 120L)
  none <- small_pair(amount = "threshold", propensity = rep(.5, 120))
  expect_identical(none$n_twins, 0L)
  expect_equal(none$data[names(parts$study)], parts$study, ignore_attr = TRUE)
  expect_match(format(none), "data are unchanged", all = FALSE)
  expect_identical(as.numeric(max(abs(none$population$shift))), 0)
  effect <- suppressWarnings(
    estimate_effect(none, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1)
  )
  alone <- suppressWarnings(
    estimate_effect(Y ~ A | ., parts$study, learner_treatment = learn_glm(), learner_outcome = learn_glm())
  )
  expect_equal(coef(effect), coef(alone), tolerance = 1e-12)
})

test_that("factors, text, dates and further columns survive", {
  parts <- pair_parts()
  study <- parts$study
  study$W2 <- c("no", "yes")[study$W2 + 1]
  study$A <- factor(c("old", "new")[study$A + 1], c("old", "new"))
  study$Y <- study$Y == 1
  study$id <- sprintf("p%03d", seq_len(120))
  trial <- parts$trial
  trial$W2 <- c("no", "yes")[trial$W2 + 1]
  trial$A <- factor(c("old", "new")[trial$A + 1], c("old", "new"))
  trial$Y <- trial$Y == 1
  pair <- pair_synthetic(Y ~ A | . - id, study, trial, replace = TRUE, learner_treatment = learn_forest(trees = 30),
                         learner_outcome = learn_glm(), seed = 1)
  expect_identical(levels(pair$data$A), c("old", "new"))
  expect_identical(pair$data$id[1:120], study$id)
  expect_true(all(is.na(pair$data$id[-(1:120)])))
  expect_identical(pair$data$Y[1:120], study$Y)
  expect_true(all(is.na(pair$data$Y[-(1:120)])))
  expect_identical(pair$data$.outcome, pair$outcome)
  drawn <- pair_synthetic(Y ~ A | . - id, study, trial, draw = "random", replace = TRUE, seed = 1,
                          learner_treatment = learn_forest(trees = 30))
  expect_identical(drawn$data$Y[-(1:120)], trial$Y[drawn$pairs$pool_row])
  expect_identical(names(drawn$covs), paste0("W", 1:6))
  skip_if_not_installed("tibble")
  pair <- pair_synthetic(Y ~ A | W4 + W5, tibble::as_tibble(study), trial, replace = TRUE, seed = 1)
  expect_s3_class(pair$data, "tbl_df")
})

test_that("missing values are compared by Gower's rule, constant columns not at all", {
  parts <- pair_parts()
  study <- parts$study
  study$W4[c(2, 7)] <- NA
  study$W1 <- 1L
  pair <- small_pair(study = study)
  expect_identical(pair$dropped, "W1")
  expect_false(anyNA(pair$pairs$distance))
  expect_match(capture.output(print(pair)), "not compared: W1", all = FALSE)
  study[paste0("W", 2:6)] <- 0
  flat <- pair_synthetic(Y ~ A | W2, study, parts$pool, propensity = rep(.5, 120))
  expect_identical(flat$pairs$distance, numeric(120))
})

test_that("an outcome that is a number is paired too", {
  study <- contract_study(80, "number")
  pool <- generate(contract_hybrid(outcome = "number"), 600, seed = 2)
  make <- function(...) pair_synthetic(y ~ a | ., study, pool, ..., propensity = rep(.5, 80), seed = 3)
  expect_identical(make()$n_twins, 80L)
  noisy <- make(outcome = "hybrid", draw = "random")$outcome[-(1:80)]
  expected <- make(outcome = "hybrid")$outcome[-(1:80)]
  expect_gt(sd(noisy - expected), 0)
  expect_lt(abs(mean(noisy - expected)), 4 * sd(noisy - expected) / sqrt(80))
  expect_error(flip_sensitivity(make(), odds_ratio = 1), NA)
})

test_that("bad input is refused by name", {
  parts <- pair_parts()
  pool <- as.data.frame(parts$pool)
  pair <- function(...) pair_synthetic(Y ~ A | ., parts$study, ..., propensity = rep(.5, 120), seed = 1)
  expect_snapshot(error = TRUE, {
    pair(pool[pool$A == 0, ])
    pair(pool[1:60, ])
    pair(pool[-1])
    pair(transform(pool, W1 = letters[W1 + 1]))
    pair(transform(pool, Y = 2 * Y))
    pair(pool, amount = "some")
    pair(pool, treshold = .1)
    pair_synthetic(Y ~ A | ., transform(parts$study, .pair = 1), pool)
    pair(pool, trial = 1)
    pair(1:3)
  })
})
