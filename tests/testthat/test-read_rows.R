# A file of a fixed name in a folder of its own, so that messages do not change.
write_file <- function(content, name = "rows.csv", env = parent.frame()) {
  folder <- withr::local_tempdir(.local_envir = env)
  withr::local_dir(folder, .local_envir = env)
  writeBin(if (is.raw(content)) content else charToRaw(content), name)
  name
}

test_that("files are read as they are", {
  skip_if_not_installed("withr")
  file <- write_file("\xef\xbb\xbfa b,x,t\n1,2.5,\"p, q\"\n2,NA,\"two\nlines\"\n\n3,-Inf,\n")
  rows <- read_rows(file)
  expect_identical(names(rows), c("a b", "x", "t"))
  expect_identical(rows$`a b`, 1:3)
  expect_identical(rows$x, c(2.5, NA, -Inf))
  expect_identical(rows$t, c("p, q", "two\nlines", NA))
  connection <- gzfile("rows.csv.gz", "w")
  writeLines(c("a,b", "1,z"), connection)
  close(connection)
  expect_identical(read_rows("rows.csv.gz"), data.frame(a = 1L, b = "z"))
})

test_that("broken files are errors that say where", {
  skip_if_not_installed("withr")
  read <- function(content) read_rows(write_file(content))
  expect_snapshot(error = TRUE, {
    read_rows("absent.csv")
    read_rows(5)
    read("")
    read("\n\n")
    read("a,b\n")
    read("a,b\n1,2\n1,2,3\n1\n")
    read("a,b,a\n1,2,3\n")
    read(as.raw(c(0x61, 0x0a, 0x31, 0x0a, 0xe9, 0x0a)))
  })
  expect_error(read("a,b\n"), class = "causalsynth_error_file")
  # A quote that is never closed.
  unclosed <- function(content) suppressWarnings(read(content))
  expect_error(unclosed("a,b,c\n1,x,1\n2,\"x, b,c\n3,x,1\n4,\"x, y\",\n"), class = "causalsynth_error_file")
  expect_error(unclosed("#a,b,c\n1,x,1\n2,\"x, b,c\n3,x,1\n4,\"x, y\",\n"), class = "causalsynth_error_file")
})
