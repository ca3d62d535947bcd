test_that("rates and risks are those of the formulas", {
  # 8 of 40 against 3 of 50, level .95: Wilson's centre and half-width, and (r - r0) / (1 - r0).
  z2 <- qnorm(.975)^2
  r <- c((8 + z2 / 2) / (40 + z2), (3 + z2 / 2) / (50 + z2))
  half <- sqrt(z2) / (c(40, 50) + z2) * sqrt(c(8 * 32 / 40, 3 * 47 / 50) + z2 / 4)
  got <- attack_risk(success_count(rep(1:0 == 1, c(8, 32))), success_count(rep(1:0 == 1, c(3, 47))), .95)
  expect_equal(got[1], (r[1] - r[2]) / (1 - r[2]))
  expect_equal(got[3] - got[1], sqrt((half[1] / (1 - r[2]))^2 + (half[2] * (1 - r[1]) / (1 - r[2])^2)^2))
  # prop.test without correction inverts the same test.
  expect_equal(r[1] + c(-1, 1) * half[1], as.numeric(prop.test(8, 40, correct = FALSE)$conf.int))
  scores <- attack_scores("linkability", "", rep(c(TRUE, FALSE), c(8, 32)), rep(c(TRUE, FALSE), c(3, 47)), TRUE,
                          naive = .25)
  expect_equal(score_values(scores[[2]], .95)[4:6], got)
  expect_match(scores[[2]]$detail, "no better than a guess")
  # A risk below 0 is held at 0; the unclipped one is kept.
  below <- attack_scores("linkability", "", rep(c(TRUE, FALSE), c(3, 47)), rep(c(TRUE, FALSE), c(8, 32)), TRUE)
  values <- score_values(below[[2]], .95)
  expect_identical(values[1], 0)
  expect_lt(values[4], 0)
})

test_that("clusters of successes widen the interval", {
  holds <- rep(c(TRUE, FALSE), c(6, 4))
  alone <- wilson(success_count(holds, 1:10), .95)
  pairs <- wilson(success_count(holds, c(1, 1, 2, 2, 3, 3, 4:7)), .95)
  expect_equal(pairs[["half"]], alone[["half"]] * sqrt(2))
  expect_identical(pairs[["centre"]], alone[["centre"]])
  expect_equal(clustered_error(c(1, 1, 0, 0), c(1, 1, 2, 2)), sqrt(2) / 4)
})

test_that("quantiles have the order statistics around them", {
  x <- as.numeric(1:100)
  expect_identical(quantile_interval(x, .5, .95), c(50.5, x[qbinom(.025, 100, .5)], x[qbinom(.975, 100, .5) + 1]))
  expect_identical(quantile_interval(numeric(), .5, .95), rep(NA_real_, 3))
})

test_that("members found at 1 % of others", {
  others <- as.numeric(1:200)
  members <- c(rep(300, 30), rep(150, 70))
  got <- tpr_interval(members, others, .01, .95)
  expect_identical(got[1], .3)
  expect_lt(got[2], .3)
  expect_gt(got[3], .3)
  expect_identical(tpr_interval(rep(1, 50), rep(0, 50), .01, .95)[1], 1)
  expect_identical(tpr_interval(1, numeric(), .01, .95), rep(NA_real_, 3))
})

test_that("perfect separation has an interval", {
  found <- roc_scores("membership", c(3, 4, 5), c(0, 1, 2))$scores[[1]]
  expect_identical(found$estimate, 1)
  expect_gt(found$std.error, 0)
})

test_that("predicates single out one row or none", {
  frame <- data.frame(x = c(1, 2, 2, 9), f = factor(c("a", "b", "b", "b")))
  expect_identical(singled_row(list(column = 1L, op = "least", value = 5), frame), 4L)
  expect_identical(singled_row(list(column = 1L, op = "equal", value = 2), frame), NA_integer_)
  expect_identical(singled_row(list(column = 1:2, op = c("most", "equal"), value = c(2, 1)), frame), 1L)
  made <- univariate_predicates(frame, 100, rng_key(1))
  expect_length(made, 5)
  expect_false(anyNA(vapply(made, singled_row, 1L, frame = frame)))
  several <- multivariate_predicates(frame, 20, rng_key(1))
  expect_gt(length(several), 0)
  expect_false(anyNA(vapply(several, singled_row, 1L, frame = frame)))
})

test_that("guesses within 5 % are right, below zero as well", {
  expect_identical(guessed_right(c(100, -100, -1, 0), c(104, -106, 5, 0)), c(TRUE, FALSE, FALSE, TRUE))
  expect_identical(guessed_right(factor("a"), factor(c("a", NA))), c(TRUE, NA))
})

test_that("every metric has a definition", {
  expect_error(score_definition("unknown"))
  expect_identical(score_definition("disco_of_x_of_y"), privacy_definitions[["disco"]])
})
