# Twelve estimates of .5 with their standard errors, by hand.
by_hand <- function() {
  theta <- c(.5, .52, .47, .55, .41, .6, .5, .48, .53, .44, .58, .49)
  se <- rep(c(.05, .04, .06), 4)
  data.frame(estimate = theta, std.error = se, conf.low = theta - 2 * se, conf.high = theta + 2 * se, truth = .5)
}

test_that("measures are those of their definitions", {
  x <- by_hand()
  other <- rev(x$estimate)
  found <- performance_measures(x, other, .95)
  e <- x$estimate - .5
  v <- found$value
  m <- found$mcse
  expect_identical(names(v), study_metrics)
  expect_identical(names(m), study_metrics)
  expect_equal(v[["bias"]], mean(e))
  expect_equal(m[["bias"]], sqrt(sum((x$estimate - mean(x$estimate))^2) / (12 * 11)))
  expect_equal(v[["empirical_se"]], sd(x$estimate))
  expect_equal(m[["empirical_se"]], sd(x$estimate) / sqrt(22))
  expect_equal(v[["mse"]], mean(e^2))
  expect_equal(m[["mse"]], sqrt(sum((e^2 - mean(e^2))^2) / (12 * 11)))
  leave <- vapply(1:12, function(i) sqrt(mean(e[-i]^2)), 0)
  expect_equal(m[["rmse"]], sqrt(11 / 12 * sum((leave - mean(leave))^2)))
  model <- sqrt(mean(x$std.error^2))
  expect_equal(v[["model_se"]], model)
  expect_equal(m[["model_se"]], sqrt(var(x$std.error^2) / (4 * 12 * model^2)))
  expect_equal(v[["model_se_error"]], 100 * (model / sd(x$estimate) - 1))
  expect_equal(m[["model_se_error"]],
               100 * model / sd(x$estimate) * sqrt(var(x$std.error^2) / (4 * 12 * model^4) + 1 / 22))
  expect_equal(v[["coverage"]], mean(x$conf.low <= .5 & .5 <= x$conf.high))
  expect_equal(m[["coverage"]], sqrt(v[["coverage"]] * (1 - v[["coverage"]]) / 12))
  expect_equal(v[["power"]], 1)
  expect_equal(v[["relative_efficiency"]], 1)
  expect_equal(m[["relative_efficiency"]], 2 * sqrt((1 - cor(x$estimate, other)^2) / 11))
})

test_that("missing estimates and standard errors are left out, not counted as zero", {
  x <- by_hand()
  x[3, 1:4] <- NA
  x[5, 2:4] <- NA
  found <- performance_measures(x, x$estimate, .95)
  expect_equal(found$value[["bias"]], mean(x$estimate[-3]) - .5)
  expect_equal(found$value[["model_se"]], sqrt(mean(x$std.error[-c(3, 5)]^2)))
  none <- performance_measures(x[3, ], NA_real_, .95)
  expect_true(all(is.na(none$value)))
  one <- performance_measures(x[1, ], .5, .95)
  expect_identical(is.na(one$mcse[["bias"]]), TRUE)
})

test_that("rsimsum finds the same", {
  skip_if_not_installed("rsimsum")
  found <- small_study(c("iptw", "aipw"), n = c(60, 80), reps = 20)
  theirs <- suppressWarnings(rsimsum::simsum(
    as.data.frame(found), estvarname = "estimate", se = "std.error", true = "truth", methodvar = "method", ref = "iptw",
    by = c("source", "n")
  ))
  theirs <- summary(theirs)$summ
  ours <- summary(found)$table
  names <- c(bias = "bias", empse = "empirical_se", mse = "mse", modelse = "model_se", relerror = "model_se_error",
             cover = "coverage", becover = "coverage_bias_eliminated", power = "power")
  for (stat in names(names)) {
    rows <- theirs[theirs$stat == stat, ]
    rows <- rows[order(as.numeric(as.character(rows$n)), match(rows$method, c("iptw", "aipw"))), ]
    expect_equal(rows$est, ours[[names[[stat]]]], tolerance = 1e-10, label = stat)
    expect_equal(rows$mcse, ours[[paste0(names[[stat]], "_mcse")]], tolerance = 1e-10, label = stat)
  }
  gain <- theirs[theirs$stat == "relprec" & theirs$method == "aipw", ]
  expect_equal(gain$est, 100 * (ours$relative_efficiency[ours$method == "aipw"] - 1), tolerance = 1e-8)
  expect_equal(gain$mcse, 100 * ours$relative_efficiency_mcse[ours$method == "aipw"], tolerance = 1e-8)
})

test_that("tables of a study", {
  found <- small_study(c("iptw", "aipw"), n = c(60, 80), reps = 5)
  table <- summary(found)$table
  expect_identical(table$reps, rep(5L, 4))
  long <- tidy(found)
  expect_table(long, 40, c("source", "n", "method", "metric", "estimate", "std.error", "conf.low", "conf.high"))
  expect_identical(long$estimate[long$metric == "rmse"], table$rmse)
  expect_equal(long$conf.high[1], long$estimate[1] + qnorm(.975) * long$std.error[1])
  expect_table(glance(found), 1)
  expect_identical(glance(found)$estimates, 20L)
  expect_equal(summary(found, reference = "aipw")$table$relative_efficiency[c(2, 4)], c(1, 1))
  expect_error(summary(found, reference = "or"), class = "causalsynth_error_input")
  expect_speaks(found)
})
