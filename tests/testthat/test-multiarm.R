arms_study <- function(n = 300, binary = FALSE) {
  i <- seq_len(n)
  w <- stats::qnorm((i * .618034) %% 1 * .98 + .01)
  v <- stats::qnorm((i * .236068) %% 1 * .98 + .01)
  u <- (i * .414214) %% 1
  arm <- factor(c("none", "low", "high"), c("none", "low", "high"))[1 + (u > plogis(.5 * w) * .6) + (u > .75)]
  y <- w + as.integer(arm) * (1 + .3 * v) + stats::qnorm((i * .732051) %% 1 * .98 + .01)
  data.frame(w, v, arm, y = if (binary) as.numeric(y > 2) else y)
}
glm_arms <- function(formula, data, ..., outcome = learn_glm()) {
  estimate_effect(formula, data, ..., learner_treatment = learn_glm(), learner_outcome = outcome)
}

test_that("IPTW of several arms has WeightIt's estimates, standard errors and covariance", {
  d <- oracle_study()
  d$arm <- factor(d$arm, c("none", "low", "high"))
  fit <- glm_arms(y_number ~ arm | w1 + w2 + w3, d, method = "iptw", bounds = NULL)
  known <- oracle_values("WeightIt", "number", "iptw", "arms")
  found <- c(named_estimates(fit), covariance = vcov(fit)[1, 2])
  expect_lt(max(abs(found[names(known)] - known)), 1e-6)
})

test_that("AIPW and TMLE of several arms are those of the definition", {
  d <- arms_study()
  nu <- nuisance(y ~ arm | w + v, d, learn_glm(), learn_glm(), bounds = NULL)
  fit <- estimate_effect(nu, method = c("aipw", "tmle", "or", "iptw"))
  expect_s3_class(fit, "causalsynth_effect_arms")
  phi <- sapply(1:3, function(k) nu$q[, k] + (nu$treat == k) / nu$ps[, k] * (d$y - nu$q[, k]))
  t <- tidy(fit)
  aipw <- t[t$method == "aipw", ]
  expect_identical(aipw$term, c("ATE_low", "ATE_high", "mean_none", "mean_low", "mean_high"))
  expect_equal(aipw$estimate[3:5], colMeans(phi))
  expect_equal(aipw$estimate[1:2], colMeans(phi)[2:3] - colMeans(phi)[1])
  contrasts <- cbind(phi[, 2] - phi[, 1], phi[, 3] - phi[, 1])
  expect_equal(unname(vcov(fit)[1:2, 1:2]), stats::cov(contrasts) / 300, ignore_attr = TRUE)
  expect_lt(max(abs(glance(fit)$score[2])), 1e-9)
  # Each arm's targeted mean is that of the two-arm problem "this arm against all others".
  for (k in 1:3) {
    two <- as_nuisance(as.numeric(nu$treat == k), d$y, nu$ps[, k], nu$q[, k], nu$q[, k], bounds = NULL)
    expect_equal(t$estimate[t$method == "tmle"][2 + k], tidy(estimate_effect(two, method = "tmle"))$estimate[2],
                 tolerance = 1e-9)
  }
})

# The multinomial, three regressions and three means as one set of estimating equations.
test_that("stacked standard errors of several arms equal an independent sandwich", {
  d <- arms_study()
  x <- cbind(1, d$w, d$v)
  nu <- nuisance(y ~ arm | w + v, d, learn_glm(), learn_glm(), bounds = NULL)
  beta <- as.vector(nu$fits$treatment$coefficients)
  gamma <- unlist(lapply(levels(d$arm), function(a) coef(lm(y ~ w + v, d, subset = arm == a))))
  code <- as.integer(d$arm)
  for (method in c("aipw", "iptw", "or")) {
    fit <- estimate_effect(nu, method = method, se = "sandwich")
    theta <- c(beta, gamma, fit$estimates$estimate[3:5])
    psi <- function(t) {
      p <- multinomial_shares(x, matrix(t[1:6], 3))
      q <- x %*% matrix(t[7:15], 3)
      means <- sapply(1:3, function(k) {
        w <- (code == k) / p[, k]
        switch(method, aipw = q[, k] + w * (d$y - q[, k]) - t[15 + k], iptw = w * (d$y - t[15 + k]),
               or = q[, k] - t[15 + k])
      })
      cbind(x * ((code == 2) - p[, 2]), x * ((code == 3) - p[, 3]),
            do.call(cbind, lapply(1:3, function(k) x * (code == k) * (d$y - q[, k]))), means)
    }
    jacobian <- vapply(seq_along(theta), function(j) {
      step <- replace(numeric(18), j, 1e-5)
      colMeans(psi(theta + step) - psi(theta - step)) / 2e-5
    }, theta)
    inverse <- solve(jacobian)
    v <- inverse %*% (crossprod(psi(theta)) / 300) %*% t(inverse) / 300
    contrast <- rbind(c(-1, 1, 0), c(-1, 0, 1))
    expect_equal(unname(vcov(fit)), contrast %*% v[16:18, 16:18] %*% t(contrast), tolerance = 1e-5, label = method)
  }
})

