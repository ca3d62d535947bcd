test_that("a certificate states effects, shifts and moments, and travels with rows", {
  for (outcome in c("binary", "number")) {
    hybrid <- contract_hybrid(outcome = outcome)
    paper <- certificate(hybrid)
    expect_speaks(paper)
    expect_identical(certificate(generate(hybrid, 5, seed = 1)[2:3, ]), paper)
    expect_identical(class(as.list(paper)), "list")
    table <- tidy(paper)
    expect_table(table, 3, c("term", "estimate", "std.error", "conf.low", "conf.high", "law"))
    expect_equal(table$law[1], truth(hybrid))
    seed <- hybrid$seed_effect
    expect_equal(table$estimate[1], seed$estimate)
    expect_equal(sqrt(sum(paper$covariance * matrix(c(1, -1, -1, 1), 2))), seed$std.error, tolerance = 1e-8)
    expect_identical(paper$shifts$shift, hybrid$fluctuation$shift)
    expect_true(all(c("w", "group") %in% paper$moments$column))
  }
  expect_error(certificate(1), class = "causalsynth_error_input")
  expect_error(certificate(hybrid, 2), class = "causalsynth_error_input")
})

test_that("a plain hybrid's certificate says that nothing was shifted", {
  plain <- fit_hybrid(y ~ a | ., contract_study(), gen_forest(trees = 5), targeted = FALSE, seed = 1,
                      learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_speaks(certificate(plain))
  expect_match(format(certificate(plain)), "Nothing was shifted", all = FALSE)
  expect_null(certificate(plain)$shifts)
})
