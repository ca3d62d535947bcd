# What the tests of generators that train a network share.

# The way of a generator's rows: a hybrid on top, its file, shards. (Files hold no row: expect_saved().)
expect_pipeline <- function(spec) {
  study <- contract_study()
  hybrid <- fit_hybrid(y ~ a | ., study, spec, learner_treatment = learn_glm(), learner_outcome = learn_glm(), seed = 1)
  rows <- generate(hybrid, 30, seed = 2)
  expect_identical(nrow(rows), 30L)
  expect_same_types(rows[names(study)], study)
  expect_equal(truth(hybrid), coef(estimate_effect(y ~ a | ., study, method = "tmle", learner_treatment = learn_glm(),
                                                   learner_outcome = learn_glm(), seed = 1))[["ATE"]], tolerance = 1e-8)
  file <- withr::local_tempfile()
  write_model(hybrid, file)
  expect_identical(generate(read_model(file), 10, seed = 3), generate(hybrid, 10, seed = 3))
  folder <- withr::local_tempdir()
  generate_to(hybrid$generator, 40, folder, format = "csv", shard_rows = 20, seed = 1)
  expect_length(list.files(folder, "csv"), 2)
}

# Runs `code` while the training's progress sends this process an interrupt, once, when the share done passes `at`.
interrupted_at <- function(at, code) {
  space <- asNamespace("causalsynth")
  put <- function(value) {
    unlockBinding("loss_progress_bar", space)
    assign("loss_progress_bar", value, space)
    lockBinding("loss_progress_bar", space)
  }
  old <- get("loss_progress_bar", space)
  withr::defer(put(old))
  put(function(...) {
    sent <- FALSE
    function(share, loss) {
      if (sent || share < at) return(invisible())
      sent <<- TRUE
      tools::pskill(Sys.getpid(), tools::SIGINT)
    }
  })
  tryCatch(code, interrupt = function(e) "left")
}
