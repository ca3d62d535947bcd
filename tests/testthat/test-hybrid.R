test_that("a targeted hybrid keeps the seed's effect, and its pool knows its own", {
  for (overlap in c("randomized", "moderate")) {
    study <- generate(dgp_paper(overlap), 1000, seed = 21)
    hybrid <- fit_hybrid(Y ~ A | ., study, seed = 1)
    seed <- estimate_effect(Y ~ A | ., study, method = "tmle", seed = 1)
    expect_equal(hybrid$seed_effect$estimate, unname(coef(seed)), tolerance = 1e-12)
    expect_lt(abs(truth(hybrid) - coef(seed)), tidy(seed)$std.error[1] / 20)
    pool <- generate(hybrid, 50000, seed = 2)
    expect_lt(abs(truth(pool) - truth(hybrid)), 4 * hybrid$law$sd / sqrt(50000))
  }
})

test_that("Y and A are drawn from the known means", {
  study <- generate(dgp_paper(), 800, seed = 22)
  hybrid <- fit_hybrid(Y ~ A | ., study, seed = 1)
  pool <- generate(hybrid, 40000, seed = 2, counterfactuals = TRUE)
  mean <- ifelse(pool$A == 1, pool$.q1, pool$.q0)
  expect_lt(abs(sum(pool$Y - mean)) / sqrt(sum(mean * (1 - mean))), 4)
  expect_lt(abs(sum(pool$A - pool$.ps)) / sqrt(sum(pool$.ps * (1 - pool$.ps))), 4)
  expect_identical(names(pool), c(names(study), ".ps", ".q1", ".q0", ".y1", ".y0"))
  random <- fit_hybrid(Y ~ A | ., study, treatment = "randomized", seed = 1)
  expect_identical(unique(generate(random, 20, seed = 1, counterfactuals = TRUE)$.ps), mean(study$A))
})

test_that("a continuous outcome keeps its spread, and its mean is Q", {
  set.seed(4)
  n <- 1500
  study <- data.frame(w = rnorm(n), a = factor(sample(c("ctl", "trt"), n, TRUE)))
  study$y <- 3 * study$w + (study$a == "trt") * 2 + rexp(n) * exp(study$w / 2)
  hybrid <- fit_hybrid(y ~ a | w, study, seed = 1)
  pool <- generate(hybrid, 60000, seed = 2, counterfactuals = TRUE)
  expect_identical(levels(pool$a), levels(study$a))
  expect_lt(abs(log(sd(pool$y) / sd(study$y))), .08)
  mean <- ifelse(pool$a == "trt", pool$.q1, pool$.q0)
  expect_lt(abs(mean(pool$y - mean)), 4 * sd(pool$y - mean) / sqrt(60000))
  expect_lt(abs(truth(hybrid) - hybrid$seed_effect$estimate), hybrid$seed_effect$std.error / 20)
  distance <- suppressWarnings(ks.test(pool$y, study$y)$statistic)
  expect_lt(distance, .06)
})

test_that("the hybrid does not depend on threads", {
  study <- generate(dgp_paper(), 200, seed = 1)
  draw <- function(threads) {
    hybrid <- fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), learner_treatment = learn_forest(trees = 20),
                         learner_outcome = learn_forest(trees = 20), seed = 1, threads = threads)
    generate(hybrid, 500, seed = 2, threads = threads, counterfactuals = TRUE)
  }
  expect_identical(draw(1), draw(2))
  expect_identical(draw(1), draw(3))
})

test_that("types of the seed survive", {
  study <- generate(dgp_paper(), 200, seed = 1)
  study <- transform(study, A = A == 1, W1 = factor(W1), W3 = as.character(W3), Y = factor(ifelse(Y == 1, "yes", "no")))
  study <- study[c("A", "W1", "Y", "W3", "W4")]
  pool <- generate(fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), seed = 1), 50, seed = 1)
  expect_identical(lapply(pool, class), lapply(study, class))
  expect_identical(lapply(pool, levels), lapply(study, levels))
})

test_that("a plain hybrid says that it does not aim at the seed's estimate", {
  study <- generate(dgp_paper(), 200, seed = 1)
  plain <- fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), targeted = FALSE, learner_outcome = learn_glm(),
                      learner_treatment = learn_glm(), seed = 1)
  expect_output(print(plain), "does not aim")
  expect_null(plain$fluctuation)
})

test_that("bad input is named", {
  study <- generate(dgp_paper(), 60, seed = 1)
  expect_snapshot(error = TRUE, {
    fit_hybrid(Y ~ A | ., transform(study, Y = 1))
    fit_hybrid(Y ~ A | ., transform(study, A = 1))
    fit_hybrid(Y ~ A | ., transform(study, A = c(0, 1, 2)))
    fit_hybrid(Y ~ A | ., transform(study, A = c(NA, A[-1])))
    fit_hybrid(Y ~ A | ., study, target = TRUE)
    fit_hybrid(Y ~ A, study)
    fit_hybrid(Y ~ A | W9, study)
    fit_hybrid(Y ~ A | 1, study)
  })
})

test_that("a fitted hybrid holds no row of the seed in its models", {
  study <- generate(dgp_paper(), 200, seed = 1)
  for (learner in list(learn_glm(), learn_forest(trees = 10))) {
    hybrid <- fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), learner_treatment = learner,
                         learner_outcome = learner, seed = 1)
    lengths <- unlist(rapply(hybrid$models, length, classes = c("numeric", "integer"), how = "list"))
    expect_false(any(lengths >= 90))
    expect_identical(nrow(generate(hybrid, 5, seed = 1)), 5L)
  }
})

test_that("identifiers are refused before anything is fitted", {
  study <- generate(dgp_paper(), 200, seed = 1)
  study$id <- paste0("p", 1:200)
  never <- learn_function(function(...) stop("fitted"), predict)
  expect_error(fit_hybrid(Y ~ A | ., study, learner_treatment = never, learner_outcome = never), "identifiers",
               class = "causalsynth_error_data")
})