test_that("learners of every kind, folds, joint outcomes, repeats and weights", {
  d <- arms_study(150)
  small <- learn_forest(trees = 20, min_node_size = 10)
  forest <- nuisance(y ~ arm | ., d, small, small, seed = 1, bounds = NULL, threads = 1)
  expect_identical(dim(forest$ps), c(150L, 3L))
  expect_equal(rowSums(forest$ps), rep(1, 150))
  expect_identical(nuisance(y ~ arm | ., d, small, small, seed = 1, bounds = NULL, threads = 2), forest)
  expect_identical(forest$crossfit, c(treatment = "oob", outcome = "oob"))
  folds <- nuisance(y ~ arm | ., d, learn_glm(), learn_glm("joint"), crossfit = "folds", repeats = 3, seed = 1,
                    bounds = .01)
  expect_length(folds$repeats, 3)
  expect_equal(folds$ps[, 2], apply(sapply(folds$repeats, function(r) r$ps[, 2]), 1, median))
  fit <- estimate_effect(folds, method = c("aipw", "tmle"))
  middle <- sapply(folds$repeats, function(r) {
    phi <- r$q + outer(folds$treat, 1:3, "==") / pmax(r$ps, folds$bounds$value) * (d$y - r$q)
    colMeans(phi)[2] - colMeans(phi)[1]
  })
  expect_equal(unname(coef(fit)[1]), median(middle))
  joint <- nuisance(y ~ arm | w, d, small, learn_forest(trees = 20, outcome = "joint"), seed = 1,
                    bounds = NULL)
  expect_gt(stats::sd(joint$q[, 3] - joint$q[, 1]), 0)
  none <- nuisance(y ~ arm | 1, d, small, small, seed = 1, bounds = NULL)
  expect_lt(max(abs(none$ps[, 1] - mean(d$arm == "none"))), .02)
  times <- rep(1:2, 75)
  long <- d[rep(1:150, times), ]
  methods <- c("iptw", "aipw", "or", "tmle")
  expect_equal(coef(glm_arms(y ~ arm | w, d, method = methods, weights = times, bounds = NULL)),
               coef(glm_arms(y ~ arm | w, long, method = methods, bounds = NULL)),
               tolerance = 1e-8)
})

test_that("a learner that knows two classes only fits each arm against all others", {
  d <- arms_study(150)
  one <- structure(list(), class = c("learn_each", "causalsynth_learner"))
  registerS3method("fit_learner", "learn_each", function(learner, x, y, family, key, threads, terms = NULL,
                                                         weights = NULL, call = NULL) {
    structure(list(mean = mean(y)), class = "fit_each")
  }, envir = asNamespace("causalsynth"))
  registerS3method("predict_fit", "fit_each", function(fit, newx, threads = NULL) rep(fit$mean, nrow(newx)),
                   envir = asNamespace("causalsynth"))
  shares <- predict_arms(fit_arms(one, d["w"], d$arm, rng_key(1), 1), d["w"])
  expect_equal(shares[1, ], as.vector(prop.table(table(d$arm))))
  expect_equal(adding_to_one(list(c(0, .5), c(0, .3), c(0, .4)), 2)[1, ], rep(1 / 3, 3))
})

