test_that("every picture draws, and what cannot be drawn is said", {
  found <- small_study(c("iptw", "aipw"), n = c(60, 80), reps = 5)
  for (type in c("forest", "lollipop", "zip", "n")) expect_draws(autoplot(found, type))
  for (metric in study_metrics) expect_draws(autoplot(found, "forest", metric))
  expect_draws(autoplot(found, "zip", n = 60))
  expect_error(autoplot(found, n = 61), class = "causalsynth_error_input")
  expect_error(autoplot(found, metric = "biass"), class = "causalsynth_error_input")
  bare <- small_study(list(mean = function(data) mean(data$Y)), reps = 3)
  expect_draws(autoplot(bare))
  expect_error(autoplot(bare, "zip"), "intervals", class = "causalsynth_error_input")
  expect_error(autoplot(bare, metric = "coverage"), class = "causalsynth_error_input")
})

test_that("a zip plot's centiles order intervals by their distance from the truth", {
  rows <- data.frame(estimate = c(1, 2, 3, 4), conf.low = c(0, 1, 2, 3), conf.high = c(2, 3, 4, 5), truth = 1,
                     method = "a", panel = factor("p"))
  drawn <- ggplot2::ggplot_build(zip_plot(rows, list(methods = "a", conf.level = .95)))$data[[1]]
  expect_equal(drawn$y, c(25, 50, 75, 100))
  expect_identical(length(unique(drawn$colour)), 2L)
  expect_identical(drawn$colour[1], drawn$colour[2])
})
