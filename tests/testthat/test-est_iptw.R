glm_effect <- function(formula, data, ...) {
  estimate_effect(formula, data, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm(), bounds = NULL)
}

test_that("all four estimands have the M-estimation variance of WeightIt", {
  for (estimand in c("ATE", "ATT", "ATC", "ATO")) for (case in c("number", "binary")) {
    known <- oracle_values("WeightIt", case, "iptw", estimand)
    formula <- stats::reformulate("a | w1 + w2 + w3", paste0("y_", case))
    found <- named_estimates(glm_effect(formula, oracle_study(), method = "iptw", estimand = estimand))
    names(found) <- sub(estimand, "estimate", sub(paste0("^", estimand, "_se$"), "se", names(found)))
    expect_lt(max(abs(found[names(known)] - known)), 1e-6, label = paste(estimand, case))
  }
})

test_that("overlap and inverse weights have the sandwich variance of PSweight", {
  for (estimand in c("ATE", "ATO")) {
    known <- oracle_values("PSweight", "number", "iptw", estimand)
    found <- named_estimates(glm_effect(y_number ~ a | w1 + w2 + w3, oracle_study(), method = "iptw",
                                        estimand = estimand))
    names(found) <- sub(estimand, "estimate", sub(paste0("^", estimand, "_se$"), "se", names(found)))
    expect_lt(max(abs(found[names(known)] - known)), 1e-6, label = estimand)
  }
})

test_that("overlap weights of a logistic regression balance its covariates exactly", {
  d <- transform(oracle_study(), g = factor(arm))
  fit <- glm_effect(y_number ~ a | w1 + w2 + w3 + g, d, method = "iptw", estimand = "ATO")
  x <- stats::model.matrix(~ w1 + w2 + w3 + g, d)[, -1]
  w <- weights(fit)
  smd <- apply(x, 2, function(v) {
    gap <- stats::weighted.mean(v[d$a == 1], w[d$a == 1]) - stats::weighted.mean(v[d$a == 0], w[d$a == 0])
    gap / sqrt((stats::var(v[d$a == 1]) + stats::var(v[d$a == 0])) / 2)
  })
  expect_lt(max(abs(smd)), 1e-8)
  inverse <- weights(glm_effect(y_number ~ a | w1 + w2 + w3 + g, d, method = "iptw"))
  expect_gt(abs(stats::weighted.mean(d$w1[d$a == 1], inverse[d$a == 1]) -
                  stats::weighted.mean(d$w1[d$a == 0], inverse[d$a == 0])), 1e-4)
})

# Stacked equations of logistic g, the treated share and two Hajek means, with numeric derivatives.
capped_sandwich <- function(d, cap, stabilised) {
  x <- cbind(1, d$w1, d$w2, d$w3)
  weight <- function(t) {
    p <- plogis(drop(x %*% t[1:4]))
    share <- if (stabilised) ifelse(d$a == 1, t[5], 1 - t[5]) else 1
    pmin(share / ifelse(d$a == 1, p, 1 - p), cap)
  }
  psi <- function(t) {
    w <- weight(t)
    cbind(x * (d$a - plogis(drop(x %*% t[1:4]))), d$a - t[5], w * d$a * (d$y_number - t[6]),
          w * (1 - d$a) * (d$y_number - t[7]))
  }
  alpha <- c(coef(glm(a ~ w1 + w2 + w3, binomial, d, control = glm.control(1e-14))), mean(d$a))
  w <- weight(c(alpha, 0, 0))
  theta <- c(alpha, sapply(1:0, function(a) stats::weighted.mean(d$y_number[d$a == a], w[d$a == a])))
  jacobian <- vapply(seq_along(theta), function(j) {
    step <- replace(numeric(7), j, 1e-6)
    colMeans(psi(theta + step) - psi(theta - step)) / 2e-6
  }, theta)
  inverse <- solve(jacobian)
  v <- inverse %*% (crossprod(psi(theta)) / nrow(d)) %*% t(inverse) / nrow(d)
  c(theta[6] - theta[7], sqrt(v[6, 6] + v[7, 7] - 2 * v[6, 7]))
}

test_that("stabilised and capped weights keep the stacked variance", {
  d <- oracle_study()
  settings <- list(list(cap = 2.2, stabilised = FALSE), list(cap = 1.15, stabilised = TRUE))
  for (s in settings) {
    fit <- glm_effect(y_number ~ a | w1 + w2 + w3, d, method = est_iptw(stabilised = s$stabilised, cap = s$cap))
    known <- capped_sandwich(d, s$cap, s$stabilised)
    expect_gt(sum(weights(fit) == s$cap), 10)
    expect_equal(c(coef(fit), sqrt(vcov(fit))), known, tolerance = 1e-6, ignore_attr = TRUE)
  }
  # Without a cap the share cancels.
  plain <- glm_effect(y_number ~ a | w1 + w2 + w3, d, method = list("iptw", s = est_iptw(stabilised = TRUE)))
  expect_equal(coef(plain)[[1]], coef(plain)[[2]], tolerance = 1e-12)
  expect_equal(vcov(plain)[1, 1], vcov(plain)[2, 2], tolerance = 1e-12)
})
