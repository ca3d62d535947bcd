small_privacy <- function(...) {
  real <- contract_study()
  privacy(real[1:60, ], generate(contract_hybrid(), 60, seed = 2), real[61:120, ], formula = y ~ a | .,
          keys = "group", attacks = 20, seed = 1, ...)
}

test_that("privacy scores speak", {
  risks <- small_privacy()
  expect_speaks(risks)
  columns <- c("metric", "estimate", "conf.low", "conf.high", "reference", "n")
  expect_table(tidy(risks), nrow(risks$scores), columns)
  expect_true(all(c("copies", "membership_auc", "linkability_risk", "disco_of_y") %in% tidy(risks)$metric))
  expect_false(anyDuplicated(tidy(risks)$metric) > 0)
  expect_table(glance(risks), 1)
  wide <- tidy(risks, conf.level = .99)
  known <- which(!is.na(wide$conf.low))
  expect_true(all(wide$conf.low[known] <= tidy(risks)$conf.low[known]))
  expect_true(all(wide$conf.high[known] >= tidy(risks)$conf.high[known]))
  expect_snapshot(print(risks), transform = function(x) gsub("[0-9]\\.[0-9]+", "#.###", x))
  expect_false(any(grepl("private", c(format(risks), capture.output(print(summary(risks)))))))
  for (what in c("scores", "all", "distances", "membership")) expect_draws(ggplot2::autoplot(risks, what))
})

test_that("the print has one order, whatever the scores", {
  scores <- function(estimate) {
    guesses <- paste0(rep(c("inference", "attribute"), 3), "_risk_of_", rep(c("b", "a", "c"), each = 2))
    metric <- c("copies", "dcr_share", guesses, "disco_of_b")
    data.frame(metric = metric, estimate = c(0, .5, estimate, .1))
  }
  # Of three secrets the larger risk of each, in the order in which they were named.
  expect_identical(printed_metrics(scores(c(.1, .2, .4, .3, .5, NA))),
                   c("copies", "dcr_share", "attribute_risk_of_b", "inference_risk_of_a", "inference_risk_of_c",
                     "disco_of_b"))
  # Of two both, whichever is the larger.
  two <- scores(c(.1, .2, .4, .3, .5, .6))[-(7:8), ]
  expect_identical(printed_metrics(two), printed_metrics(transform(two, estimate = rev(estimate))))
  expect_identical(printed_metrics(two)[3:6],
                   c("inference_risk_of_b", "attribute_risk_of_b", "inference_risk_of_a", "attribute_risk_of_a"))
})

test_that("a pool tells treatment and outcome", {
  real <- contract_study()
  pool <- generate(contract_hybrid(), 40, seed = 2)
  expect_identical(privacy(real[1:60, ], pool, real[61:120, ], attacks = 20, seed = 1)$secrets, c("a", "y"))
  split <- privacy(real, pool, attacks = 20, seed = 1)
  expect_speaks(split)
  expect_error(ggplot2::autoplot(split, "membership"), class = "causalsynth_error_data")
  expect_draws(ggplot2::autoplot(split))
})
