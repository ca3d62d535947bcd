# What newcomers try: each a classed error that says what to do instead.
test_that("unknown arguments lead to the known ones", {
  f <- function(x, ..., trees = 1, learner_treatment = 1) check_dots_empty(...)
  expect_error(f(1, ntree = 2), "Did you mean `trees`", class = "causalsynth_error_input")
  expect_error(f(1, learner = 2), "Did you mean `learner_treatment`")
  expect_error(f(1, q_bounds = 2), "one of `est_tmle\\(\\)`")
  expect_error(f(1, zzzz = 2), "The arguments are `x`, `trees`, and `learner_treatment`")
  expect_error(f(1, 2), "Only `x` can be given without its name")
  expect_error(learn_forest(num.trees = 5), "Did you mean `trees`", class = "causalsynth_error_input")
  expect_error(gen_forest(ntree = 5), "Did you mean `trees`", class = "causalsynth_error_input")
  home <- asNamespace("causalsynth")
  known <- unique(unlist(lapply(Filter(is.function, mget(ls(home), home)), function(f) names(formals(f)))))
  expect_identical(setdiff(unlist(other_words), c(known, "replicates")), character())
})

test_that("choices differ by case, end or letter", {
  expect_error(dgp_paper("Weak"), "Did you mean \"weak\"", class = "causalsynth_error_input")
  expect_error(dgp_paper("random"), "Did you mean \"randomized\"")
  expect_error(dgp_paper("xyz"), "It is \"xyz\"\\.$")
})

test_that("swapped and raw arguments are told where they belong", {
  study <- contract_study()
  glm <- learn_glm()
  hybrid <- contract_hybrid()
  pool <- generate(hybrid, 150, seed = 1)
  expect_error(estimate_effect(study, y ~ a | .), "The formula comes first", class = "causalsynth_error_input")
  expect_error(estimate_effect("y ~ a | .", study), "without quotes")
  expect_error(estimate_effect(hybrid), "Draw rows from it")
  expect_error(diagnose_overlap(pool), "Of a pool give its formula")
  expect_error(estimate_effect(pool, y ~ a | .), "leave it out")
  expect_error(estimate_effect(y ~ a | ., as.matrix(study["w"])), "a matrix of 120 rows and 1 column")
  expect_error(fit_generator(study, gen_forest()), "The spec comes first")
  expect_error(generate(gen_forest(), 5), "Fit it first", class = "causalsynth_error_input")
  expect_error(importance(hybrid), "needs a forest", class = "causalsynth_error_input")
  expect_error(dcr(study, hybrid), "generate\\(x, n\\)")
  expect_error(fidelity(study, pool, pool), "holdout = ")
  expect_error(forest(y ~ a | ., study), "has no `|`", class = "causalsynth_error_input")
  expect_error(estimate_effect(y ~ a | ., study, learner_treatment = "glm"), "learn_glm\\(\\)")
  fit <- fit_generator(gen_forest(trees = 3), study, seed = 1)
  expect_error(generate(fit, 5, constraints = w > 0), "Begin it with `~`", class = "causalsynth_error_input")
  expect_error(generate(fit, 5, given = a == 1), "list\\(column = value\\)", class = "causalsynth_error_input")
  expect_identical(fit_hybrid(y ~ a | ., study, gen_copula, learner_treatment = glm, learner_outcome = glm,
                              seed = 1)$generator$spec$label, "Gaussian copula")
})

test_that("a pool in place of the trial is a warning", {
  parts <- pair_parts()
  pair <- small_pair()
  expect_warning(estimate_effect(pair, trial = parts$pool, learner_membership = learn_glm(), seed = 1),
                 "counted here as patients", class = "causalsynth_warning_data")
})

test_that("results are drawn by plot() and are tables by as.data.frame()", {
  withr::local_pdf(NULL)
  study <- contract_study()
  nu <- nuisance(y ~ a | ., study, learn_glm(), learn_glm())
  fit <- estimate_effect(nu)
  expect_identical(plot(fit), fit)
  expect_identical(as.data.frame(fit), tidy(fit))
  score <- precision_recall(study, study, holdout = study)
  expect_draws(autoplot(score))
  expect_identical(plot(score), score)
  expect_identical(as.data.frame(score), tidy(score))
  expect_error(plot(nu), "diagnose_overlap", class = "causalsynth_error_input")
  expect_error(autoplot(dgp_paper()), "generate\\(x, n\\)", class = "causalsynth_error_input")
})

test_that("writing a pool as csv neither says anything nor changes it", {
  pool <- generate(contract_hybrid(), 20, seed = 1)
  expect_silent(utils::write.csv(pool, withr::local_tempfile(), row.names = FALSE))
  same <- pool
  same[] <- lapply(pool, identity)
  expect_identical(truth(same), truth(pool))
  other <- pool
  expect_message(other[] <- lapply(pool, rev), "ordinary data frame")
})

test_that("a level is asked of the table, and no argument is offered that is none", {
  study <- contract_study()
  expect_error(estimate_effect(y ~ a | ., study, conf.level = .9), "tidy\\(x, conf.level",
               class = "causalsynth_error_input")
  message <- tryCatch(fit_hybrid(y ~ a | ., study, weights = 1:3), error = conditionMessage)
  expect_no_match(message, "learn_rows")
})

test_that("what has rows already, or shows no prompt, says so; a first argument that is missing too", {
  pool <- generate(contract_hybrid(), 20, seed = 1)
  expect_error(generate(pool, 10), "hybrid", class = "causalsynth_error_input")
  expect_error(prompt(contract_hybrid()), "gen_chat", class = "causalsynth_error_input")
  for (fun in list(estimate_effect, diagnose_overlap, compare_remedies, compare_studies, flip_sensitivity, dgp,
                   forest_weights, as_weightit)) {
    expect_error(fun(), "is missing; it has no default", class = "causalsynth_error_input")
  }
})
