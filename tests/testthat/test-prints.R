test_that("lines are broken at spaces, but not what belongs together", {
  expect_identical(wrap_lines("short", 20), "short")
  expect_identical(wrap_lines("  one two three four five", 14), c("  one two", "    three four", "    five"))
  expect_identical(wrap_lines("see truth(x, estimand) of it", 20), c("see", "  truth(x, estimand)", "  of it"))
  expect_identical(wrap_lines("with P = 0.3 (12 rows) each", 13), c("with P = 0.3", "  (12 rows)", "  each"))
  expect_identical(wrap_lines("averyverylongword b", 5), c("averyverylongword", "  b"))
  expect_null(wrap_lines(character()))
})

test_that("what does not fit is counted, what comes next is always said", {
  text <- capture.output(show_lines("<x> head", c("table 1", "table 2"), paste("note", 1:9), "go(on).", lines = 6))
  expect_identical(text, c("<x> head", "table 1", "table 2", "note 1", "... 8 more lines: summary()", "Next: go(on)."))
  text <- capture.output(show_lines("<x> head", tail = paste("note", 1:30), lines = Inf))
  expect_length(text, 31)
  text <- capture.output(show_lines("a data frame", "  1 2", then = "go(on).", mark = "# "))
  expect_identical(text, c("# a data frame", "  1 2", "# Next: go(on)."))
})

test_that("an effect with very much to say fits 25 lines, and its summary says it all", {
  i <- seq_len(400)
  study <- data.frame(w = sin(i), a = rep(0:1, 200), y = as.integer(cos(3 * i) > 0))
  for (k in 1:40) study[[paste0("a_copy_with_a_long_name_", k)]] <- study$w * k
  for (k in 1:20) study[[paste0("gaps_", k)]] <- replace(cos(k * i), k + 1:3, NA)
  fit <- suppressWarnings(estimate_effect(
    y ~ a | ., study, method = c("iptw", "aipw", "or", "tmle"), contrasts = TRUE, learner_treatment = learn_glm(),
    learner_outcome = learn_glm(), se = "bootstrap", cluster = i %/% 2,
    bootstrap = list(replicates = 20, type = "percentile"), seed = 1
  ))
  expect_speaks(fit)
  text <- capture.output(print(fit))
  all <- capture.output(print(summary(fit)))
  expect_match(paste(all, collapse = " "), "a_copy_with_a_long_name_1, .*, \\.\\.\\.")
  expect_gt(length(all), length(text))
  expect_false(any(grepl("more lines: summary()", all, fixed = TRUE)))
})

test_that("prints name the levels of outcome and treatment", {
  study <- transform(contract_study(), y = ifelse(y == 1, "dead", "alive"), a = ifelse(a == 1, "drug", "placebo"))
  study$a <- factor(study$a, c("placebo", "drug"))
  fit <- estimate_effect(y ~ a | ., study, learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_output(print(fit), "ATE of a on y = dead: drug against placebo", fixed = TRUE)
  hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 3), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 1)
  expect_output(print(hybrid), "<hybrid> of y = dead ~ a", fixed = TRUE)
  expect_output(print(hybrid), "a = placebo: ", fixed = TRUE)
  expect_output(print(certificate(hybrid)), "a = drug: ", fixed = TRUE)
})
