reference_nuisance <- function(set, bounds) {
  d <- utils::read.csv(shared_path("reference", paste0(set, "_nuisance.csv")))
  suppressWarnings(as_nuisance(d$A, d$Y, d$ps, d$m1, d$m0, bounds = bounds),
                   classes = "causalsynth_warning_overlap")
}

test_that("estimates from given nuisances equal the reference at both bounds", {
  skip_if_not_installed("jsonlite")
  reference <- jsonlite::read_json(shared_path("reference", "reference_estimates.json"))
  methods <- list(iptw_hajek = "iptw", iptw_ht = est_iptw("ht"), aipw = "aipw", or = "or",
                  tmle = est_tmle(fluctuation = "one", q_bounds = 1e-6))
  for (set in names(reference)) for (clip in c("clip_1e-6", "clip_gruber")) {
    b <- if (clip == "clip_1e-6") 1e-6 else reference[[set]]$gruber_bound
    fit <- estimate_effect(reference_nuisance(set, c(b, 1 - b)), method = methods)
    known <- reference[[set]][[clip]]
    for (name in names(methods)) {
      expect_equal(coef(fit)[[paste0(name, ":ATE")]], known[[name]], tolerance = if (name == "tmle") 1e-6 else 1e-8,
                   label = paste(set, clip, name))
    }
    expect_equal(glance(fit)$epsilon[5], known$tmle_epsilon, tolerance = 1e-6, label = paste(set, clip, "epsilon"))
  }
})

test_that("capped weights equal the reference", {
  skip_if_not_installed("jsonlite")
  reference <- jsonlite::read_json(shared_path("reference", "reference_estimates.json"))
  for (set in names(reference)) {
    # This figure was made with each arm's own probability bounded from below (a ps of 1 gives weight 1, not 1.000001).
    fit <- estimate_effect(reference_nuisance(set, 1e-6), method = est_iptw(cap = 10))
    expect_equal(coef(fit)[["ATE"]], reference[[set]]$iptw_weights_capped_at_10, tolerance = 1e-8)
  }
})

lalonde_effect <- function(...) {
  estimate_effect(re78 ~ treat | ., MatchIt::lalonde, ..., learner_treatment = learn_glm(),
                  learner_outcome = learn_glm(), bounds = NULL)
}

test_that("lalonde with glm nuisances gives the published figures", {
  skip_if_not_installed("MatchIt")
  ate <- lalonde_effect(method = list("iptw", ht = est_iptw("ht"), "or", "aipw", "tmle"))
  expect_lt(max(abs(unname(coef(ate)) - c(224.68, -449.79, 1074.91, 469.64, 150.70))), .01)
  se <- sqrt(diag(vcov(ate)))
  expect_lt(abs(se[["aipw:ATE"]] - 926.2), .1)
  expect_lt(abs(se[["tmle:ATE"]] - 828.5), .1)
  att <- lalonde_effect(method = c("iptw", "or"), estimand = "ATT")
  expect_lt(max(abs(coef(att) - c(1214.07, 1647.58))), .01)
  expect_lt(abs(sqrt(vcov(att)[1, 1]) - 798.2), .1)
  expect_lt(abs(coef(lalonde_effect(method = "iptw", estimand = "ATO")) - 1242.20), .01)
})

# Stacked estimating equations from their definition, with numeric derivatives: sandwich of mean psi.
numeric_sandwich <- function(psi, theta) {
  jacobian <- vapply(seq_along(theta), function(j) {
    h <- 1e-5 * max(1, abs(theta[j]))
    up <- down <- theta
    up[j] <- up[j] + h
    down[j] <- down[j] - h
    colMeans(psi(up) - psi(down)) / (2 * h)
  }, theta)
  values <- psi(theta)
  inverse <- solve(jacobian)
  inverse %*% (crossprod(values) / nrow(values)) %*% t(inverse) / nrow(values)
}

simulated <- function(n = 400, binary = FALSE) {
  i <- seq_len(n)
  w <- stats::qnorm((i * .618034) %% 1 * .98 + .01)
  v <- stats::qnorm((i * .414214) %% 1 * .98 + .01)
  a <- as.numeric((i * .732051) %% 1 < stats::plogis(.5 * w))
  y <- w + a * (1 + v) + stats::qnorm((i * .236068) %% 1 * .98 + .01)
  data.frame(w, v, a, y = if (binary) as.numeric(y > .5) else y)
}

