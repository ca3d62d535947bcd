# The three journeys of inst/examples, to their own checks at the end.
run_example <- function(name, needs) {
  skip_on_cran()
  for (package in needs) skip_if_not_installed(package)
  folder <- withr::local_tempdir()
  withr::local_options(causalsynth.progress = FALSE)
  here <- new.env()
  here$folder <- folder
  script <- system.file("examples", paste0(name, ".R"), package = "causalsynth", mustWork = TRUE)
  utils::capture.output(suppressWarnings(source(script, local = here)))
  list.files(folder)
}

test_that("a data owner shares a trial, and the receiver does without the seed", {
  files <- run_example("share-a-trial", c("speff2trial", "jsonlite", "htmltools", "base64enc"))
  expect_identical(files, c("report.html", "rows.csv", "rows.csv.json", "trial.model"))
})

test_that("an epidemiologist repairs overlap", {
  expect_identical(run_example("repair-overlap", character()), "remedies.csv")
})

test_that("a methodologist chooses an estimator", {
  expect_true(all(c("errors.png", "measures.csv") %in% run_example("choose-an-estimator", character())))
})
