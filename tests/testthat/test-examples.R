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

test_that("README.md shows what its first lines print", {
  skip_on_cran()
  page <- test_path("..", "..", "README.md")
  skip_if_not(file.exists(page), "README.md is not here")
  readme <- trimws(readLines(page))
  expect_shown <- function(x, lines) {
    printed <- trimws(utils::capture.output(print(x)))[lines]
    expect_identical(setdiff(printed, readme), character())
  }
  study <- generate(dgp_paper(), 1000, seed = 1)
  expect_shown(estimate_effect(Y ~ A | ., study, seed = 1), 1:4)
  hybrid <- fit_hybrid(Y ~ A | ., study, seed = 1)
  pool <- generate(hybrid, 50000, seed = 2)
  expect_shown(truth(pool), 1)
  expect_shown(certificate(hybrid), 1:2)
  expect_shown(dcr(study, pool, columns = paste0("W", 1:6)), 2)
})
