frozen <- function(score) {
  table <- utils::read.csv(test_path("fixtures", "fidelity.csv"))
  table$value[match(score, table$score)]
}

test_that("alpha-precision, beta-recall and coverage are those of an independent implementation", {
  sets <- fidelity_sets()
  found <- precision_recall(sets$real, sets$synthetic[1:200, ], c("x", "y"))
  expect_equal(found$alpha_precision, frozen("alpha_precision"), tolerance = 1e-10)
  expect_equal(found$beta_recall, frozen("beta_recall"), tolerance = 1e-10)
  expect_equal(found$coverage, frozen("coverage"), tolerance = 1e-10)
})

test_that("they follow their definitions over mixed columns with gaps", {
  one <- fidelity_study(40)
  two <- fidelity_study(40, 300, .4)
  one$w[3:6] <- two$w[8:9] <- NA
  one$g[10:12] <- two$g[1] <- NA
  found <- precision_recall(one, two, k = 3)
  # By indicators: every level, the missing one too, is a column of height sqrt(1/2).
  centre <- colMeans(one[c("w", "a", "y")], na.rm = TRUE)
  coordinates <- function(d) {
    numbers <- sapply(c("w", "a", "y"), function(name) {
      (ifelse(is.na(d[[name]]), centre[[name]], d[[name]])) / diff(range(one[[name]], na.rm = TRUE))
    })
    g <- ifelse(is.na(d$g), "none", as.character(d$g))
    cbind(numbers, is.na(d$w), sqrt(.5) * outer(g, c("u", "v", "x", "none"), "=="))
  }
  a <- coordinates(one)
  b <- coordinates(two)
  away <- function(x, centre) sqrt(colSums((t(x) - centre)^2))
  level <- seq(0, 1, length.out = 30)
  p <- sapply(quantile(away(a, colMeans(a)), level), function(r) mean(away(b, colMeans(a)) <= r + 1e-12))
  apart <- as.matrix(dist(rbind(a, b)))
  within <- apart[1:40, 1:40]
  diag(within) <- Inf
  across <- apart[1:40, 41:80]
  matched <- away(b, colMeans(b))[apply(across, 1, which.min)]
  near <- apply(across, 1, min)
  r <- sapply(quantile(matched, level), function(b) mean(near <= apply(within, 1, min) & matched <= b + 1e-12))
  expect_equal(found$curves$precision, unname(p))
  expect_equal(found$curves$recall, unname(r))
  expect_equal(found$alpha_precision, 1 - sum(abs(level - p)) / sum(level))
  expect_equal(found$beta_recall, 1 - sum(abs(level - r)) / sum(level))
  expect_equal(found$coverage, mean(near <= apply(within, 1, function(x) sort(x)[3])))
})

test_that("copies are found, others not, and fresh rows are near the reference", {
  real <- generate(dgp_paper("weak"), 300, seed = 1)
  copies <- precision_recall(real, real)
  expect_equal(copies$coverage, 1)
  expect_gt(copies$alpha_precision, .99)
  expect_gt(copies$beta_recall, .95)
  far <- precision_recall(real, transform(real, W4 = W4 + 50))
  expect_lt(far$coverage, .01)
  expect_lt(far$alpha_precision, .05)
  fresh <- precision_recall(real, generate(dgp_paper("weak"), 500, seed = 2),
                            holdout = generate(dgp_paper("weak"), 300, seed = 3), seed = 4)
  expect_identical(fresh$n, 300L)
  expect_true(all(abs(fresh$values$estimate - fresh$values$reference) < c(.06, .12, .06)))
  expect_gt(fresh$beta_recall, .4)
  expect_lt(fresh$beta_recall, .6)
})

test_that("fresh rows cover 1 - 1 / 2^k of the real ones", {
  real <- generate(dgp_paper("weak"), 1000, seed = 5)
  fresh <- generate(dgp_paper("weak"), 1000, seed = 6)
  for (k in c(1, 2, 5)) expect_lt(abs(precision_recall(real, fresh, k = k)$coverage - (1 - 1 / 2^k)), .04)
})

test_that("it speaks and refuses what it cannot do", {
  sets <- fidelity_sets(60, 60)
  found <- precision_recall(sets$real, sets$synthetic, holdout = sets$real)
  expect_speaks(found)
  expect_table(tidy(found), 3, c("metric", "estimate", "conf.low", "conf.high", "reference", "n"))
  expect_table(glance(found), 1)
  one <- precision_recall(sets$real["x"], transform(sets$synthetic["x"], x = 1), threads = 1)
  expect_identical(one, precision_recall(sets$real["x"], transform(sets$synthetic["x"], x = 1), threads = 3))
  expect_snapshot(error = TRUE, {
    precision_recall(sets$real, sets$synthetic[1:5, ])
    precision_recall(sets$real, sets$synthetic, neighbours = 3)
  })
})
