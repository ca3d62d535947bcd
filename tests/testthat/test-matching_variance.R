test_that("the sample variance of a row and its neighbours is the default", {
  d <- matching_study(100, step = 1)
  fit <- estimate_effect(given_study(d, c("x1", "x2")), method = est_matching(j = 2))
  known <- matching_by_definition(d$y, d$a, whitened(cbind(d$x1, d$x2)), j = 2,
                                  sigma = function(own, others) stats::var(c(own, others)))
  expect_equal(vcov(fit)[[1]], known$variance, tolerance = 1e-10)
  expect_identical(unname(fit$inference), "Abadie-Imbens, J = 2")
})

# The correction of Abadie and Imbens (2016) from its formulas, row by row; local moments over the two nearest rows of
# an arm in p, without ties.
correction_by_definition <- function(y, a, x, p, estimand) {
  n <- length(y)
  h <- switch(estimand, ATE = rep(1, n), ATT = p, ATC = 1 - p)
  slope <- switch(estimand, ATE = 0, ATT = 1, ATC = -1) * p * (1 - p)
  nearest <- function(i, rows) rows[order(abs(p[rows] - p[i]))]
  means <- vapply(1:0, function(w) {
    other <- vapply(which(a != w), function(i) y[nearest(i, which(a == w))[1]], 0)
    sum((h > 0) * replace(y, a != w, other) * switch(estimand, ATE = 1, ATT = a, ATC = 1 - a)) /
      sum(switch(estimand, ATE = rep(1, n), ATT = a, ATC = 1 - a))
  }, 0)
  rows <- lapply(1:0, function(w) {
    t(vapply(seq_len(n), function(i) {
      two <- nearest(i, which(a == w))[1:2]
      local_mean <- if (a[i] == w) y[nearest(i, setdiff(which(a == w), i))[1]] else mean(y[two])
      covariance <- stats::cov(x[two, ], y[two])[, 1]
      score <- (2 * w - 1) * covariance * p[i] * (1 - p[i]) * h[i] / (if (w == 1) p[i] else 1 - p[i])
      shared <- x[i, ] * slope[i] * (local_mean - means[2 - w])
      c(shared + score, shared + covariance * slope[i])
    }, numeric(2 * ncol(x))))
  })
  total <- (colMeans(rows[[1]]) - colMeans(rows[[2]])) / mean(h)
  information <- crossprod(x * sqrt(p * (1 - p))) / n
  first <- seq_len(ncol(x))
  quadratic <- function(v) drop(v %*% solve(information, v))
  (quadratic(total[-first]) - quadratic(total[first])) / n
}

test_that("a logistic propensity's own error is in the variance", {
  d <- matching_study(150)
  nu <- nuisance(y ~ a | x1 + x2 + x3, d, learn_glm(), learn_glm(), bounds = NULL)
  known <- nu
  known["fits"] <- list(NULL)
  x <- cbind(1, d$x1, d$x2, d$x3)
  for (estimand in c("ATE", "ATT", "ATC")) {
    method <- est_matching(distance = "propensity", tie_tolerance = 0)
    with <- estimate_effect(nu, method = method, estimand = estimand)
    without <- estimate_effect(known, method = method, estimand = estimand)
    expect_identical(coef(with), coef(without))
    expect_equal(vcov(with)[[1]] - vcov(without)[[1]], correction_by_definition(d$y, d$a, x, nu$ps, estimand),
                 tolerance = 1e-8)
    expect_identical(unname(with$inference), "Abadie-Imbens, J = 1; estimated propensity (2016)")
    expect_identical(unname(without$inference), "Abadie-Imbens, J = 1; propensity treated as known")
  }
  # The means of an arm that is the target itself need no matches: its variance is that of a mean.
  att <- estimate_effect(nu, method = est_matching(distance = "logit"), estimand = "ATT")
  treated <- d$y[d$a == 1]
  expect_equal(att$variance[2, 2], mean((treated - mean(treated))^2) / length(treated))
  pairs <- estimate_effect(nu, method = est_matching(distance = "logit", replace = FALSE), estimand = "ATT")
  expect_identical(unname(pairs$inference), "paired differences; propensity treated as known")
})

test_that("vectors are mapped to a wanted covariance by the least change", {
  psi <- cbind(sin(1:50), cos(1:50) + sin(1:50) / 2)
  wanted <- matrix(c(2, .5, .5, 1), 2)
  mapped <- map_covariance(psi, wanted)
  expect_equal(crossprod(mapped), wanted)
  change <- solve(crossprod(psi), crossprod(psi, mapped))
  expect_equal(change, t(change))
  expect_gt(min(eigen(change)$values), 0)
  expect_equal(map_covariance(psi, crossprod(psi)), psi)
  # No variance to start from, or none wanted.
  expect_equal(crossprod(map_covariance(cbind(psi[, 1], 0), wanted)), wanted, tolerance = 1e-6)
  expect_equal(crossprod(map_covariance(0 * psi, wanted)), wanted, tolerance = 1e-6)
  expect_equal(crossprod(map_covariance(psi, 0 * wanted)), 0 * wanted)
})