test_that("stacked standard errors equal an independent sandwich", {
  d <- simulated()
  x <- cbind(1, d$w, d$v)
  alpha <- coef(glm(a ~ w + v, binomial, d))
  b1 <- coef(lm(y ~ w + v, d, subset = a == 1))
  b0 <- coef(lm(y ~ w + v, d, subset = a == 0))
  get <- function(method, estimand) {
    fit <- estimate_effect(y ~ a | w + v, d, method = method, estimand = estimand, bounds = NULL,
                           learner_treatment = learn_glm(), learner_outcome = learn_glm(), se = "sandwich")
    list(mean = fit$estimates$estimate[2:3], v = fit$variance[1, 1])
  }
  weight <- list(
    ATE = function(p) ifelse(d$a == 1, 1 / p, 1 / (1 - p)), ATT = function(p) ifelse(d$a == 1, 1, p / (1 - p)),
    ATC = function(p) ifelse(d$a == 1, (1 - p) / p, 1), ATO = function(p) ifelse(d$a == 1, 1 - p, p)
  )
  for (estimand in names(weight)) {
    fit <- get("iptw", estimand)
    psi <- function(t) {
      p <- plogis(drop(x %*% t[1:3]))
      w <- weight[[estimand]](p)
      cbind(x * (d$a - p), w * d$a * (d$y - t[4]), w * (1 - d$a) * (d$y - t[5]))
    }
    v <- numeric_sandwich(psi, c(alpha, fit$mean))
    expect_equal(fit$v, v[4, 4] + v[5, 5] - 2 * v[4, 5], tolerance = 1e-5, label = estimand)
  }
  target <- list(ATE = rep(1, nrow(d)), ATT = d$a, ATC = 1 - d$a)
  for (estimand in names(target)) for (method in c("or", "aipw")) {
    fit <- get(method, estimand)
    h <- target[[estimand]]
    psi <- function(t) {
      p <- plogis(drop(x %*% t[1:3]))
      q1 <- drop(x %*% t[4:6])
      q0 <- drop(x %*% t[7:9])
      w <- if (method == "aipw") weight[[estimand]](p) else 0
      cbind(x * (d$a - p), x * d$a * (d$y - q1), x * (1 - d$a) * (d$y - q0),
            h * (q1 - t[10]) + w * d$a * (d$y - q1), h * (q0 - t[11]) + w * (1 - d$a) * (d$y - q0))
    }
    v <- numeric_sandwich(psi, c(alpha, b1, b0, fit$mean))
    expect_equal(fit$v, v[10, 10] + v[11, 11] - 2 * v[10, 11], tolerance = 1e-5, label = paste(method, estimand))
  }
})

test_that("HT and ATO with HT have the stacked variance too", {
  d <- simulated()
  x <- cbind(1, d$w, d$v)
  alpha <- coef(glm(a ~ w + v, binomial, d))
  for (estimand in c("ATE", "ATO")) {
    fit <- estimate_effect(y ~ a | w + v, d, method = est_iptw("ht"), estimand = estimand, bounds = NULL,
                           learner_treatment = learn_glm(), learner_outcome = learn_glm())
    psi <- function(t) {
      p <- plogis(drop(x %*% t[1:3]))
      h <- if (estimand == "ATE") 1 else p * (1 - p)
      cbind(x * (d$a - p), h / p * d$a * d$y - h * t[4], h / (1 - p) * (1 - d$a) * d$y - h * t[5])
    }
    v <- numeric_sandwich(psi, c(alpha, fit$estimates$estimate[2:3]))
    expect_equal(fit$variance[1, 1], v[4, 4] + v[5, 5] - 2 * v[4, 5], tolerance = 1e-5)
  }
})

test_that("case weights equal repeated rows", {
  d <- simulated(200, binary = TRUE)
  times <- rep(1:2, 100)
  long <- d[rep(seq_len(200), times), ]
  methods <- list("iptw", ht = est_iptw("ht"), "aipw", "or", "tmle")
  run <- function(data, w) {
    estimate_effect(y ~ a | w + v, data, method = methods, learner_treatment = learn_glm(), bounds = NULL,
                    learner_outcome = learn_glm(), weights = w)
  }
  expect_equal(coef(run(d, times)), coef(run(long, NULL)), tolerance = 1e-8)
})

