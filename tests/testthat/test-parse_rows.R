# A frame of all types, with whatever could confuse a parser.
random_frame <- function(seed) {
  set.seed(seed)
  n <- sample(c(1, 2, 30), 1)
  bits <- c("a", "B", " ", ",", "\"", "\\", " is ", "\n", "\t", "missing", "NA", "1", ".0", "-", "'", "\u00e9",
            "\U1F600", ", ", "is", ":", "{", "\001", "\\n", "|", "\r")
  word <- function(k) vapply(seq_len(k), function(i) paste(sample(bits, sample(0:4, 1), TRUE), collapse = ""), "")
  holes <- function(x) replace(x, stats::runif(n) < .2, NA)
  levels <- unique(word(6))
  columns <- list(
    holes(sample(-5:5, n, TRUE)), holes(stats::rnorm(n) * 10^sample(-20:20, n, TRUE)), holes(round(stats::rexp(n), 2)),
    holes(factor(sample(levels, n, TRUE), levels)), holes(factor(sample(levels, n, TRUE), rev(levels), ordered = TRUE)),
    holes(word(n)), holes(stats::runif(n) < .5), holes(as.Date("1950-01-01") + sample(40000, n)),
    holes(as.POSIXct("2024-01-01", tz = "UTC") + round(stats::runif(n, 0, 1e7), 3)),
    holes(c(0, -0, 1 / 3)[1 + seq_len(n) %% 3]),
    holes(.Machine$double.xmax * stats::runif(n)), holes(as.numeric(sample(0:1, n, TRUE)))
  )
  take <- sample(length(columns), sample(length(columns), 1))
  rows <- structure(columns[take], class = "data.frame", row.names = seq_len(n))
  names(rows) <- make.unique(paste0(word(length(take)), "+"), sep = "~")
  rows
}

test_that("every frame comes back as it was", {
  for (seed in 1:60) {
    rows <- random_frame(seed)
    expect_true(identical(parse_rows(serialize_rows(rows), rows), rows), info = seed)
    lines <- serialize_rows(rows, "random", seed = seed)
    expect_true(identical(parse_rows(paste(lines, collapse = "\n"), rows), rows), info = seed)
    # Without a word for missing, a row that is missing throughout has no text.
    lines <- serialize_rows(rows, "random", seed = seed, missing = NULL)
    full <- nzchar(lines)
    expect_true(identical(parse_rows(lines, rows, missing = NULL), take_template_rows(rows, which(full))), info = seed)
  }
})

test_that("tibbles and data.tables come back as such", {
  rows <- data.frame(x = c(1.5, NA), g = factor(c("u", "v")))
  skip_if_not_installed("tibble")
  tbl <- tibble::as_tibble(rows)
  expect_identical(parse_rows(serialize_rows(tbl), tbl), tbl)
  skip_if_not_installed("data.table")
  table <- data.table::as.data.table(rows)
  again <- parse_rows(serialize_rows(table), table)
  expect_s3_class(again, "data.table")
  expect_equal(as.data.frame(again), rows)
})

like <- function() {
  data.frame(k = c(1L, 5L), x = c(.5, NA), g = factor(c("u", "v"), c("u", "v", "never")), l = c(TRUE, FALSE),
             d = as.Date("2024-01-01") + 0:1)
}

test_that("each line is dropped under its first reason", {
  good <- "k is 1, x is missing, g is u, l is TRUE, d is 2024-02-29"
  lines <- c(
    good, "Sure! Here are rows:", sub(", l", ",, l", good), sub("is u", "is u is u", good), paste0(good, ","),
    sub("k is", "\"k is", good), sub("is u", "is \"\\\\x\"", good), "k", paste0(good, ", z is 1"),
    paste0(good, ", k is 1"), sub(", l is TRUE", "", good), sub("k is 1", "k is 12 mg", good),
    sub("k is 1", "k is 0x1A", good), sub("k is 1", "k is \"1\"", good), sub("TRUE", "yes", good),
    sub("2024-02-29", "2023-02-29", good), sub("2024-02-29", "29.2.2024", good), sub("TRUE", "missing", good),
    sub("missing", "-Inf", good), sub("missing", "2e6", good), sub("is u", "is never", good),
    sub("k is 1", "k is 9", good)
  )
  rows <- parse_rows(lines, like(), quiet = TRUE)
  parsing <- attr(rows, "parsing")
  expect_identical(summary(parsing), parsing)
  expect_identical(parsing$kept, c(1L, 22L))
  expect_identical(parsing$total, 22L)
  expect_identical(parsing$n_dropped, 20L)
  expect_identical(parsing$dropped, c(
    malformed = 7L, unknown_column = 1L, repeated_column = 1L, absent_column = 1L, wrong_type = 6L, missing = 1L,
    infinite = 1L, too_large = 1L, unknown_level = 1L, out_of_range = 0L
  ))
  narrow <- parse_rows(lines, like(), range = "seed", quiet = TRUE)
  expect_identical(attr(narrow, "parsing")$dropped[["out_of_range"]], 2L)
  expect_identical(tidy(parsing), data.frame(reason = names(parsing$dropped), rows = unname(parsing$dropped)))
  expect_identical(glance(parsing), data.frame(rows = 22L, kept = 2L, dropped = 20L, rounded = 0L))
  expect_warning(parse_rows(lines, like()), "20 of 22 rows dropped", class = "causalsynth_warning_dropped")
})

test_that("nothing kept is no row; blank lines are no rows", {
  rows <- parse_rows(c("nothing", "k is 1"), like(), quiet = TRUE)
  expect_identical(nrow(rows), 0L)
  expect_identical(lapply(rows, class), lapply(like(), class))
  rows <- parse_rows(c("", "  \n"), like())
  expect_identical(nrow(rows), 0L)
  expect_null(attr(rows, "parsing"))
})

test_that("decimals in a whole-number column are rounded and counted", {
  rows <- parse_rows("k is 1.4, x is 1, g is u, l is TRUE, d is 2024-01-01", like())
  expect_identical(rows$k, 1L)
  expect_identical(attr(rows, "parsing")$rounded, c(k = 1L))
})

test_that("a generator says what its columns are", {
  fit <- fit_generator(gen_data(like()), like())
  line <- "k is 7, x is -3.25, g is never, l is FALSE, d is 2020-01-01"
  expect_identical(parse_rows(line, fit)$x, -3.25)
  expect_identical(levels(parse_rows(line, fit)$g), levels(like()$g))
  expect_warning(none <- parse_rows(sub("never", "w", line), fit), "1 unknown level")
  expect_identical(nrow(none), 0L)
})

test_that("prints and errors", {
  expect_snapshot({
    attr(parse_rows(c("k is 1", "k is 1.5, x is 1, g is u, l is TRUE, d is 2024-01-01"), like(), quiet = TRUE),
         "parsing")
  })
  expect_snapshot(error = TRUE, {
    parse_rows(1, like())
    parse_rows("k is 1")
    parse_rows("k is 1", 3)
    parse_rows("k is 1", like(), range = "wide")
    parse_rows("k is 1", like(), mising = "NA")
    parse_rows("k is 1", fit_generator(gen_data(like()), like()), range = "seed")
  })
})
