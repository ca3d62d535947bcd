odd_rows <- function() {
  rows <- data.frame(
    whole = c(1L, NA, -7L), number = c(.1, 1 / 3, NA), flag = c(TRUE, NA, FALSE), text = c("a,b", "say \"no\"", NA),
    day = as.Date(c("2020-02-29", NA, "1969-12-31")), group = factor(c("y", NA, "x"), c("x", "unused", "y")),
    grade = factor(c(2, 1, 3), ordered = TRUE),
    moment = as.POSIXct(c(0, 1e9 + .5, NA), origin = "1970-01-01", tz = "UTC"),
    wait = as.difftime(c(1, 2.5, NA), units = "hours")
  )
  rows[["a name \u00fc"]] <- c("\u4f60", "", "z")
  rows
}

test_that("rows come back with their types from every format", {
  skip_if_not_installed("nanoparquet")
  rows <- odd_rows()
  columns <- describe_columns(rows)
  for (format in rows_formats) {
    path <- withr::local_tempfile(fileext = paste0(".", format))
    write_rows_file(rows, path)
    expect_identical(read_rows_file(path, columns = columns), rows, info = format)
    expect_error(write_rows_file(rows, path), "there already", class = "causalsynth_error_file")
    bytes <- readBin(path, "raw", 1e6)
    write_rows_file(rows[0, ], path, overwrite = TRUE)
    expect_identical(read_rows_file(path, columns = columns), rows[0, ], info = format)
    write_rows_file(rows, path, overwrite = TRUE)
    expect_identical(readBin(path, "raw", 1e6), bytes, info = format)
  }
  skip_if_not_installed("jsonlite")
  again <- jsonlite::fromJSON(jsonlite::toJSON(columns, auto_unbox = TRUE), simplifyVector = FALSE)
  expect_identical(read_rows_file(path, columns = again), rows)
})

test_that("numbers in csv lose nothing", {
  path <- withr::local_tempfile(fileext = ".csv")
  rows <- data.frame(x = c(pi * 10^(-20:20), 1e300, 5e-324, .1 + .2, -0.0))
  write_rows_file(rows, path)
  expect_identical(read_rows_file(path), rows)
})

test_that("what cannot be written leaves nothing behind", {
  folder <- withr::local_tempdir()
  expect_error(write_rows_file(data.frame(x = "NA"), file.path(folder, "a.csv")), class = "causalsynth_error_data")
  expect_error(write_rows_file(data.frame(x = I(list(1))), file.path(folder, "a.csv")),
               class = "causalsynth_error_data")
  expect_error(write_rows_file(data.frame(x = 1), file.path(folder, "a.txt")), class = "causalsynth_error_input")
  expect_error(write_rows_file(data.frame(x = 1), file.path(folder, "no", "a.csv")), class = "causalsynth_error_file")
  expect_error(write_aside(file.path(folder, "a"), FALSE, NULL, function(part) {
    writeLines("half", part)
    stop("no more room")
  }), "no more room", class = "causalsynth_error_file")
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), character())
  writeLines("no parquet", file.path(folder, "a.parquet"))
  skip_if_not_installed("nanoparquet")
  expect_error(read_rows_file(file.path(folder, "a.parquet")), class = "causalsynth_error_file")
  expect_error(read_rows_file(file.path(folder, "b.parquet")), class = "causalsynth_error_file")
})
