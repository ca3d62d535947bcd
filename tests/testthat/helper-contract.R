# What every public object must offer, whatever its class: called by test-contract.R over all constructors. Its print
# says first what it is, last what may come next, and fits 25 lines of a console of 80 columns.
expect_speaks <- function(object, lines = 25) {
  withr::local_options(width = 80)
  text <- capture.output(shown <- withVisible(print(object)))
  expect_false(shown$visible)
  expect_identical(shown$value, object)
  expect_gte(length(text), 1)
  expect_lte(length(text), lines)
  expect_lte(max(nchar(text, "width")), 80)
  expect_match(text[1], "^(<[a-zA-Z' ]+>|# )")
  expect_match(text, "^(# )?Next:", all = FALSE)
  expect_type(format(object), "character")
  expect_true(all(nzchar(format(object))))
  summed <- summary(object)
  text <- capture.output(shown <- withVisible(print(summed)))
  expect_false(shown$visible)
  expect_gte(length(text), 1)
  expect_lte(max(nchar(text, "width")), 80)
  expect_no_match(text, "Next: ")
}

# What a print says, without its line breaks.
said <- function(object) gsub("\\s+", " ", paste(capture.output(print(object)), collapse = " "))

# Tables are plain data frames of plain columns, whose unknown arguments are errors.
expect_table <- function(table, rows, names = NULL) {
  expect_identical(class(table), "data.frame")
  expect_identical(nrow(table), as.integer(rows))
  expect_identical(attr(table, "row.names"), seq_len(rows))
  expect_true(all(vapply(table, is.atomic, NA)))
  if (!is.null(names)) expect_identical(names(table), names)
}

# A picture that can be drawn without a warning.
expect_draws <- function(plot) {
  expect_s3_class(plot, "ggplot")
  expect_silent(built <- ggplot2::ggplot_build(plot))
  expect_gt(sum(vapply(built$data, nrow, 1L)), 0)
}

# A study of every kind of column, 120 rows.
contract_study <- function(n = 120, outcome = c("binary", "number")) {
  i <- seq_len(n)
  w <- sin(i)
  a <- as.integer(cos(2 * i) > -.1)
  number <- w + a + cos(5 * i)
  data.frame(
    w = w, group = factor(c("u", "v", "w")[1 + i %% 3]), a = a,
    y = if (match.arg(outcome) == "binary") as.integer(number > .6) else round(number, 2)
  )
}

contract_hybrid <- function(...) {
  fit_hybrid(y ~ a | ., contract_study(...), gen_forest(trees = 5), learner_treatment = learn_glm(),
             learner_outcome = learn_glm(), seed = 1)
}
