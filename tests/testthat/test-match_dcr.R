test_that("rows that are close enough match at once; others are smoothed or rejected", {
  study <- generate(dgp_paper(), 300, seed = 1)
  holdout <- generate(dgp_paper(), 300, seed = 2)
  fresh <- fit_generator(gen_data(generate(dgp_paper(), 3000, seed = 5)), study)
  matched <- match_dcr(fresh, study, holdout, seed = 4)
  expect_true(matched$reached)
  expect_identical(nrow(matched$trace), 1L)
  expect_identical(nrow(matched$rows), 300L)
  expect_identical(matched$trace$ks, ks_distance(dcr(study, matched$rows)$distance, dcr(study, holdout)$distance))
  copies <- fit_generator(gen_data(study), study)
  matched <- match_dcr(copies, study, holdout, columns = paste0("W", 1:6), seed = 4)
  expect_true(matched$reached)
  expect_identical(matched$trace$action[1:2], c("draw", "smooth"))
  expect_lte(tail(matched$trace$ks, 1), matched$tolerance)
  expect_gt(matched$synthetic$median, 0)
  expect_true(all(matched$rows$W4 <= max(study$W4) & matched$rows$W1 %in% 0:1))
  expect_identical(match_dcr(copies, study, holdout, columns = paste0("W", 1:6), seed = 4, threads = 1), matched)
  # Half of the rows far away: rejection picks the others.
  far <- rbind(generate(dgp_paper(), 3000, seed = 5), transform(generate(dgp_paper(), 3000, seed = 6), W4 = W4 + 6))
  matched <- match_dcr(fit_generator(gen_data(far), study), study, holdout, adjust = "reject", seed = 4)
  expect_true(matched$reached)
  expect_lt(mean(matched$rows$W4 > 5), .08)
  expect_identical(matched$trace$action[1:2], c("draw", "reject"))
})

test_that("what cannot be reached is said", {
  study <- generate(dgp_paper(), 200, seed = 1)
  holdout <- generate(dgp_paper(), 200, seed = 2)
  copies <- fit_generator(gen_data(study), study)
  matched <- match_dcr(copies, study, holdout, adjust = "reject", seed = 1)
  expect_false(matched$reached)
  expect_output(print(matched), "NOT matched")
  expect_snapshot(match_dcr(copies, study, holdout, rounds = 2, seed = 1))
  expect_identical(nrow(match_dcr(copies, study, holdout, rounds = 3, seed = 1)$trace), 3L)
})

test_that("matches speak", {
  study <- generate(dgp_paper(), 100, seed = 1)
  matched <- match_dcr(fit_generator(gen_copula(), study, seed = 1), study, generate(dgp_paper(), 100, seed = 2),
                       n = 50,
                       seed = 1)
  expect_speaks(matched)
  expect_table(tidy(matched), 3, c("metric", "estimate", "conf.low", "conf.high", "reference", "n"))
  expect_identical(tidy(matched)$reference[1], matched$holdout$mean)
  expect_table(glance(matched), 1)
  expect_draws(autoplot(matched))
  expect_draws(autoplot(matched, "trace"))
})

test_that("two-sample distances of distributions", {
  expect_equal(ks_distance(1:4, 1:4), 0)
  expect_equal(ks_distance(1:4, 5:8), 1)
  a <- sin(1:50)
  b <- cos(1:40) + .3
  expect_equal(ks_distance(a, b), unname(suppressWarnings(ks.test(a, b)$statistic)))
})

test_that("bad arguments are named", {
  study <- generate(dgp_paper(), 50, seed = 1)
  fit <- fit_generator(gen_copula(), study, seed = 1)
  expect_snapshot(error = TRUE, {
    match_dcr(gen_copula(), study, study)
    match_dcr(fit, study, study[1:5, ])
    match_dcr(fit, study, study, adjust = "none")
    match_dcr(fit, study, study, round = 2)
    match_dcr(fit, study, study["W1"])
  })
})

test_that("rows without any distance are an error", {
  study <- data.frame(x = rep(NA_real_, 30))
  fit <- fit_generator(gen_forest(trees = 2), study, seed = 1)
  expect_error(match_dcr(fit, study, study, n = 5, seed = 1), class = "causalsynth_error_data")
})
