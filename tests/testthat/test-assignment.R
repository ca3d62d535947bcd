study <- generate(dgp_paper("moderate"), 400, seed = 3)
quick <- function(...) {
  fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), ..., learner_treatment = learn_glm(),
             learner_outcome = learn_glm(), seed = 1)
}

test_that("any probability, and the seed's share within strata", {
  pool <- generate(quick(treatment = assign_randomized(.3)), 20000, seed = 2, counterfactuals = TRUE)
  expect_identical(unique(pool$.ps), .3)
  expect_lt(abs(mean(pool$A) - .3), 4 * sqrt(.21 / 20000))
  within <- generate(quick(treatment = assign_randomized(strata = ~ W1 + W2)), 20000, seed = 2, counterfactuals = TRUE)
  shares <- aggregate(A ~ W1 + W2, study, mean)
  drawn <- merge(unique(as.data.frame(within)[c("W1", "W2", ".ps")]), shares)
  expect_equal(drawn$.ps, drawn$A)
})

test_that("blocks hold their shares exactly, within strata", {
  pool <- generate(quick(treatment = assign_randomized(.5, strata = "W1", blocks = 4)), 1001, seed = 2)
  for (w in 0:1) {
    a <- pool$A[pool$W1 == w]
    whole <- matrix(a[seq_len(4 * (length(a) %/% 4))], 4)
    expect_true(all(colSums(whole) == 2))
    expect_gt(length(unique(apply(whole, 2, paste, collapse = ""))), 4)
  }
  one <- generate(quick(treatment = assign_randomized(.3, blocks = TRUE)), 1001, seed = 2)
  expect_true(sum(one$A) %in% 300:301)
})

test_that("places in blocks are uniform one by one", {
  spec <- list(strata = NULL, blocks = 5)
  rows <- data.frame(x = 1:12)
  key <- rng_key(1)
  places <- vapply(1:2000, function(i) {
    key <- derive_key(key, "try", i)
    block_positions(spec, rows, random_uniforms(unclass(derive_key(key, "u")), 12), key)
  }, numeric(12))
  for (row in c(1, 7, 12)) expect_gt(ks.test(places[row, ], "punif")$p.value, 1e-4)
})

test_that("a function of the covariates assigns", {
  hybrid <- quick(treatment = function(W) plogis(W$W4))
  pool <- generate(hybrid, 500, seed = 2, counterfactuals = TRUE)
  expect_equal(pool$.ps, plogis(pool$W4))
  expect_identical(hybrid$treatment, "function")
  expect_error(write_model(hybrid, tempfile()), class = "causalsynth_error_input")
})

test_that("several arms take a probability each", {
  study$A <- factor(c("none", "low", "high")[1 + seq_len(400) %% 3], c("none", "low", "high"))
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 1,
                       treatment = assign_randomized(c(none = .5, high = .2, low = .3)))
  pool <- generate(hybrid, 20000, seed = 1)
  expect_equal(as.vector(table(pool$A)) / 20000, c(.5, .3, .2), tolerance = .03)
})

test_that("assignments are checked", {
  expect_snapshot(error = TRUE, {
    assign_randomized(0)
    assign_randomized(c(.5, .6))
    assign_randomized(blocks = 1)
    quick(treatment = assign_randomized(c(a = .5, b = .5)))
    quick(treatment = assign_randomized(strata = "Z"))
    quick(treatment = function(W) W$W4)
    quick(treatment = "random")
    quick(treatment = "randomized", overlap = 2)
    quick(treatment = "randomized", confounding = .5)
  })
})
