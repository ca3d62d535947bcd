glm_hybrid <- function(data = generate(dgp_paper(), 300, seed = 1), ...) {
  fit_hybrid(Y ~ A | ., data, gen_forest(trees = 5), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
             seed = 2, ...)
}

test_that("rows keep their mean outcomes through indexing", {
  pool <- generate(glm_hybrid(), 40, seed = 3, counterfactuals = TRUE)
  own <- function(x) mean(x$.q1 - x$.q0)
  expect_equal(truth(pool), own(pool), tolerance = 1e-14)
  picks <- list(pool[5:9, ], pool[-1, ], pool[pool$A == 1, ], pool[c(3, 3, 1), ], pool[order(pool$W4), ], head(pool, 3),
                pool[rev(seq_len(40)), c("W1", ".q1", ".q0")], pool[c("Y", ".q1", ".q0")], subset(pool, W4 > 0))
  for (pick in picks) {
    expect_s3_class(pick, "causalsynth_pool")
    expect_equal(truth(pick), own(pick), tolerance = 1e-14)
  }
  expect_type(pool[, "W4"], "double")
  expect_type(pool[["W4"]], "double")
  pool$new <- 1
  pool[["W1"]] <- 0
  pool[3, "W4"] <- 9
  expect_equal(truth(pool), own(pool), tolerance = 1e-14)
})

test_that("a pool does not carry the seed along in its formula", {
  seed <- generate(dgp_paper(), 300, seed = 1)
  pool <- generate(glm_hybrid(seed), 4, seed = 3)
  expect_identical(environment(attr(pool, "causalsynth")$origin$formula), globalenv())
})

test_that("rbind and merge keep the rows' means; what cannot, drops the class aloud", {
  hybrid <- glm_hybrid()
  a <- generate(hybrid, 10, seed = 3, counterfactuals = TRUE)
  b <- generate(hybrid, 5, seed = 4, counterfactuals = TRUE)
  both <- rbind(a, b)
  expect_equal(truth(both), mean(both$.q1 - both$.q0), tolerance = 1e-14)
  merged <- merge(a, data.frame(W1 = 0:1, site = c("x", "y")))
  expect_s3_class(merged, "causalsynth_pool")
  expect_equal(truth(merged), mean(merged$.q1 - merged$.q0), tolerance = 1e-14)
  plain <- as.data.frame(b)
  expect_false(inherits(plain, "causalsynth_pool"))
  expect_message(mixed <- rbind(a, plain), class = "causalsynth_message_pool")
  expect_false(inherits(mixed, "causalsynth_pool"))
})

test_that("dplyr's row verbs keep the rows' means", {
  skip_if_not_installed("dplyr")
  pool <- generate(glm_hybrid(), 30, seed = 3, counterfactuals = TRUE)
  for (x in list(dplyr::filter(pool, A == 1), dplyr::arrange(pool, W4), dplyr::slice(pool, 3:7),
                 dplyr::mutate(pool, new = W4 * 2), dplyr::select(pool, W4, .q1, .q0))) {
    expect_s3_class(x, "causalsynth_pool")
    expect_equal(truth(x), mean(x$.q1 - x$.q0), tolerance = 1e-14)
  }
})

test_that("a pool prints its exact effect", {
  expect_output(print(generate(glm_hybrid(), 30, seed = 3)), "Exact effect of these rows")
})
