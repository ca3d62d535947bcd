# The vignettes are one chain, each ending with a link to the next; the first tells the order.
pages <- function() {
  folder <- testthat::test_path("..", "..", "vignettes")
  testthat::skip_if_not(dir.exists(folder), "the sources of the vignettes are not here")
  files <- list.files(folder, "[.]Rmd$", full.names = TRUE)
  stats::setNames(lapply(files, readLines, encoding = "UTF-8"), sub("[.]Rmd$", "", basename(files)))
}

test_that("each vignette ends with a link to the next, and the last leads back", {
  text <- pages()
  last <- vapply(text, function(lines) utils::tail(lines[nzchar(lines)], 1), "")
  following <- sub('.*\\]\\(([a-z0-9-]+)[.]html\\), `vignette\\("([a-z0-9-]+)"\\)`[.]$', "\\1", last)
  expect_identical(following, sub('.*`vignette\\("([a-z0-9-]+)"\\)`[.]$', "\\1", last))
  titles <- vapply(text, function(lines) sub('^title: "(.*)"$', "\\1", grep("^title:", lines, value = TRUE)), "")
  for (name in names(text)) expect_match(last[[name]], titles[[following[[name]]]], fixed = TRUE)
  seen <- "causalsynth"
  for (step in seq_along(text)) seen <- c(seen, following[[utils::tail(seen, 1)]])
  expect_identical(utils::tail(seen, 1), "causalsynth")
  expect_setequal(seen, names(text))
  told <- paste(text$causalsynth, collapse = "\n")
  told <- substring(told, regexpr("## Where to go next", told, fixed = TRUE))
  place <- function(name) as.numeric(regexpr(paste0("(", name, ".html)"), told, fixed = TRUE))
  at <- vapply(seen[2:length(text)], place, 1)
  expect_true(all(at > 0) && !is.unsorted(at))
})

test_that("every export stands on a help page that says what it returns, and ?causalsynth leads to it", {
  folder <- testthat::test_path("..", "..", "man")
  skip_if_not(dir.exists(folder), "the sources of the help pages are not here")
  files <- list.files(folder, "[.]Rd$", full.names = TRUE)
  text <- vapply(files, function(file) paste(readLines(file, encoding = "UTF-8"), collapse = "\n"), "")
  aliases <- unlist(regmatches(text, gregexpr("\\\\alias\\{[^}]*\\}", text)))
  exports <- getNamespaceExports("causalsynth")
  expect_identical(setdiff(exports, gsub("^.*\\{|\\}$", "", aliases)), character())
  plain <- basename(files) %in% c("causalsynth-package.Rd", "glossary.Rd", "reexports.Rd")
  bare <- basename(files) %in% c("est_or.Rd", "multi_arm.Rd")
  lacks <- function(part) basename(files)[!plain & !grepl(part, text, fixed = TRUE)]
  expect_identical(lacks("\\value{"), character())
  expect_identical(lacks("\\examples{"), character())
  expect_setequal(lacks("\\arguments{"), basename(files)[bare])
  map <- text[basename(files) == "causalsynth-package.Rd"]
  named <- vapply(exports, function(name) grepl(paste0("\\b", name, "\\b"), map), NA)
  expect_identical(sort(exports[!named]), character())
})
