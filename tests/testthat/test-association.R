test_that("associations are those of their definitions", {
  i <- 1:150
  rows <- data.frame(x = sin(i), y = cos(i) + sin(i), g = factor(c("a", "b", "c")[1 + i %% 3]),
                     h = factor(ifelse(sin(i) > .2, "u", "v")))
  found <- associations(rows)
  expect_equal(found[1, 2], cor(rows$x, rows$y))
  # Kelley's epsilon squared is the adjusted R squared of a one-way analysis of variance.
  expect_equal(found[2, 4], sqrt(summary(lm(y ~ h, rows))$adj.r.squared))
  table <- table(rows$g, rows$h)
  phi <- unname(suppressWarnings(chisq.test(table, correct = FALSE)$statistic)) / 150 - 2 * 1 / 149
  expect_equal(found[3, 4], sqrt(max(0, phi) / (min(3 - 4 / 149, 2 - 1 / 149) - 1)))
  expect_identical(found, t(found))
  expect_equal(cramers_v(as.integer(rows$h), as.integer(rows$h)), 1, tolerance = 1e-3)
  expect_identical(correlation_ratio(rep(1, 5), 1:5), 0)
  expect_identical(cramers_v(rep(1, 5), c(1, 2, 1, 2, 1)), 0)
  gaps <- transform(rows, x = replace(x, 1:20, NA), g = replace(g, 30:40, NA))
  expect_equal(associations(gaps)[1, 3], associations(gaps[c(21:29, 41:150), ])[1, 3])
})

test_that("differences are over all pairs, with a holdout's as reference", {
  real <- generate(dgp_paper(), 300, seed = 1)
  real$g <- factor(real$W1 + real$W2)
  other <- transform(generate(dgp_paper(), 300, seed = 2), g = factor(W1 + W2))
  found <- association_difference(real, other, holdout = other)
  expect_identical(nrow(found$pairs), 36L)
  expect_equal(found$mean, mean(abs(found$pairs$difference)))
  expect_equal(tidy(found)$reference, tidy(found)$estimate)
  expect_equal(association_difference(real, real)$max, 0)
  expect_gt(association_difference(real, transform(other, W4 = rev(W4)))$mean, found$mean)
  expect_draws(autoplot(found))
})