test_that("tidy, glance, augment and the rest have their shapes", {
  d <- simulated(200, binary = TRUE)
  fit <- estimate_effect(y ~ a | w + v, d, method = c("aipw", "tmle", "or"), contrasts = TRUE, cluster = rep(1:50, 4),
                         learner_treatment = learn_glm(), learner_outcome = learn_glm())
  t <- tidy(fit)
  expect_named(t, c("method", "term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"))
  expect_equal(t$term[1:5], c("ATE", "mean_1", "mean_0", "log_rr", "log_or"))
  expect_equal(t$estimate[1], t$estimate[2] - t$estimate[3])
  expect_equal(names(coef(fit)), c("aipw:ATE", "tmle:ATE", "or:ATE"))
  expect_equal(dim(vcov(fit)), c(3L, 3L))
  expect_equal(nrow(glance(fit)), 3)
  expect_true(all(c(".ps", ".q1", ".q0") %in% names(augment(fit, d))))
  expect_s3_class(autoplot(fit), "ggplot")
  one <- as.list(fit)$tmle
  expect_equal(coef(one), c(ATE = coef(fit)[["tmle:ATE"]]))
  expect_equal(confint(one)[1, 2], t$conf.high[6])
  expect_lte(length(capture.output(print(fit))), 25)
  expect_equal(nobs(fit), 200)
})

test_that("TMLE solves its score and target_q() returns its regressions", {
  d <- simulated(300)
  nu <- nuisance(y ~ a | w + v, d, learn_glm(), learn_glm())
  for (fluctuation in c("two", "one")) for (weighted in c(TRUE, FALSE)) {
    q <- target_q(nu, est_tmle(fluctuation, weighted))
    score <- mean(nu$treat / nu$g1 * (nu$outcome - q$q1) - (1 - nu$treat) / nu$g0 * (nu$outcome - q$q0))
    expect_lt(abs(score), 1e-6)
    fit <- estimate_effect(nu, method = est_tmle(fluctuation, weighted))
    expect_equal(coef(fit)[["ATE"]], mean(q$q1 - q$q0))
  }
})

test_that("or without glm nuisances has no standard error and says why", {
  a <- rep(0:1, 50)
  nu <- as_nuisance(a, rep(c(1, 2, 3), length.out = 100), rep(.5, 100), a + 1, a)
  fit <- estimate_effect(nu, method = c("or", "iptw"))
  expect_true(is.na(tidy(fit)$std.error[1]))
  expect_match(said(fit), "g treated as known")
})

test_that("bad requests are classed errors", {
  a <- rep(0:1, 50)
  nu <- as_nuisance(a, rep(c(1, 2, 3), length.out = 100), rep(.5, 100), a, a, bounds = NULL)
  expect_snapshot(error = TRUE, {
    estimate_effect(nu, method = "matchings")
    estimate_effect(nu, method = "tmle", estimand = "ATO")
    estimate_effect(nu, method = "or", estimand = "ATO")
    estimate_effect(nu, se = "bootstrap")
    estimate_effect(nu, se = "sandwich")
    estimate_effect(nu, contrasts = TRUE)
    estimate_effect(nu, clusters = 1:100)
    estimate_effect(1:3)
    est_iptw(cap = 0)
  })
})

test_that("the name of a column is no cluster and no weight", {
  data <- data.frame(y = sin(1:40), a = rep(0:1, 20), w = cos(1:40))
  for (wrong in list("w", ~w)) {
    expect_error(estimate_effect(y ~ a | w, data, weights = wrong), "data\\$column", class = "causalsynth_error_input")
    expect_no_warning(expect_error(estimate_effect(y ~ a | w, data, cluster = wrong), "data\\$column",
                                   class = "causalsynth_error_input"))
  }
})

test_that("few clusters are a warning, and what is fitted on the way speaks for the call", {
  data <- data.frame(y = sin(1:60), a = rep(0:1, 30), w = cos(1:60))
  fit <- function(clusters) {
    estimate_effect(y ~ a | w, data, learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                    cluster = rep(seq_len(clusters), length.out = 60))
  }
  told <- expect_warning(fit(5), "5 clusters", class = "causalsynth_warning_data")
  expect_identical(as.character(told$call[[1]]), "estimate_effect")
  expect_no_warning(fit(12))
})