test_that("the reference can be chosen, and two arms turned", {
  d <- arms_study()
  base <- glm_arms(y ~ arm | w, d)
  high <- glm_arms(y ~ arm | w, d, reference = "high")
  expect_named(coef(high), c("ATE_none", "ATE_low"))
  expect_equal(coef(high)[["ATE_none"]], -coef(base)[["ATE_high"]], tolerance = 1e-8)
  nu <- nuisance(y ~ arm | w, d, learn_glm(), learn_glm())
  expect_equal(coef(estimate_effect(nu, reference = "high")), coef(high), tolerance = 1e-8)
  two <- droplevels(d[d$arm != "high", ])
  turned <- glm_arms(y ~ arm | w, two, reference = "low")
  expect_equal(coef(turned), -coef(glm_arms(y ~ arm | w, two)), tolerance = 1e-8)
  expect_identical(turned$treat_levels, c("low", "none"))
})

test_that("joint covariance: a contrast of two arms that are not the reference", {
  d <- arms_study()
  base <- glm_arms(y ~ arm | w, d)
  low <- glm_arms(y ~ arm | w, d, reference = "low")
  v <- vcov(base)
  expect_equal(v[1, 1] + v[2, 2] - 2 * v[1, 2], vcov(low)["ATE_high", "ATE_high"], tolerance = 1e-7)
  full <- vcov(base, complete = TRUE)
  expect_identical(dimnames(full)[[1]], base$estimates$term)
  expect_equal(full["ATE_low", "ATE_low"], full["mean_low", "mean_low"] + full["mean_none", "mean_none"] -
                 2 * full["mean_low", "mean_none"], tolerance = 1e-10)
})

test_that("objects of several arms speak", {
  d <- arms_study(binary = TRUE)
  nu <- nuisance(y ~ arm | w, d, learn_glm(), learn_glm())
  expect_speaks(nu)
  expect_identical(nobs(nu), 300L)
  fit <- estimate_effect(nu, method = c("iptw", "aipw"), contrasts = TRUE, cluster = rep(1:100, 3))
  expect_speaks(fit)
  expect_table(tidy(fit), 18)
  expect_identical(tidy(fit)$term[6:9], c("log_rr_low", "log_rr_high", "log_or_low", "log_or_high"))
  ratio <- tidy(fit, exponentiate = TRUE)
  expect_identical(ratio$term[6:9], c("rr_low", "rr_high", "or_low", "or_high"))
  expect_equal(ratio$estimate[6], ratio$estimate[4] / ratio$estimate[3])
  expect_table(glance(fit), 2)
  expect_true(all(c(".ps_low", ".q_high", ".weights_iptw") %in% names(augment(fit, d))))
  expect_draws(autoplot(fit))
  one <- as.list(fit)$aipw
  expect_named(coef(one), c("ATE_low", "ATE_high"))
  expect_speaks(one)
  expect_length(weights(one), 300)
})

test_that("nuisances of several arms can be given", {
  d <- arms_study()
  nu <- nuisance(y ~ arm | w, d, learn_glm(), learn_glm(), bounds = .1)
  given <- suppressWarnings(as_nuisance(d$arm, d$y, nu$ps[, c(2, 1, 3)], nu$q, bounds = .1))
  expect_equal(given$g, nu$g)
  expect_equal(coef(estimate_effect(given, method = "tmle")), coef(estimate_effect(nu, method = "tmle")))
})

test_that("what several arms cannot do is said", {
  d <- arms_study(60)
  nu <- nuisance(y ~ arm | w, d, learn_glm(), learn_glm())
  rare <- transform(d, arm = factor(c("other", as.character(arm)[-1])))
  expect_snapshot(error = TRUE, {
    glm_arms(y ~ arm | w, d, estimand = "ATT")
    glm_arms(y ~ arm | w, d, method = est_tmle("one"))
    glm_arms(y ~ arm | w, d, reference = "lowest")
    glm_arms(y ~ a | w, transform(d, a = as.integer(arm) - 1), reference = "0")
    glm_arms(y ~ a | w, transform(d, a = as.integer(arm)))
    glm_arms(y ~ arm | w, rare)
    glm_arms(y ~ arm | w, transform(d, arm = paste0("id", seq_along(arm))))
    glm_arms(y ~ arm | w, d, weights = as.numeric(d$arm != "low"))
    nuisance(y ~ arm | w, d, learn_glm(), learn_glm(), crossfit = "folds", folds = 40)
    as_nuisance(d$arm, d$y, nu$ps[, 1:2], nu$q)
    as_nuisance(d$arm, d$y, nu$ps * .9, nu$q)
    as_nuisance(d$arm, d$y, nu$ps, nu$q, nu$q)
  })
})
