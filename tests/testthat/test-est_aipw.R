test_that("AIPW equals the AIPW package", {
  known <- oracle_values("AIPW", "binary", "aipw", "ATE")
  found <- named_estimates(estimate_effect(oracle_nuisance("binary"), method = "aipw"))
  expect_lt(max(abs(found[names(known)] - known)), 1e-6)
})

# The augmented overlap estimator from its efficient influence function (Crump et al. 2006), solved for psi.
test_that("the augmented ATO solves the efficient influence equation of the overlap population", {
  nu <- oracle_nuisance("number")
  e <- nu$ps
  a <- nu$treat
  tau <- nu$q1 - nu$q0
  residual <- a * (nu$outcome - nu$q1) / e - (1 - a) * (nu$outcome - nu$q0) / (1 - e)
  equation <- function(psi) {
    e * (1 - e) * (residual + tau - psi) + (1 - 2 * e) * (a - e) * (tau - psi)
  }
  psi <- uniroot(function(p) mean(equation(p)), c(-10, 10), tol = 1e-12)$root
  fit <- estimate_effect(nu, method = "aipw", estimand = "ATO")
  expect_equal(coef(fit)[["ATO"]], psi, tolerance = 1e-9)
  influence <- equation(psi) / mean((a - e)^2)
  expect_equal(fit$influence[, 1], influence, tolerance = 1e-9)
  expect_equal(vcov(fit)[[1]], mean(influence^2) / 239, tolerance = 1e-9)
})

test_that("the augmented ATO is orthogonal: small errors of either nuisance count to second order", {
  n <- 40000
  i <- seq_len(n)
  w <- stats::qnorm((i * .618034) %% 1 * .98 + .01)
  e <- plogis(w)
  a <- as.numeric((i * .732051) %% 1 < e)
  # Noise-free outcomes: what is left is the nuisances' error alone.
  y <- w + a * (1 + w)
  truth <- sum(e * (1 - e) * (1 + w)) / sum(e * (1 - e))
  at <- function(shift_e, shift_q) {
    nu <- as_nuisance(a, y, plogis(w + shift_e * cos(w)), 1 + 2 * w + shift_q * sin(w), w - shift_q * w, bounds = NULL)
    coef(estimate_effect(nu, method = "aipw", estimand = "ATO"))[[1]]
  }
  base <- at(0, 0)
  expect_lt(abs(base - truth), .01)
  plain <- function(shift) {
    p <- plogis(w + shift * cos(w))
    sum(p * (1 - p) * (1 + w)) / sum(p * (1 - p))
  }
  # A wrong g shifts the plug-in target to first order, the augmented one hardly.
  expect_gt(abs(plain(.2) - plain(0)), 5 * abs(at(.2, 0) - base))
  expect_lt(abs(at(0, .2) - base), .02)
})
