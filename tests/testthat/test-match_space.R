mixed_rows <- function(n, seed, missing = 0) {
  set.seed(seed)
  rows <- data.frame(x = round(rnorm(n), 1), g = factor(sample(c("u", "v", "w"), n, TRUE), c("u", "v", "w")),
                     l = runif(n) < .5, c = rep(3, n))
  for (name in c("x", "g", "l")) rows[[name]][runif(n) < missing] <- NA
  rows
}

# From the help page, pair by pair.
defined_distance <- function(real, other, kind) {
  vapply(seq_len(nrow(other)), function(r) vapply(seq_len(nrow(real)), function(i) {
    parts <- vapply(c("x", "g", "l"), function(name) {
      a <- real[[name]][i]
      b <- other[[name]][r]
      if (is.na(a) || is.na(b)) return(NA_real_)
      if (name == "g") return(as.numeric(as.character(a) != as.character(b)))
      v <- as.numeric(real[[name]])
      gap <- abs(as.numeric(a) - as.numeric(b))
      if (kind == "gower") gap / diff(range(v, na.rm = TRUE)) else (gap / sd(v, na.rm = TRUE))^2
    }, 1)
    if (kind == "gower") mean(parts, na.rm = TRUE) else sqrt(mean(parts, na.rm = TRUE) * 3)
  }, 1), numeric(nrow(real)))
}

test_that("distances are those of the help page", {
  for (missing in c(0, .2)) for (kind in c("euclidean", "gower")) {
    real <- mixed_rows(30, 1, missing)
    other <- mixed_rows(40, 2, missing)
    found <- match_nearest(real, other, k = 3, distance = kind)
    all <- defined_distance(real, other, kind)
    expected <- t(apply(all, 1, function(d) sort(d)[1:3]))
    expect_equal(found$distance, expected, tolerance = 1e-12)
    expect_equal(all[cbind(rep(1:30, 3), as.vector(found$index))], as.vector(found$distance), tolerance = 1e-12)
    expect_identical(found$dropped, "c")
  }
})

test_that("Mahalanobis distances use the covariance of x", {
  set.seed(3)
  x <- matrix(rnorm(60), 20)
  y <- matrix(rnorm(90), 30)
  found <- match_nearest(x, y, distance = "mahalanobis")
  all <- apply(y, 1, function(b) stats::mahalanobis(x, b, cov(x)))
  expect_equal(found$distance[, 1]^2, apply(all, 1, min), tolerance = 1e-10)
  expect_identical(found$index[, 1], apply(all, 1, which.min))
})

test_that("constant columns count for nothing, and many levels are no hazard", {
  expect_identical(match_nearest(data.frame(a = rep(1, 3)), data.frame(a = c(5, 6)))$distance[, 1], c(0, 0, 0))
  set.seed(4)
  wide <- data.frame(f = factor(sample(300, 500, TRUE), 1:300), x = rnorm(500))
  found <- match_nearest(wide[1:100, ], wide)
  expect_identical(found$index[, 1], 1:100)
  expect_identical(found$distance[, 1], numeric(100))
})

test_that("pairs are greedy or optimal, within a caliper", {
  x <- data.frame(a = c(0, 1))
  y <- data.frame(a = c(.9, -2))
  greedy <- match_nearest(x, y, replace = FALSE, scale = "none")
  expect_equal(greedy$index[, 1], c(1, 2))
  optimal <- match_nearest(x, y, replace = FALSE, method = "optimal", scale = "none")
  expect_equal(optimal$index[, 1], c(2, 1))
  expect_equal(optimal$distance[, 1], c(2, .1))
  near <- match_nearest(x, y, replace = FALSE, scale = "none", caliper = .5)
  expect_equal(near$index[, 1], c(NA, 1))
  expect_true(is.na(near$distance[1]))
  few <- match_nearest(rbind(x, 5), y[1, , drop = FALSE], replace = FALSE, method = "optimal", scale = "none")
  expect_equal(few$index[, 1], c(NA, 1, NA))
})

test_that("optimal pairs of random rows are no worse than greedy ones", {
  set.seed(5)
  x <- as.data.frame(matrix(rnorm(80), 40))
  y <- as.data.frame(matrix(rnorm(600), 300))
  total <- function(method, ...) sum(match_nearest(x, y, replace = FALSE, method = method, ...)$distance)
  expect_lt(total("optimal"), total("greedy"))
  whole <- sum(apply(as.matrix(dist(rbind(scale(x), scale(y, colMeans(x), apply(x, 2, sd)))))[1:40, -(1:40)], 1, min))
  expect_gte(total("optimal") + 1e-9, whole)
})

test_that("columns of tiny numbers count in their own units", {
  real <- data.frame(x = 1e-300 * sin(1:30), y = cos(1:30))
  other <- data.frame(x = 1e-300 * sin(101:140), y = cos(101:140))
  scaled <- function(d) transform(d, x = x * 1e300)
  for (distance in c("euclidean", "gower", "mahalanobis")) {
    found <- match_nearest(real, other, distance = distance)
    expect_equal(found, match_nearest(scaled(real), scaled(other), distance = distance))
    expect_false(identical(found$index, match_nearest(real["y"], other["y"], distance = distance)$index))
  }
})
