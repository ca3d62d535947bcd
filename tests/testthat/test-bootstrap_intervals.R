# A bare object as bootstrap_limits() reads it.
with_replicates <- function(estimate, replicates, jackknife = NULL) {
  list(estimates = data.frame(estimate = estimate), bootstrap = list(values = cbind(replicates), jackknife = jackknife))
}

test_that("percentile and BCa limits equal boot::boot.ci()", {
  i <- 1:499
  t <- qnorm((i * .618034) %% 1) + .3 * qnorm((i * .414214) %% 1)^2
  # Leave-one-out estimates whose influences are those given to boot.ci().
  influence <- exp(sin(1:40)) - mean(exp(sin(1:40)))
  fit <- with_replicates(.2, t, cbind(-influence))
  for (level in c(.9, .95)) for (type in c("bca", "percentile")) {
    known <- oracle_values("boot", as.character(level), "interval", type)
    expect_equal(drop(bootstrap_limits(fit, level, type)), known, tolerance = 1e-12, ignore_attr = TRUE)
  }
})

test_that("quantiles are order statistics where (R + 1) alpha is whole, and the extremes beyond", {
  expect_equal(interpolated_quantile(rev(1:99), c(.05, .5, .95)), c(5, 50, 95))
  expect_equal(interpolated_quantile(1:9, c(.001, .999)), c(1, 9))
  expect_identical(interpolated_quantile(1:9, NA_real_), NA_real_)
})

test_that("a symmetric jackknife has no acceleration, an estimate beyond all replicates no BCa interval", {
  expect_equal(acceleration(c(-2, -1, 0, 1, 2)), 0)
  expect_equal(acceleration(rep(3, 5)), 0)
  skew <- rexp(50)
  u <- mean(skew) - skew
  expect_equal(acceleration(skew), sum(u^3) / (6 * sum(u^2)^1.5))
  expect_identical(bca_levels(c(.025, .975), 1:9, 20, 0), c(NA, NA))
  expect_equal(bca_levels(c(.025, .975), c(-1, 1), 0, 0), c(.025, .975))
})
