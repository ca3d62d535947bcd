# Models written by every released version are read by this one and do what they did.
versions <- list.dirs(test_path("fixtures"), recursive = FALSE)

test_that("models of every version are read and draw the same rows", {
  expect_gt(length(versions), 0)
  for (folder in versions) {
    files <- list.files(folder, "[.]model$", full.names = TRUE)
    expect_gte(length(files), 9)
    for (file in files) {
      model <- read_model(file)
      expect_identical(fixture_lines(model), readLines(sub("model$", "txt", file)), label = file)
      expect_gt(length(format(model)), 0)
    }
  }
})

test_that("pools of every version are read with their effect", {
  skip_if_not_installed("jsonlite")
  for (folder in versions) {
    pool <- read_pool(file.path(folder, "pool.csv"))
    expect_identical(fixture_text(list(truth(pool), as.data.frame(pool))), readLines(file.path(folder, "pool.txt")))
  }
})

test_that("the present version has its fixtures", {
  skip_on_cran()
  expect_true(as.character(utils::packageVersion("causalsynth")) %in% basename(versions))
})
