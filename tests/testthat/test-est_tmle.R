test_that("two epsilons equal the tmle package: both ways of targeting, both kinds of outcome, means, RR and OR", {
  cases <- expand.grid(case = c("number", "binary"), weighted = c(TRUE, FALSE), stringsAsFactors = FALSE)
  for (i in seq_len(nrow(cases))) {
    case <- cases$case[i]
    weighted <- cases$weighted[i]
    known <- oracle_values("tmle", case, paste("tmle", if (weighted) "weights" else "covariate"), "ATE")
    fit <- estimate_effect(oracle_nuisance(case), method = est_tmle(target_weights = weighted),
                           contrasts = case == "binary")
    epsilon <- glance(fit)[c("epsilon_control", "epsilon_treated")]
    found <- c(named_estimates(fit), unlist(epsilon))
    expect_lt(max(abs(found[names(known)] - known)), 1e-6, label = paste(case, weighted))
    expect_lt(abs(glance(fit)$score), 1e-10)
  }
})

test_that("bounded propensities enter as in the tmle package: from below only", {
  known <- oracle_values("tmle", "binary", "tmle covariate bounded", "ATE")
  fit <- estimate_effect(oracle_nuisance("binary", .35), method = "tmle", contrasts = TRUE)
  expect_lt(max(abs(named_estimates(fit)[names(known)[c(1:6, 9:12)]] - known[c(1:6, 9:12)])), 1e-6)
})

# The plug-in over the target's own rows after fluctuating Q in the arm that is not observed there, by glm().
reference_att <- function(nu, weighted) {
  low <- min(nu$outcome)
  width <- diff(range(nu$outcome))
  unit <- function(y) (y - low) / width
  bounded <- function(q) pmin(pmax(unit(q), 5e-4), 1 - 5e-4)
  fluctuate <- function(q, rows, h) {
    offset <- qlogis(bounded(q))
    x <- if (weighted) rep(1, length(q)) else h
    w <- if (weighted) h else rep(1, length(q))
    fit <- suppressWarnings(glm(unit(nu$outcome) ~ -1 + x, quasibinomial, offset = offset, weights = w, subset = rows,
                                control = glm.control(1e-14, 100)))
    low + width * plogis(offset + coef(fit)[[1]] * x)
  }
  q1 <- fluctuate(nu$q1, nu$treat == 1, rep(1, nu$n))
  q0 <- fluctuate(nu$q0, nu$treat == 0, nu$ps / (1 - nu$ps))
  p <- mean(nu$treat)
  psi <- mean((q1 - q0)[nu$treat == 1])
  score <- (nu$treat * (nu$outcome - q1) - (1 - nu$treat) * nu$ps / (1 - nu$ps) * (nu$outcome - q0) +
              nu$treat * (q1 - q0 - psi)) / p
  c(psi, stats::sd(score) / sqrt(nu$n))
}

test_that("ATT and ATC solve their own efficient influence equation, as an independent fit by glm() does", {
  for (case in c("number", "binary")) for (weighted in c(FALSE, TRUE)) {
    nu <- oracle_nuisance(case)
    fit <- estimate_effect(nu, method = est_tmle(target_weights = weighted), estimand = "ATT")
    known <- reference_att(nu, weighted)
    expect_equal(c(coef(fit), sqrt(vcov(fit))), known, tolerance = 1e-7, ignore_attr = TRUE)
    expect_lt(abs(glance(fit)$score), 1e-10)
    # The ATC is the ATT of the other arm, with its sign turned.
    turned <- as_nuisance(1 - nu$treat, nu$outcome, 1 - nu$ps, nu$q0, nu$q1, bounds = NULL)
    other <- estimate_effect(turned, method = est_tmle(target_weights = weighted), estimand = "ATC")
    expect_equal(coef(other)[["ATC"]], -coef(fit)[["ATT"]], tolerance = 1e-10)
    expect_equal(vcov(other)[[1]], vcov(fit)[[1]], tolerance = 1e-10)
  }
})

test_that("ATT and ATC come near the tmle package, which moves g too, in steps", {
  for (case in c("number", "binary")) for (estimand in c("ATT", "ATC")) {
    fit <- estimate_effect(stats::reformulate("a | w1 + w2 + w3", paste0("y_", case)), oracle_study(), method = "tmle",
                           estimand = estimand, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                           bounds = NULL)
    known <- oracle_values("tmle", case, "tmle fitted", estimand)
    expect_lt(abs(coef(fit) - known[["estimate"]]), .02 * known[["se"]])
    expect_lt(abs(sqrt(vcov(fit)[[1]]) / known[["se"]] - 1), .02)
  }
})

test_that("one epsilon solves the contrast's score for each estimand", {
  for (estimand in c("ATE", "ATT", "ATC")) for (weighted in c(FALSE, TRUE)) {
    nu <- oracle_nuisance("number")
    fit <- estimate_effect(nu, method = est_tmle("one", weighted), estimand = estimand)
    expect_lt(abs(mean(fit$influence[, 1])), 1e-10)
    expect_length(fit$epsilon[[1]], 1)
  }
})

test_that("known bounds of the outcome give the scale, and an outcome outside them is an error", {
  nu <- oracle_nuisance("number")
  range <- range(nu$outcome)
  own <- estimate_effect(nu, method = "tmle")
  expect_equal(coef(estimate_effect(nu, method = est_tmle(y_bounds = range))), coef(own), tolerance = 1e-12)
  wide <- estimate_effect(nu, method = est_tmle(y_bounds = c(-10, 20)))
  expect_false(isTRUE(all.equal(coef(wide), coef(own), tolerance = 1e-8)))
  expect_lt(abs(glance(wide)$score), 1e-9)
  expect_snapshot(error = TRUE, {
    estimate_effect(nu, method = est_tmle(y_bounds = c(0, 2)))
    est_tmle(y_bounds = 3)
    est_tmle(y_bounds = c(1, 0))
  })
  expect_error(estimate_effect(nu, method = est_tmle(y_bounds = c(0, 2))), class = "causalsynth_error_data")
})

test_that("an arm without any event is said, not hidden", {
  a <- rep(0:1, 30)
  y <- ifelse(a == 1, 0, rep(c(0, 1), each = 30))
  nu <- as_nuisance(a, y, rep(.5, 60), rep(.2, 60), rep(.5, 60))
  expect_warning(fit <- estimate_effect(nu, method = "tmle"), class = "causalsynth_warning_fit")
  expect_match(fit$notes$tmle, "did not converge")
})

test_that("the other arm's zero probability does not matter where the estimand does not use it", {
  a <- rep(0:1, 30)
  ps <- ifelse(seq_along(a) %% 10 == 1, 0, .5)
  nu <- as_nuisance(a, sin(1:60) + a, ps, rep(1, 60), rep(0, 60), bounds = NULL)
  expect_silent(fit <- estimate_effect(nu, method = "tmle", estimand = "ATT"))
  expect_true(is.finite(coef(fit)))
  expect_error(estimate_effect(nu, method = "tmle"), class = "causalsynth_error_overlap")
})
