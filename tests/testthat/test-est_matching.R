test_that("estimates and standard errors equal those of the package Matching", {
  skip_if_not_installed("MatchIt")
  known <- utils::read.csv(test_path("fixtures", "matching-estimates.csv"))
  d <- matching_study()
  rows <- MatchIt::lalonde
  zero <- numeric(nrow(rows))
  given <- function(covs) as_nuisance(rows$treat, rows$re78, zero + .5, zero, zero, covs = covs)
  sets <- list(simulated = given_study(cbind(d, indicators(d, "g")), c("x1", "x2", "x3", "gb", "gc")),
               lalonde = given(indicators(rows, lalonde_columns)))
  found <- t(mapply(function(set, estimand, m, distance, bias_adjust, j) {
    method <- est_matching(m, distance, bias_adjust, variance = if (j) "sample" else "homoskedastic", j = max(j, 1))
    fit <- estimate_effect(sets[[set]], method = method, estimand = estimand)
    c(fit$estimates$estimate[1], fit$estimates$std.error[1])
  }, known$set, known$estimand, known$m, known$distance, known$bias_adjust, known$j))
  expect_equal(nrow(known), 144)
  expect_lt(max(abs(found[, 1] / known$estimate - 1)), 1e-8)
  expect_lt(max(abs(found[, 2] / known$std.error - 1)), 1e-8)
  # Under the Mahalanobis distance it does not matter how factors are coded.
  first <- known$set == "lalonde" & known$distance == "mahalanobis" & known$m == 3 & known$estimand == "ATE"
  coded <- estimate_effect(given(rows[lalonde_columns]), method = est_matching(3, bias_adjust = TRUE))
  expect_lt(abs(coef(coded) / known$estimate[first & known$bias_adjust & known$j == 1] - 1), 1e-8)
})

test_that("pairs are those of MatchIt, in its orders", {
  skip_if_not_installed("MatchIt")
  known <- utils::read.csv(test_path("fixtures", "matching-pairs.csv"))
  rows <- untied_lalonde()
  ps <- stats::fitted(stats::glm(stats::reformulate(lalonde_columns, "treat"), stats::binomial(), rows))
  zero <- numeric(nrow(rows))
  sets <- list(
    simulated = given_study(matching_study()),
    lalonde = as_nuisance(rows$treat, rows$re78, ps, zero, zero, covs = rows[lalonde_columns], bounds = NULL)
  )
  for (i in seq_len(nrow(known))) {
    cell <- known[i, ]
    method <- est_matching(distance = cell$distance, order = cell$order, replace = FALSE, covariance = "within")
    fit <- estimate_effect(sets[[cell$set]], method = method, estimand = cell$estimand)
    arm <- as.numeric(cell$estimand == "ATT")
    expected <- as.integer(strsplit(cell$partners, " ")[[1]])
    partner <- integer(sum(fit$treat == arm))
    pairs <- pairs_of(fit, arm)
    partner[match(pairs$focal, which(fit$treat == arm))] <- pairs$partner
    expect_identical(partner, expected, label = paste(unlist(cell[1:4]), collapse = " "))
  }
})

test_that("means, weights and standard errors of both kinds belong together", {
  d <- matching_study(150)
  nu <- given_study(d, q1 = d$x1 + 1, q0 = d$x1)
  for (estimand in c("ATE", "ATT", "ATC")) for (replace in c(TRUE, FALSE)) {
    if (estimand == "ATE" && !replace) next
    fit <- estimate_effect(nu, method = est_matching(replace = replace), estimand = estimand)
    estimate <- fit$estimates$estimate
    w <- weights(fit)
    expect_equal(estimate[1], estimate[2] - estimate[3])
    expect_equal(estimate[2], weighted.mean(d$y[d$a == 1], w[d$a == 1]))
    expect_equal(estimate[3], weighted.mean(d$y[d$a == 0], w[d$a == 0]))
    expect_equal(crossprod(fit$influence) / 150^2, fit$variance, ignore_attr = TRUE)
    expect_equal(fit$variance[1, 1], sum(fit$variance[2:3, 2:3] * c(1, -1, -1, 1)))
  }
  pairs <- pairs_of(fit, 0)
  expect_equal(fit$estimates$std.error[1], stats::t.test(d$y[pairs$partner], d$y[pairs$focal], paired = TRUE)$stderr)
  expect_equal(fit$estimates$std.error[2], stats::sd(d$y[pairs$partner]) / sqrt(nrow(pairs)))
  expect_identical(nlevels(fit$subclass), nrow(pairs))
})

