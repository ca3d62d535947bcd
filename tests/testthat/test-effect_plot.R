i <- 1:80
nu <- as_nuisance(rep(0:1, 40), sin(i) + 1, .5 + .2 * cos(i), sin(i) + 1.4, sin(i) + 1, bounds = NULL)
several <- estimate_effect(nu, c("iptw", "or", "aipw"))

test_that("a row a method, from the top down, with its figures", {
  rows <- forest_rows(list(several), .9)
  expect_identical(rows$label, c("iptw", "or", "aipw"))
  expect_identical(rows$at, -c(1, 2, 3))
  expect_identical(rows$known, c(TRUE, FALSE, TRUE))
  expect_equal(rows$conf.low, tidy(several, conf.level = .9)$conf.low[c(1, 4, 7)])
  expect_match(forest_figures(rows)[2], "^-?[0-9.]+ \\(no SE\\)$")
  expect_match(forest_figures(rows)[1], "^-?[0-9.]+ \\(-?[0-9.]+ to -?[0-9.]+\\)$")
  wide <- data.frame(estimate = 1548.24, conf.low = 17.1, conf.high = 3079.4, known = TRUE)
  expect_identical(forest_figures(wide), "1,548 (17 to 3,079)")
  expect_identical(forest_figures(data.frame(estimate = .41851, conf.low = NA, conf.high = NA, known = FALSE)),
                   "0.419 (no SE)")
  expect_draws(autoplot(several))
  expect_draws(autoplot(as.list(several)$or))
  expect_match(autoplot(several, conf.level = .9)$labels$x, "ATE of treat on outcome, 90 %")
})

test_that("further effects come beside it, in groups by estimand", {
  att <- estimate_effect(nu, "iptw", estimand = "ATT")
  rows <- forest_rows(list(several, att), .95)
  expect_identical(rows$label, c("ATE  iptw", "ATE  or", "ATE  aipw", "ATT  iptw"))
  expect_identical(rows$at, -c(1, 2, 3, 4.5))
  named <- forest_rows(list(several, own = several, att = att), .95)$label
  expect_identical(named, c("ATE  iptw", "ATE  or", "ATE  aipw", "ATE  own: iptw", "ATE  own: or", "ATE  own: aipw",
                            "ATT  att"))
  picture <- autoplot(several, att = att)
  expect_draws(picture)
  expect_match(picture$labels$x, "^effect of treat")
})

test_that("what is no effect is a classed error", {
  expect_snapshot(error = TRUE, {
    autoplot(several, 3)
    autoplot(several, conf.levle = .9)
    autoplot(several, conf.level = 2)
  })
})
