test_that("ggplot2 is loaded by the first picture, not with the package, and finds its methods then", {
  script <- withr::local_tempfile(fileext = ".R")
  writeLines(c(
    sprintf(".libPaths(%s)", paste(deparse(.libPaths()), collapse = "")),
    "suppressPackageStartupMessages(library(causalsynth))",
    "score <- dcr(data.frame(x = c(1, 2, 4)), data.frame(x = c(1.5, 3)))",
    "capture.output(print(score))",
    "before <- isNamespaceLoaded('ggplot2')",
    "picture <- autoplot(score)",
    "cat(before, inherits(picture, 'ggplot'), isNamespaceLoaded('ggplot2'))"
  ), script)
  said <- system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)), stdout = TRUE, stderr = FALSE)
  expect_equal(utils::tail(said, 1), "FALSE TRUE TRUE")
  expect_identical(causalsynth::autoplot, ggplot2::autoplot)
})
