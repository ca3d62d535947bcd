matched_study <- function() generate(dgp_paper("moderate"), 200, seed = 1)

test_that("matches are data, a subclass a match", {
  study <- matched_study()
  pairs <- match_nearest(Y ~ A | ., study, estimand = "ATC", distance = "euclidean")
  expect_s3_class(pairs, c("causalsynth_matched", "data.frame"))
  expect_identical(names(pairs), c(names(study), ".row", "distance", "weights", "subclass"))
  plain <- as.data.frame(pairs)
  expect_equal(plain_matched(pairs)[names(study)], study[pairs$.row, ], ignore_attr = TRUE)
  expect_identical(anyDuplicated(pairs$.row), 0L)
  both <- tapply(pairs$A, pairs$subclass, function(a) length(a) == 2 && sum(a) == 1)
  expect_true(all(both))
  z <- scale(study[1:6])
  rows <- split(pairs$.row, pairs$subclass)
  gaps <- vapply(rows, function(r) sqrt(sum((z[r[1], ] - z[r[2], ])^2)), 1)
  expect_equal(unname(gaps), pairs$distance[!duplicated(pairs$subclass)], tolerance = 1e-12)
  expect_identical(weights(pairs), pairs$weights)
})

test_that("with replacement, k nearest share a weight of one", {
  study <- matched_study()
  found <- match_nearest(Y ~ A | W1 + W4, study, k = 3, replace = TRUE)
  sums <- tapply(found$weights[found$A == 0], found$subclass[found$A == 0], sum)
  expect_equal(as.vector(sums), rep(1, sum(study$A)))
  expect_identical(sum(found$A), sum(study$A))
  effect <- sum(found$weights * found$Y * (2 * found$A - 1)) / sum(study$A)
  peer <- estimate_effect(Y ~ A | W1 + W4, study, est_matching(3, ties = FALSE, tie_tolerance = 0), estimand = "ATT",
                          learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_equal(effect, coef(peer)[[1]], tolerance = 1e-10)
})

test_that("calipers, exact columns and orders are kept", {
  study <- matched_study()
  ps <- plogis(study$W6)
  tight <- match_nearest(Y ~ A | ., study, exact = c("W1", "W2"), caliper = .7, order = "largest", propensity = ps)
  expect_lte(max(tight$distance), .7)
  expect_true(all(tapply(tight$W1, tight$subclass, function(v) length(unique(v))) == 1))
  expect_match(format(tight), "without a match", all = FALSE)
  first <- function(...) match_nearest(Y ~ A | ., study, propensity = ps, ...)
  largest <- first(order = "largest")
  treated <- which(study$A == 1)
  # Whoever goes first takes its nearest row.
  top <- treated[which.max(ps[treated])]
  z <- match_space(study[1:6], study[1:6], "mahalanobis")$queries
  control <- which(study$A == 0)
  nearest <- control[which.min(colSums((t(z[control, ]) - z[top, ])^2))]
  label <- largest$subclass[largest$.row == top]
  expect_identical(largest$.row[largest$subclass == label & largest$A == 0], nearest)
  expect_identical(first(order = "random", seed = 3), first(order = "random", seed = 3))
  expect_false(identical(first(order = "random", seed = 3)$.row, first(order = "random", seed = 4)$.row))
  two <- first(k = 2, estimand = "ATC", distance = "logit")
  expect_lte(max(table(two$.row)), 1)
})

test_that("classes and columns survive", {
  study <- matched_study()
  study$day <- as.Date("2020-01-01") + seq_len(200)
  study$A <- factor(ifelse(study$A == 1, "new", "old"), c("old", "new"))
  found <- match_nearest(Y ~ A | W4 + W5, study, estimand = "ATC")
  expect_s3_class(found$day, "Date")
  expect_identical(levels(found$A), c("old", "new"))
  skip_if_not_installed("tibble")
  expect_s3_class(match_nearest(Y ~ A | W4, tibble::as_tibble(study)), "tbl_df")
})

test_that("results do not depend on threads", {
  study <- matched_study()
  for (kind in c("euclidean", "gower")) {
    expect_identical(match_nearest(Y ~ A | ., study, distance = kind, threads = 1),
                     match_nearest(Y ~ A | ., study, distance = kind, threads = 3))
  }
})

test_that("bad input is refused by name", {
  study <- matched_study()
  expect_snapshot(error = TRUE, {
    match_nearest(1)
    match_nearest(Y ~ A | ., study, caliper = 1e-9)
    match_nearest(Y ~ A | ., study, exact = "none")
    match_nearest(Y ~ A | ., study, propensity = 1:3)
    match_nearest(Y ~ A | ., study, k = 2, method = "optimal")
    match_nearest(Y ~ A | ., transform(study, weights = 1))
    match_nearest(study[1:6], study[1:5])
    match_nearest(study[1:6], transform(study, W1 = "a")[1:6])
    match_nearest(study[1:6], study[1:6], k = 2, replace = FALSE)
    match_nearest(data.frame(a = c(1, NA, 2)), data.frame(a = 1:3), distance = "mahalanobis")
    match_nearest(as.matrix(study[1:6]), 1:3)
    match_nearest(data.frame(a = "x"), data.frame(a = "x"), scale = "none")
  })
})
