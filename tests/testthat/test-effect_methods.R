ratio_effect <- function(...) {
  d <- contract_study(200)
  estimate_effect(y ~ a | ., d, ..., contrasts = TRUE, learner_treatment = learn_glm(), learner_outcome = learn_glm())
}

test_that("exponentiated ratios: estimates and limits, of any estimand", {
  for (estimand in c("ATE", "ATT", "ATC", "ATO")) {
    fit <- ratio_effect(method = c("iptw", "aipw"), estimand = estimand)
    logs <- tidy(fit)
    ratios <- tidy(fit, exponentiate = TRUE)
    expect_identical(ratios$term[1:5], c(estimand, "mean_1", "mean_0", "rr", "or"))
    expect_equal(ratios[c(4, 5), c("estimate", "conf.low", "conf.high")],
                 exp(logs[c(4, 5), c("estimate", "conf.low", "conf.high")]))
    expect_identical(ratios[c(1:3), ], logs[1:3, ])
    expect_equal(ratios$estimate[4], logs$estimate[2] / logs$estimate[3])
    odds <- logs$estimate[2:3] / (1 - logs$estimate[2:3])
    expect_equal(ratios$estimate[5], odds[1] / odds[2])
    expect_identical(ratios$std.error, logs$std.error)
  }
  expect_match(capture.output(print(fit)), "^ *iptw +rr", all = FALSE)
})

test_that("complete coefficients and covariance hold every term", {
  fit <- ratio_effect(method = c("aipw", "tmle"))
  expect_named(coef(fit, complete = TRUE)[1:2], c("aipw:ATE", "aipw:mean_1"))
  v <- vcov(fit, complete = TRUE)
  expect_identical(dim(v), c(10L, 10L))
  expect_equal(sqrt(diag(v)), tidy(fit)$std.error, ignore_attr = TRUE)
  # Influence functions are kept, and make the covariance.
  expect_equal(unname(crossprod(fit$influence[, c(1, 6)])) / 200 / 199, unname(vcov(fit)))
})

test_that("several estimators are columns of modelsummary", {
  skip_if_not_installed("modelsummary")
  skip_if_not_installed("broom")
  fit <- ratio_effect(method = c("iptw", "aipw"))
  table <- modelsummary::modelsummary(as.list(fit), output = "dataframe", fmt = 6)
  expect_true(all(c("iptw", "aipw") %in% names(table)))
  row <- table[table$term == "ATE" & table$statistic == "estimate", ]
  expect_equal(as.numeric(row[c("iptw", "aipw")]), unname(coef(fit)), tolerance = 1e-5)
  expect_true("n" %in% table$term[table$part == "gof"])
})

test_that("hypotheses of marginaleffects go through coef() and vcov()", {
  skip_if_not_installed("marginaleffects")
  if (!exists("%||%", baseenv())) {
    # Its current version uses an operator that base R has from 4.4 on.
    assign("%||%", rlang::`%||%`, globalenv())
    withr::defer(rm("%||%", envir = globalenv()))
  }
  withr::local_options(marginaleffects_safe = FALSE)
  d <- contract_study(200)
  fit <- estimate_effect(y ~ group | w, d, learner_treatment = learn_glm(), learner_outcome = learn_glm())
  test <- marginaleffects::hypotheses(fit, "ATE_w - ATE_v = 0")
  v <- vcov(fit)
  expect_equal(as.numeric(test$estimate), coef(fit)[[2]] - coef(fit)[[1]], tolerance = 1e-8)
  expect_equal(as.numeric(test$std.error), sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2]), tolerance = 1e-6)
  methods <- ratio_effect(method = c("iptw", "aipw"))
  test <- marginaleffects::hypotheses(methods, "b1 = b2")
  v <- vcov(methods)
  expect_equal(as.numeric(test$std.error), sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2]), tolerance = 1e-5)
})

test_that("requests that tables cannot serve are errors", {
  fit <- ratio_effect()
  plain <- estimate_effect(y ~ a | ., contract_study(), learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_snapshot(error = TRUE, {
    tidy(plain, exponentiate = TRUE)
    tidy(fit, exponentiate = 1)
    tidy(fit, conf.type = "bca")
    tidy(fit, vcov = "HC3")
    glance(fit, level = .9)
    coef(fit, complete = 2)
  })
})

test_that("what does not vary has no test", {
  study <- data.frame(A = rep(0:1, each = 20), W = sin(1:40))
  study$Y <- c(rep(0, 20), as.numeric(cos(21:40) > 0))
  table <- tidy(estimate_effect(Y ~ A | W, study, method = "iptw", learner_treatment = learn_glm()))
  none <- table[table$term == "mean_0", ]
  expect_identical(none$std.error, 0)
  expect_identical(c(none$statistic, none$p.value), c(NA_real_, NA_real_))
})

test_that("marginaleffects is told of effects, their coefficients and covariances", {
  d <- generate(dgp_paper(), 200, seed = 1)
  fit <- estimate_effect(Y ~ A | ., d, method = c("aipw", "tmle"), learner_treatment = learn_glm(),
                         learner_outcome = learn_glm())
  expect_identical(get_coef.causalsynth_effect(fit), coef(fit))
  expect_identical(get_vcov.causalsynth_effect(fit), vcov(fit))
  expect_identical(coef(set_coef.causalsynth_effect(fit, coef(fit) + 1)), coef(fit) + 1)
  withr::local_options(marginaleffects_model_classes = "another")
  name_effects_to_marginaleffects()
  name_effects_to_marginaleffects()
  expect_identical(getOption("marginaleffects_model_classes"), c("another", "causalsynth_effect"))
})