test_that("a bias adjustment of pairs is the regression on the rows used", {
  d <- matching_study(150)
  fit <- estimate_effect(given_study(d, c("x1", "x2")), estimand = "ATT",
                         method = est_matching(replace = FALSE, bias_adjust = TRUE, order = "smallest"))
  pairs <- pairs_of(fit, 1)
  slope <- stats::coef(stats::lm(y ~ x1 + x2, d[pairs$partner, ]))[-1]
  gap <- as.matrix(d[pairs$focal, c("x1", "x2")] - d[pairs$partner, c("x1", "x2")])
  difference <- d$y[pairs$focal] - d$y[pairs$partner] - drop(gap %*% slope)
  expect_equal(coef(fit)[["ATT"]], mean(difference))
  expect_equal(sqrt(vcov(fit)[[1]]), stats::sd(difference) / sqrt(length(difference)))
})

test_that("formula, names, several methods, pools and contrasts work", {
  d <- matching_study()
  run <- function(...) {
    estimate_effect(y ~ a | x1 + x2 + x3 + g, d, ..., learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                    bounds = NULL)
  }
  both <- run(method = c("matching", "aipw", "iptw"))
  expect_named(coef(both), c("matching:ATE", "aipw:ATE", "iptw:ATE"))
  expect_equal(coef(both)[[1]], coef(estimate_effect(given_study(d), method = "matching"))[["ATE"]])
  correlation <- stats::cov2cor(vcov(both))
  expect_gt(min(eigen(vcov(both))$values), 0)
  expect_gt(correlation[1, 2], .5)
  joined <- run(method = c("aipw", est_matching(3, "euclidean", bias_adjust = TRUE)))
  expect_identical(joined$methods$matching, est_matching(3, "euclidean", bias_adjust = TRUE))
  pairs <- run(method = list("or", p = est_matching(replace = FALSE), "iptw"), estimand = "ATT")
  expect_identical(names(pairs$subclass), "p")
  parts <- as.list(pairs)
  expect_null(parts$or$subclass)
  expect_identical(parts$p$subclass, pairs$subclass$p)
  expect_identical(parts$p$subclass, run(method = est_matching(replace = FALSE), estimand = "ATT")$subclass)
  added <- augment(parts$p, d)
  expect_identical(added$subclass, parts$p$subclass)
  expect_identical(added$weights, as.numeric(!is.na(added$subclass)))
  expect_identical(augment(pairs, d)$subclass_p, parts$p$subclass)
  expect_identical(diagnose_overlap(parts$p)$subclass, parts$p$subclass)
  repeated <- run(method = "matching", repeats = 2)
  expect_equal(coef(repeated), coef(run(method = "matching")))
  d$y <- as.numeric(d$y > 1)
  fit <- run(method = "matching", contrasts = TRUE)
  expect_equal(fit$estimates$estimate[4], log(fit$estimates$estimate[2] / fit$estimates$estimate[3]))
  hybrid <- contract_hybrid()
  fit <- estimate_effect(generate(hybrid, 100, seed = 1), method = "matching", learner_treatment = learn_glm(),
                         learner_outcome = learn_glm())
  expect_true(is.finite(tidy(fit)$std.error[1]))
})

