test_that("matches equal the definition, with ties and without", {
  for (step in c(0, 1)) {
    d <- matching_study(120, step)
    x <- cbind(d$x1, d$x2, d$x3)
    for (estimand in c("ATE", "ATT", "ATC")) for (m in c(1, 4)) for (j in c(1, 3)) {
      fit <- estimate_effect(given_study(d, c("x1", "x2", "x3")), estimand = estimand,
                             method = est_matching(m, variance = "leave_one_out", j = j))
      known <- matching_by_definition(d$y, d$a, whitened(x), m, estimand, j)
      expect_equal(fit$estimates$estimate, c(known$estimate, known$mean_1, known$mean_0), tolerance = 1e-10)
      expect_equal(vcov(fit)[[1]], known$variance, tolerance = 1e-10)
      target <- switch(estimand, ATE = 1, ATT = d$a, ATC = 1 - d$a)
      expect_equal(weights(fit), target + known$k, tolerance = 1e-10)
    }
  }
})

test_that("without ties exactly m rows are taken, the first of the data", {
  d <- matching_study(120, step = 1)
  nu <- given_study(d, c("x1", "x3"))
  fit <- estimate_effect(nu, method = est_matching(2, ties = FALSE), estimand = "ATT")
  z <- whitened(cbind(d$x1, d$x3))
  controls <- which(d$a == 0)
  k <- numeric(120)
  for (i in which(d$a == 1)) {
    squares <- round(colSums((t(z[controls, ]) - z[i, ])^2), 9)
    taken <- controls[order(squares)][1:2]
    k[taken] <- k[taken] + .5
  }
  expect_equal(weights(fit), d$a + k)
  expect_match(said(fit), "the first among ties")
  expect_true(is.finite(tidy(fit)$std.error[1]))
})

test_that("columns of every kind are coordinates; levels have no reference", {
  n <- 60
  i <- seq_len(n)
  d <- data.frame(a = rep(0:1, n / 2), y = sin(i), number = cos(i), flag = i %% 3 == 0,
                  text = c("u", "v", "w")[1 + i %% 3],
                  day = as.Date("2020-01-01") + i %% 7, grade = factor(c("low", "mid", "high")[1 + i %% 3],
                                                                  c("low", "mid", "high", "none"), ordered = TRUE),
                  pair = factor(i %% 2 + i %% 4 > 2))
  pieces <- list(covs = d[-(1:2)])
  expect_identical(colnames(match_columns(pieces)),
                   c("number", "flagTRUE", "textu", "textv", "textw", "day", "gradelow", "grademid", "gradehigh",
                     "pairTRUE"))
  run <- function(rows, ...) {
    nu <- as_nuisance(rows$a, rows$y, rep(.5, n), rows$y, rows$y, covs = rows[-(1:2)])
    coef(estimate_effect(nu, method = est_matching(...)))[["ATE"]]
  }
  turned <- d
  turned$text <- factor(turned$text, c("w", "u", "v"))
  # grade says what text says: collinear columns change nothing under the generalised inverse.
  for (distance in c("mahalanobis", "euclidean")) {
    expect_equal(run(d[-7], distance = distance), run(turned[-7], distance = distance))
  }
  expect_equal(run(d[-7]), run(d))
  terms <- nuisance(y ~ a | number + I(number^2) + text:flag, d, learn_glm(), learn_glm(), bounds = NULL)
  expect_true(is.finite(coef(estimate_effect(terms, method = "matching"))))
})

test_that("constants, copies and distances that all tie do no harm", {
  d <- matching_study(80)
  d$copy <- 3 * d$x1 - 2
  d$one <- 5
  plain <- coef(estimate_effect(given_study(d, "x1"), method = "matching"))
  expect_equal(coef(estimate_effect(given_study(d, c("x1", "copy", "one")), method = "matching")), plain)
  expect_equal(coef(estimate_effect(given_study(d, c("x1", "one")), method = est_matching(distance = "euclidean"))),
               plain)
  difference <- mean(d$y[d$a == 1]) - mean(d$y[d$a == 0])
  all_tied <- estimate_effect(given_study(d, "one"), method = est_matching(bias_adjust = TRUE))
  expect_equal(coef(all_tied)[["ATE"]], difference)
  d$ps <- .4
  expect_equal(coef(estimate_effect(given_study(d), method = est_matching(distance = "propensity")))[["ATE"]],
               difference)
  separate <- transform(d, x3 = a)
  for (distance in c("mahalanobis", "euclidean")) {
    method <- est_matching(distance = distance, covariance = "within")
    expect_equal(coef(estimate_effect(given_study(separate, c("x1", "x3")), method = method)), plain)
  }
})

test_that("a root of the inverse covariance whitens what varies", {
  x <- cbind(matching_study(50)$x1, matching_study(50)$x2)
  x <- scale(cbind(x, x[, 1] - x[, 2]))
  root <- inverse_root(crossprod(x) / 49)
  expect_identical(ncol(root), 2L)
  expect_equal(stats::cov(x %*% root), diag(2))
  expect_equal(match_transform(x, root), x %*% root, ignore_attr = TRUE)
  expect_equal(covariance_of(x, rep(0:1, 25), "overall"), stats::cov(x), ignore_attr = TRUE)
  arms <- split(seq_len(50), rep(0:1, 25))
  pooled <- (24 * stats::cov(x[arms[[1]], ]) + 24 * stats::cov(x[arms[[2]], ])) / 48
  expect_equal(covariance_of(x, rep(0:1, 25), "within"), pooled, ignore_attr = TRUE)
})

test_that("neighbour lists average and count as they say", {
  x <- matrix(c(0, 1, 1, 3, 10))
  found <- match_neighbours(x, 1:2, 3:5, list(m = 1L), run_control(1))
  expect_identical(found$found, c(1L, 1L))
  expect_identical(found$square, c(1, 0))
  expect_equal(match_means(found, cbind(c(0, 0, 7, 8, 9))), matrix(7, 2, 1))
  expect_equal(match_usage(found, 5)$sum, c(0, 0, 2, 0, 0))
  own <- match_neighbours(x, 1:5, integer(), list(m = 1L), run_control(1))
  expect_equal(match_means(own, cbind(1:5))[order(own$queries$rows)], c(2.5, 3, 2, 2.5, 4))
  far <- match_neighbours(x, 5L, 1:4, list(m = 1L, max_square = 4), run_control(1))
  expect_identical(far$found, 0L)
  expect_true(is.nan(match_means(far, cbind(1:5))))
  expect_identical(match_greedy(x, 1:2, 3:5, list(), run_control(1)), 3:4)
  expect_identical(match_greedy(x, 5:4, 1:2, list(max_square = 5), run_control(1)), c(0L, 2L))
  expect_error(match_neighbours(x, 1L, 2L, list(k = 1), run_control(1)), "unknown option")
})
