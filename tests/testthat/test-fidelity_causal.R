test_that("the Jensen-Shannon distance is the definition's", {
  p <- c(.2, .5, 0, 1)
  q <- c(.7, .5, 1, 0)
  middle <- (p + q) / 2
  kl <- function(p, m) ifelse(p > 0, p * log2(p / m), 0) + ifelse(p < 1, (1 - p) * log2((1 - p) / (1 - m)), 0)
  expect_equal(js_distance(p, q), sqrt((kl(p, middle) + kl(q, middle)) / 2))
  expect_identical(js_distance(.3, .3), 0)
})

test_that("effects given W are those of lm() and glm()", {
  settings <- list(formula = y ~ a | w + g, learner = learn_glm(), threads = 1)
  sets <- list(fidelity_study(200), fidelity_study(150, 700, .2))
  test <- fidelity_study(60, 2000)
  by_hand <- lapply(sets, function(d) {
    q <- lapply(0:1, function(arm) lm(y ~ w + g, d[d$a == arm, ]))
    ps <- glm(a ~ w + g, binomial, d)
    joint <- lm(y ~ a + w + g, d)
    q0 <- predict(q[[1]], d)
    q1 <- predict(q[[2]], d)
    g <- pmax(fitted(ps), min(.25, 5 / (sqrt(nrow(d)) * log(nrow(d)))))
    h <- pmax(1 - fitted(ps), min(.25, 5 / (sqrt(nrow(d)) * log(nrow(d)))))
    d$dr <- q1 - q0 + d$a * (d$y - q1) / g - (1 - d$a) * (d$y - q0) / h
    d$ra <- d$a * (d$y - q0) + (1 - d$a) * (q1 - d$y)
    cbind(predict(q[[2]], test) - predict(q[[1]], test), coef(joint)[["a"]], predict(lm(dr ~ w + g, d), test),
          predict(lm(ra ~ w + g, d), test), predict(ps, test, type = "response"))
  })
  fits <- lapply(sets, fit_surfaces, settings, "gaussian", rng_key(1))
  found <- compare_surfaces(fits[[1]], fits[[2]], test, settings)
  expect_equal(unname(found[-1]), sqrt(colMeans((by_hand[[1]][, 1:4] - by_hand[[2]][, 1:4])^2)), tolerance = 1e-6)
  expect_equal(found[[1]], 1 - mean(js_distance(by_hand[[1]][, 5], by_hand[[2]][, 5])), tolerance = 1e-6)
})

test_that("errors of the effect and overlaps of intervals", {
  line <- function(estimate, se) data.frame(estimate = estimate, std.error = se, conf.low = estimate - 1.96 * se,
                                            conf.high = estimate + 1.96 * se)
  expect_equal(interval_overlap(line(1, 1), line(1, 1)), 1)
  expect_equal(interval_overlap(line(1, 1), line(1, .5)), .75)
  expect_lt(interval_overlap(line(0, 1), line(10, 1)), 0)
  found <- effect_values("m", line(1, 2), line(2, 1), NULL, 50)
  expect_identical(found$metric, c("ate_error_m", "ate_stddiff_m", "ate_overlap_m"))
  expect_equal(found$estimate[1:2], c(1, .5))
  expect_equal(found$std.error[1], sqrt(5))
  expect_identical(found$reference, rep(NA_real_, 3))
})

test_that("calibration is that of lm() and glm()", {
  i <- 1:200
  prob <- plogis(sin(i) * 2)
  y <- as.integer((i * sqrt(2)) %% 1 < plogis(.3 + sin(i)))
  found <- calibration_line(prob, y, TRUE)
  expect_equal(found$slope, coef(glm(y ~ qlogis(prob), binomial))[[2]], tolerance = 1e-6)
  expect_equal(found$intercept, coef(glm(y ~ 1 + offset(qlogis(prob)), binomial))[[1]], tolerance = 1e-6)
  expect_identical(found$clipped, 0L)
  expect_identical(calibration_line(c(0, prob), c(0, y), TRUE)$clipped, 1L)
  z <- cos(i) + sin(i)
  number <- calibration_line(sin(i), z, FALSE)
  expect_equal(number$slope, coef(lm(z ~ sin(i)))[[2]])
  expect_equal(number$intercept, mean(z - sin(i)))
  groups <- calibration_groups(list(prediction = prob, outcome = y), "synthetic")
  expect_equal(sum(groups$n), 200)
  expect_equal(sum(groups$n * groups$observed), sum(y))
})

test_that("estimates and outcome regressions are those of estimate_effect() and tstr()", {
  real <- fidelity_study(200)
  other <- fidelity_study(250, 700, effect = 2)
  holdout <- fidelity_study(150, 1500)
  found <- fidelity(real, other, y ~ a | w + g, holdout, learner = learn_glm(), estimators = c("aipw", "iptw"),
                    permutations = 2, seed = 1)
  value <- function(metric, what = "estimate") found$scores[[what]][found$scores$metric == metric]
  effect <- lapply(list(real, other, holdout), function(d) {
    tidy(estimate_effect(y ~ a | w + g, d, method = "aipw", learner_treatment = learn_glm(),
                         learner_outcome = learn_glm()))[1, ]
  })
  expect_equal(value("ate_error_aipw"), effect[[2]]$estimate - effect[[1]]$estimate)
  expect_equal(value("ate_error_aipw", "reference"), effect[[3]]$estimate - effect[[1]]$estimate)
  expect_equal(value("ate_stddiff_aipw"), value("ate_error_aipw") / effect[[1]]$std.error)
  expect_equal(value("ate_overlap_aipw"), interval_overlap(effect[[1]], effect[[2]]))
  expect_identical(found$verdicts$verdict[found$verdicts$metric == "ate_error_aipw"], "much worse")
  # Trained on as many synthetic as real rows.
  expect_identical(value("tstr_r2", "n"), 200L)
  expect_equal(value("tstr_r2", "reference"),
               tstr(real, holdout, y ~ a | w + g, learner = learn_glm())$estimate)
  expect_identical(value("u_pehe", "n"), 150L)
  expect_lt(value("u_pehe", "reference"), value("u_pehe"))
})
