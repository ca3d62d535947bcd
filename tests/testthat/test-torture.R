# Results under strain, against figures of 200 bits (fixtures/make-torture.R).
torture_figures <- function(case) {
  table <- utils::read.csv(test_path("fixtures", "torture.csv"))
  with(table[table$case == case, ], stats::setNames(value, what))
}

test_that("effects of extreme weights, certain propensities, shifted and small outcomes", {
  # Y = 1e8 + ... has itself 1e-8 of absolute rounding; the rest is to 11 digits.
  tolerance <- c(weights = 1e-11, certain = 1e-11, shifted = 2e-3, small = 1e-11)
  for (case in names(torture_effects)) {
    d <- torture_effects[[case]]()
    given <- as_nuisance(d$a, d$y, d$ps, d$q1, d$q0, bounds = NULL)
    found <- tidy(suppressWarnings(estimate_effect(given, c("iptw", "aipw", "or"))))
    found <- found[found$term == "ATE", ]
    want <- torture_figures(case)
    expect_equal(found$estimate, unname(want[c("iptw", "aipw", "or")]), tolerance = tolerance[[case]], label = case)
    expect_equal(found$std.error[2], want[["aipw_se"]], tolerance = tolerance[[case]],
                 label = paste(case, "standard error"))
  }
})

test_that("columns that are nearly one (conditions 1e2 to 1e14)", {
  for (condition in torture_conditions) {
    d <- torture_collinear(condition)
    fit <- suppressWarnings(nuisance(y ~ a | x + z, d, learn_glm(), learn_glm("joint"), bounds = NULL))
    # A second column that adds less than 1e-11 of itself is left out, and named.
    both <- condition < 1e11
    expect_identical(any(c("x", "z") %in% fit$notes$aliased), !both, label = paste("left out at", condition))
    want <- torture_figures(paste("collinear:", if (both) format(condition, scientific = TRUE) else "one column"))
    found <- c(fit$q0[torture_rows], fit$q1[torture_rows])
    # A stable solution's means are off by the condition's multiple of rounding at most.
    bound <- if (both) 50 * condition * .Machine$double.eps else 1e-10
    expect_lt(max(abs(found - want)), bound, label = paste("error at condition", condition))
    effect <- suppressWarnings(estimate_effect(fit, c("aipw", "or")))
    expect_true(all(is.finite(coef(effect))))
  }
})

test_that("separation is told, and leaves finite results", {
  i <- 1:40
  d <- data.frame(w = i / 40, v = sin(i), a = as.integer(i > 20), y = as.integer(cos(3 * i) > 0))
  expect_warning(fit <- nuisance(y ~ a | ., d, learn_glm(), learn_glm(), bounds = NULL))
  expect_true(all(is.finite(c(fit$ps, fit$q1, fit$q0))))
  expect_true(all(fit$ps >= 0 & fit$ps <= 1))
  effect <- suppressWarnings(estimate_effect(fit, "aipw"))
  expect_true(is.finite(coef(effect)))
})

test_that("a constant added to the outcome moves no effect, at 1e8", {
  d <- generate(dgp_paper(), 400, seed = 1)
  ask <- function(y) {
    d$Y <- y
    tidy(estimate_effect(Y ~ A | ., d, c("iptw", "aipw", "or"), learner_treatment = learn_glm(),
                         learner_outcome = learn_glm()))
  }
  y <- d$W4 + .001 * d$A
  low <- ask(y)
  high <- ask(y + 1e8)
  contrast <- low$term == "ATE"
  # To 1e-14 of the outcomes' size, which have 2e-16 themselves.
  expect_lt(max(abs(high$estimate[contrast] - low$estimate[contrast])), 1e-6)
  expect_equal(high$std.error[contrast], low$std.error[contrast], tolerance = 1e-4)
})
