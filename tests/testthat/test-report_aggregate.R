# Counts that a table of shares stands for.
counts_of <- function(table, n) round(table$real * n)

test_that("bins of real rows are empty or hold at least five", {
  made <- qnorm(ppoints(500))
  for (real in list(qnorm(ppoints(83)) * 1.4, c(rep(0, 6), 50), tan(pi * (ppoints(61) - .5)), rep(2, 7))) {
    table <- aggregate_column(made, real)
    counts <- counts_of(table, length(real))
    expect_true(all(counts == 0 | counts >= 5))
    expect_identical(sum(counts), as.numeric(length(real)))
    expect_equal(sum(table$synthetic), 1)
    # Neighbouring bins, without gaps; edges are the synthetic rows', not the real ones'.
    expect_equal(table$left[-1], table$right[-nrow(table)])
    expect_identical(table[c("left", "right")], within(table, real <- NULL)[c("left", "right")])
    expect_lt(max(abs(c(table$left, table$right))), 10)
  }
  few <- aggregate_column(made, c(1, 2, 3, NA))
  expect_true(all(is.na(few$real)))
  expect_match(attr(few, "notes"), "Too few real values", all = FALSE)
  expect_match(attr(few, "notes"), "fewer than 5 rows", all = FALSE)
})

test_that("merged bins are neighbours", {
  cases <- list(c(1, 1, 1, 1, 1), c(4, 0, 0, 9, 2), c(0, 3, 0), c(2, 8, 2), 7, c(0, 0), c(5, 5, 1, 5), 0:12)
  for (counts in cases) {
    group <- merged_bins(counts)
    expect_true(all(diff(group) %in% 0:1))
    sums <- as.vector(rowsum(counts, group))
    expect_true(all(sums == 0 | sums >= 5) || sum(counts) < 5)
  }
  expect_identical(merged_bins(c(5, 0, 6)), 1:3)
  expect_identical(merged_bins(c(5, 5, 1, 6)), c(1L, 2L, 2L, 3L))
})

test_that("rare levels lose their names", {
  real <- data.frame(x = rep(c("a", "b", "c", "d"), c(20, 10, 3, 4)), y = factor(rep(c("u", "v", "w"), c(30, 5, 2))))
  made <- data.frame(x = c("a", "c", "new", NA), y = factor(c("u", "w", "v", "u"), c("w", "u", "v")))
  pooled <- pool_rare_levels(real, made)
  expect_identical(pooled$pooled, c(x = 3L, y = 1L))
  expect_identical(levels(pooled$real$x), c("a", "b", "(rare levels)"))
  expect_identical(as.character(pooled$synthetic$x), c("a", "(rare levels)", "(rare levels)", NA))
  # Two rows are no pool: the least frequent of the others joins them.
  expect_identical(levels(pooled$real$y), c("u", "v (and rare levels)"))
  expect_identical(as.integer(table(pooled$real$y)), c(30L, 7L))
  expect_identical(as.character(pooled$synthetic$y), c("u", "v (and rare levels)", "v (and rare levels)", "u"))
  names <- data.frame(x = paste("person", 1:30))
  expect_identical(levels(pool_rare_levels(names, names)$real$x), "(rare levels)")
})

test_that("values of a column are pooled as levels are", {
  real <- rep(c(0, 1, 2, 3, NA), c(30, 9, 3, 2, 6))
  table <- aggregate_column(rep(0:3, 10), real)
  expect_identical(table$label, c("0", "1", "(missing)", "(rare levels)"))
  expect_identical(counts_of(table, 50), c(30, 9, 6, 5))
  expect_equal(table$synthetic, c(.25, .25, 0, .5))
  expect_match(attr(table, "notes"), "2 values of fewer than 5 real rows", all = FALSE)
  many <- aggregate_column(factor(rep(letters, 26:1)), factor(rep(letters, 40)))
  expect_identical(nrow(many), 12L)
  expect_equal(sum(many$real), 1)
  alone <- aggregate_column(c(TRUE, FALSE, TRUE))
  expect_identical(alone$label, c("FALSE", "TRUE"))
  expect_null(alone$real)
  expect_equal(shown_distance(table), sum(abs(table$real - table$synthetic)) / 2)
  dates <- aggregate_column(as.Date("2020-01-01") + 0:99, as.Date("2020-02-01") + 0:49)
  expect_identical(attr(dates, "axis")(18262), "2020-01-01")
})

test_that("what chance makes of a distance", {
  set.seed(1)
  share <- c(.5, .3, .2)
  found <- replicate(300, {
    a <- tabulate(sample.int(3, 200, TRUE, share), 3) / 200
    b <- tabulate(sample.int(3, 100, TRUE, share), 3) / 100
    sum(abs(a - b)) / 2
  })
  table <- data.frame(synthetic = share, real = share)
  expect_equal(chance_distance(table, c(200, 100)), mean(found), tolerance = .1)
})

test_that("propensities are binned by arm", {
  overlap <- list(treat = rep(1:0, c(12, 40)), distance = c(.02, .11, rep(.62, 10), seq(.01, .4, length.out = 40)))
  bins <- propensity_bins(overlap, guard = TRUE)
  counts <- round(bins$share * ifelse(bins$arm == "treated", 12, 40))
  expect_true(all(counts == 0 | counts >= 5))
  free <- propensity_bins(overlap, guard = FALSE)
  expect_identical(nrow(free), 40L)
  expect_equal(as.vector(tapply(free$share, free$arm, sum)), c(1, 1))
})

test_that("shares of fewer than five real rows leave the table of moments", {
  paper <- list(n_seed = 200, moments = data.frame(
    column = c("a", "b", "c", "d", "e"), what = c("mean", "share of x", "share missing", "mean", "share of y"),
    seed = c(.3, .01, .02, .015, .5), before = 0, after = c(.31, .01, .02, .015, .5),
    seed_sd = c(2, .1, .14, sqrt(.015 * .985), .5), before_sd = NA, after_sd = NA
  ))
  found <- guarded_moments(paper)
  expect_identical(found$hidden, 3L)
  expect_identical(found$table$Covariate, c("a, mean", "e, share of y"))
  expect_identical(guarded_count(3, TRUE), "fewer than 5")
  expect_identical(guarded_count(3, FALSE), "3")
  expect_identical(guarded_count(0, TRUE), "0")
})
