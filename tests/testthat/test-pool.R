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

own_effect <- function(x) mean(x$.q1 - x$.q0)

expect_pool <- function(x) {
  expect_s3_class(x, "causalsynth_pool")
  expect_equal(truth(x), own_effect(x), tolerance = 1e-12)
}

expect_dropped <- function(code) {
  expect_message(x <- code, class = "causalsynth_message_pool")
  expect_false(inherits(x, "causalsynth_pool"))
}

test_that("a pool of a data.table is indexed as a data.table", {
  skip_if_not_installed("data.table")
  seed <- data.table::as.data.table(generate(dgp_paper(), 300, seed = 1))
  # Outside the namespace, where `[` is data.table's own.
  env <- new.env(parent = globalenv())
  env$pool <- generate(glm_hybrid(seed), 40, seed = 3, counterfactuals = TRUE)
  env$k <- 7
  for (code in expression(pool[1:10], pool[A == 1], pool[order(Y, W4)], pool[-1], pool[W4 > 0][1:3], head(pool, k),
                          pool[seq_len(k), c("Y", ".q1", ".q0"), with = FALSE], subset(pool, A == 1), pool[])) {
    expect_pool(eval(code, env))
  }
  expect_identical(nrow(eval(quote(pool[A == 1]), env)), sum(env$pool$A == 1))
  expect_equal(eval(quote(pool[, mean(Y)]), env), mean(env$pool$Y))
  expect_dropped(eval(quote(pool[, .(m = mean(Y)), by = A]), env))
  expect_dropped(eval(quote(pool[, lapply(.SD, mean)]), env))
  expect_silent(eval(quote(pool[, z := Y * 2]), env))
  expect_identical(env$pool$z, env$pool$Y * 2)
  expect_pool(env$pool)
  expect_pool(env$pool[5:9, ])
  expect_pool(env$pool[c("Y", ".q1", ".q0")])
  expect_pool(env$pool[, c("Y", ".q1", ".q0")])
  data.table::setorder(env$pool, W4)
  expect_error(truth(env$pool), class = "causalsynth_error_data")
})

test_that("replaced rows bring their means or drop the class", {
  pool <- generate(glm_hybrid(), 50, seed = 3, counterfactuals = TRUE)
  half <- pool
  half[1:25, ] <- pool[26:50, ]
  expect_pool(half)
  all <- pool
  all[] <- pool[order(pool$W4), ]
  expect_pool(all)
  for (i in 1:2) {
    other <- pool
    expect_message(if (i == 1) other[1:3, ] <- as.data.frame(pool)[4:6, ] else other[] <- 0,
                   class = "causalsynth_message_pool")
    expect_false(inherits(other, "causalsynth_pool"))
  }
  pool[pool$A == 1, "W4"] <- 0
  pool[pool == 9] <- 0
  expect_pool(pool)
})

test_that("columns bound or transformed keep the pool", {
  pool <- generate(glm_hybrid(), 20, seed = 3, counterfactuals = TRUE)
  z <- 1:20
  expect_pool(cbind(pool, z = 1))
  expect_named(cbind(pool, z), c(names(pool), "z"))
  expect_pool(transform(pool, z = W4 + 1, W1 = 0))
  expect_identical(transform(pool, z = W4 + 1)$z, pool$W4 + 1)
  both <- rbind(pool, pool, make.row.names = FALSE, stringsAsFactors = FALSE)
  expect_pool(both)
  expect_identical(nrow(both), 40L)
})

test_that("dplyr's verbs that lose rows say so", {
  skip_if_not_installed("dplyr")
  pool <- generate(glm_hybrid(), 20, seed = 3)
  expect_dropped(dplyr::group_by(pool, A))
  expect_dropped(dplyr::summarise(pool, m = mean(Y)))
  expect_dropped(dplyr::bind_rows(pool, pool))
})

test_that("a pool's summary starts with its truth", {
  pool <- generate(glm_hybrid(), 20, seed = 3)
  expect_s3_class(summary(pool), "summary.causalsynth_pool")
  expect_output(print(summary(pool)), "Exact effect of these rows.*Median")
})

test_that("the means of both arms are known too", {
  hybrid <- glm_hybrid()
  pool <- generate(hybrid, 50, seed = 3)
  for (x in list(hybrid, pool)) {
    expect_equal(truth(x, "mean_1") - truth(x, "mean_0"), truth(x), tolerance = 1e-12)
    expect_error(truth(x, "ATT"), class = "causalsynth_error_input")
  }
})

test_that("other values of treatment or outcome are no draws of the hybrid", {
  pool <- generate(glm_hybrid(), 40, seed = 3)
  dropped <- function(code) {
    expect_message(now <- code, "treatment or outcome", class = "causalsynth_message_pool")
    expect_false(inherits(now, "causalsynth_pool"))
  }
  dropped({
    other <- pool
    other$Y <- 1
    other
  })
  dropped(transform(pool, A = 1 - A))
  dropped(within(pool, A <- 1 - A))
  if (requireNamespace("dplyr", quietly = TRUE)) dropped(dplyr::mutate(pool, Y = 1 - Y))
  # The same values in another dress, and other columns.
  kept <- list(transform(pool, A = factor(A, labels = c("control", "treated"))), transform(pool, Y = Y == 1),
               within(pool, W4 <- 2 * W4))
  for (now in kept) expect_identical(truth(now), truth(pool))
})

test_that("pools of many columns fit into 25 lines", {
  study <- generate(dgp_paper(), 200, seed = 1)
  for (j in 1:40) study[[paste0("a_covariate_with_a_long_name_", j)]] <- sin(j * seq_len(200))
  pool <- generate(fit_hybrid(Y ~ A | ., study, gen_copula(), targeted = FALSE, learner_treatment = learn_glm(),
                              learner_outcome = learn_glm(), seed = 1), 30, seed = 1)
  withr::local_options(width = 80)
  text <- capture.output(print(pool))
  expect_lte(length(text), 25)
  expect_match(text, "more columns", all = FALSE)
  one <- capture.output(print(pool[1, ]))
  expect_no_match(one, "NA|1 rows")
})

test_that("columns assigned into a pool of a data.table leave the pool where they are covariates", {
  skip_if_not_installed("data.table")
  study <- data.table::as.data.table(generate(dgp_paper(), 300, seed = 1))
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = 1)
  pool <- generate(hybrid, 50, seed = 2)
  kept <- pool
  kept[, "W1"] <- rep(2, 50)
  expect_s3_class(kept, "data.table")
  expect_s3_class(kept, "causalsynth_pool")
  expect_identical(kept[["W1"]], rep(2, 50))
  part <- pool
  part[1:3, "W1"] <- 9
  expect_identical(part[["W1"]], c(9, 9, 9, pool[["W1"]][-(1:3)]))
  expect_message(pool[["Y"]] <- 1 - pool[["Y"]], class = "causalsynth_message_pool")
  expect_false(is_pool(pool))
})