test_that("a random order comes from the seed, and results do not depend on the threads", {
  d <- matching_study(400)
  run <- function(seed, threads = 2) {
    estimate_effect(y ~ a | x1 + x2, d, method = est_matching(order = "random", replace = FALSE), estimand = "ATT",
                    learner_treatment = learn_glm(), learner_outcome = learn_glm(), bounds = NULL, seed = seed,
                    threads = threads)
  }
  set.seed(1)
  before <- .Random.seed
  first <- run(1)
  expect_identical(.Random.seed, before)
  expect_identical(run(1, 1), first)
  expect_identical(run(1, 3), first)
  expect_false(identical(run(2)$subclass, first$subclass))
  nu <- given_study(d)
  draw <- function(seed) {
    set.seed(seed)
    estimate_effect(nu, method = est_matching(order = "random", replace = FALSE), estimand = "ATC")$subclass
  }
  expect_identical(draw(5), draw(5))
  expect_false(identical(draw(5), draw(6)))
  serial <- withr::with_options(list(causalsynth.threads = 1), estimate_effect(nu, method = est_matching(3)))
  threaded <- withr::with_options(list(causalsynth.threads = 3), estimate_effect(nu, method = est_matching(3)))
  expect_identical(serial, threaded)
})

test_that("rows without a partner, ties and constants are said", {
  d <- matching_study(100)
  d$one <- 1
  d$group <- factor("only")
  few <- d[d$a == 1 | cumsum(d$a == 0) <= 10, ]
  fit <- estimate_effect(given_study(few, c("x1", "one", "group")), method = est_matching(replace = FALSE),
                         estimand = "ATT")
  text <- said(fit)
  expect_match(text, paste(sum(d$a) - 10, "treated rows without a partner"))
  expect_match(text, "constant, not matched on: one, group")
  expect_match(text, "10 pairs without replacement .mahalanobis., in the order data")
  expect_identical(sum(!is.na(fit$subclass)), 20L)
  tied <- estimate_effect(given_study(matching_study(200, step = 1), c("x1", "x3")), method = est_matching(2))
  expect_match(said(tied), "; 199 of them to more, tied ones")
})

test_that("requests that matching does not serve are classed errors", {
  d <- matching_study(60)
  nu <- given_study(d)
  bare <- as_nuisance(d$a, d$y, d$ps, d$a, d$a, bounds = NULL)
  holes <- d
  holes$x1[3:5] <- NA
  holes$g[7] <- NA
  alone <- given_study(d[d$a == 0 | cumsum(d$a) == 1, ])
  extreme <- given_study(transform(d, ps = replace(ps, 1:2, 0:1)))
  expect_snapshot(error = TRUE, {
    est_matching(0)
    est_matching(2, replace = FALSE)
    est_matching(distance = "gower")
    est_matching(tie_tolerance = Inf)
    estimate_effect(bare, method = "matching")
    estimate_effect(given_study(holes), method = "matching")
    estimate_effect(nu, method = "matching", se = "bootstrap")
    estimate_effect(nu, method = "matching", se = "sandwich")
    estimate_effect(nu, method = "matching", cluster = rep(1:2, 30))
    estimate_effect(nu, method = "matching", weights = rep(1:2, 30))
    estimate_effect(nu, method = "matching", estimand = "ATO")
    estimate_effect(nu, method = est_matching(replace = FALSE))
    estimate_effect(nu, method = est_matching(50))
    estimate_effect(alone, method = "matching")
    estimate_effect(alone, method = est_matching(replace = FALSE), estimand = "ATT")
    estimate_effect(alone, method = est_matching(bias_adjust = TRUE), estimand = "ATC")
    estimate_effect(extreme, method = est_matching(distance = "logit"))
  })
  for (cell in list(list(nu, se = "bootstrap"), list(nu, weights = d$x2), list(bare))) {
    expect_error(do.call(estimate_effect, c(cell, method = "matching")), class = "causalsynth_error_input")
  }
  for (cell in list(given_study(holes), alone)) {
    expect_error(estimate_effect(cell, method = "matching"), class = "causalsynth_error_data")
  }
  expect_error(estimate_effect(extreme, method = est_matching(distance = "logit")),
               class = "causalsynth_error_overlap")
  # What is refused above has its ways out.
  one_arm <- estimate_effect(alone, method = est_matching(), estimand = "ATT")
  expect_true(is.finite(coef(one_arm)))
  expect_silent(estimate_effect(given_study(holes), method = est_matching(distance = "propensity")))
  same <- estimate_effect(nu, method = "matching", weights = rep(2, 60))
  expect_identical(coef(same), coef(estimate_effect(nu, method = "matching")))
})
