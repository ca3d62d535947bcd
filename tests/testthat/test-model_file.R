test_that("forests of every kind come back as they were", {
  kinds <- list(
    forest(mtcars[c("wt", "hp")], mtcars$am, trees = 20, seed = 1),
    forest(mtcars[c("wt", "hp")], mtcars$am == 1, trees = 20, seed = 1),
    forest(mpg ~ wt + hp, mtcars, trees = 20, min_node_size = c(2, 8), seed = 1),
    forest(Species ~ ., iris, trees = 20, seed = 1),
    forest(factor(cyl, ordered = TRUE) ~ wt + hp, mtcars, trees = 20, seed = 1),
    forest(mpg ~ wt, mtcars, trees = 2, replace = FALSE, seed = 1)
  )
  for (fit in kinds) {
    again <- through_file(fit)
    # Beside the environment of the formula everything is the same.
    expect_identical(again[setdiff(names(fit), "terms")], unclass(fit)[setdiff(names(fit), "terms")])
    rows <- if ("Species" %in% fit$classes || is.null(fit$blueprint$wt)) iris else mtcars
    expect_identical(predict(again, rows), predict(fit, rows))
    expect_identical(predict(again, rows, type = "leaf"), predict(fit, rows, type = "leaf"))
    expect_identical(format(again), format(fit))
    expect_identical(tidy(again), tidy(fit))
  }
  gaps <- small_forest()
  expect_identical(forest_predict_oob(through_file(gaps), data.frame(a = NA, b = 0, g = rep("a", 60))),
                   forest_predict_oob(gaps, data.frame(a = NA, b = 0, g = rep("a", 60))))
})

test_that("generators come back with the columns' types and classes", {
  skip_if_not_installed("tibble")
  skip_if_not_installed("data.table")
  rows <- mixed_rows(150)
  rows$moment <- as.POSIXct("2020-01-01", tz = "Asia/Tokyo") + 3600 * seq_len(150)
  rows$wait <- as.difftime(rep(c(1, 2.5, 4), 50), units = "hours")
  rows[["gr\u00fc\u00dfe"]] <- rep(c("sch\u00f6n", "\u4f60\u597d"), 75)
  attr(rows$real, "label") <- "a label"
  for (shape in list(identity, tibble::as_tibble, data.table::as.data.table)) {
    for (spec in list(gen_forest(trees = 4), gen_data(shape(rows)))) {
      fit <- fit_generator(spec, shape(rows), seed = 1)
      again <- through_file(fit)
      expect_identical(generate(again, 40, seed = 2), generate(fit, 40, seed = 2))
      expect_identical(format(again), format(fit))
      expect_identical(tidy(again), tidy(fit))
      expect_equal(again, fit)
    }
  }
})

test_that("hybrids come back: rows, truth, prints", {
  learners <- list(list(learn_glm(), learn_forest(trees = 8)), list(learn_forest(trees = 8), learn_glm("joint")))
  for (outcome in c("binary", "number")) for (pair in learners) {
    fit <- fit_hybrid(y ~ a | ., contract_study(outcome = outcome), gen_forest(trees = 4), seed = 1,
                      learner_treatment = pair[[1]], learner_outcome = pair[[2]])
    again <- through_file(fit)
    expect_identical(truth(again), truth(fit))
    expect_identical(generate(again, 50, seed = 2, counterfactuals = TRUE),
                     generate(fit, 50, seed = 2, counterfactuals = TRUE))
    expect_identical(format(again), format(fit))
    expect_identical(tidy(again), tidy(fit))
    # How it was fitted needs the seed, and stays behind, as does the way to the seed in memory.
    fit["recipe"] <- list(NULL)
    fit$token <- NULL
    expect_equal(again, fit, ignore_formula_env = TRUE)
  }
})

test_that("nuisances come back: effects are the same", {
  fit <- nuisance(y ~ a | ., contract_study(), learn_glm(), learn_forest(trees = 10), seed = 1, repeats = 2)
  again <- through_file(fit)
  expect_identical(tidy(estimate_effect(again, method = c("aipw", "iptw"))),
                   tidy(estimate_effect(fit, method = c("aipw", "iptw"))))
  expect_identical(format(again), format(fit))
  given <- as_nuisance(rep(0:1, 20), sin(1:40), rep(.5, 40), rep(1, 40), rep(0, 40))
  expect_identical(through_file(given), given)
})

test_that("files of forests take 40 to 60 percent of their memory at most", {
  study <- generate(dgp_paper(), 20000, seed = 1)
  classes <- forest(factor(Y) ~ ., study, trees = 50, min_node_size = 1, seed = 1)
  means <- forest(Y + W4 ~ ., study, trees = 50, min_node_size = 5, seed = 1)
  expect_lt(length(file_bytes(classes)), object.size(classes) * .4)
  expect_lt(length(file_bytes(means)), object.size(means) * .6)
})

test_that("without rows a forest keeps none, and predicts new ones", {
  study <- contract_study(300)
  fit <- forest(factor(y) ~ w + a, study, trees = 20, seed = 1)
  less <- through_file(fit, keep_rows = FALSE)
  expect_null(less$oob)
  expect_null(less$y)
  expect_false(any(vapply(unclass(less), NROW, 1L) == 300))
  expect_identical(predict(less, study), predict(fit, study))
  expect_identical(tidy(less), tidy(fit))
  expect_snapshot(print(less))
  expect_snapshot(error = TRUE, {
    predict(less)
    autoplot(less)
  })
  expect_equal(less, through_file(less), ignore_formula_env = TRUE)
  expect_identical(truth(through_file(contract_hybrid(), keep_rows = FALSE)), truth(contract_hybrid()))
  nu <- nuisance(y ~ a | ., study, learn_glm(), learn_glm())
  expect_error(file_bytes(nu, keep_rows = FALSE), "nothing but its rows", class = "causalsynth_error_input")
})

test_that("the same model is the same file; a file is replaced only on request", {
  file <- withr::local_tempfile()
  fit <- small_forest()
  expect_identical(withVisible(write_model(fit, file))$visible, FALSE)
  expect_identical(readBin(file, "raw", 1e6), file_bytes(fit))
  expect_error(write_model(fit, file), "there already", class = "causalsynth_error_file")
  other <- small_forest(min_bucket = 4)
  write_model(other, file, overwrite = TRUE)
  expect_identical(read_model(file), other)
})

test_that("a link keeps pointing to the file", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  file.symlink(file.path(folder, "real"), file.path(folder, "link"))
  writeLines("old", file.path(folder, "real"))
  write_model(small_forest(), file.path(folder, "link"), overwrite = TRUE)
  expect_identical(Sys.readlink(file.path(folder, "link")), file.path(folder, "real"))
  expect_identical(read_model(file.path(folder, "real")), small_forest())
})

test_that("what cannot be written leaves nothing behind", {
  folder <- withr::local_tempdir()
  file.create(file.path(folder, "old"))
  # A folder that is not empty cannot be renamed over.
  expect_error(write_whole(as.raw(1:9), folder, TRUE, NULL), "could not be written", class = "causalsynth_error_file")
  expect_error(write_whole(as.raw(1:9), file.path(folder, "no", "file"), FALSE, NULL), class = "causalsynth_error_file")
  # Made by another between the check and the end.
  expect_error(write_whole(as.raw(1:9), file.path(folder, "old"), FALSE, NULL), "there already",
               class = "causalsynth_error_file")
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), "old")
  expect_identical(file.size(file.path(folder, "old")), 0)
  expect_length(list.files(dirname(folder), "^[.]model-", all.files = TRUE), 0)
})

test_that("arguments and paths are checked before work", {
  withr::local_dir(withr::local_tempdir())
  fit <- small_forest()
  dir.create("folder")
  file.create("old.model")
  expect_snapshot(error = TRUE, {
    write_model()
    write_model(fit)
    write_model(mtcars, "x.model")
    write_model(generate(contract_hybrid(), 5, seed = 1), "x.model")
    write_model(fit, c("a", "b"))
    write_model(fit, "folder")
    write_model(fit, "none/x.model")
    write_model(fit, "old.model")
    write_model(fit, "x.model", overwrit = TRUE)
    write_model(fit, "x.model", overwrite = NA)
    write_model(fit, "x.model", keep_rows = 1)
    read_model()
    read_model(7)
    read_model("none.model")
    read_model("folder")
    read_model("old.model")
    read_model("old.model", max_bytes = 0)
  })
  expect_identical(list.files(), c("folder", "old.model"))
})

test_that("a folder without permission is an error before work", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  Sys.chmod(folder, "555")
  withr::defer(Sys.chmod(folder, "755"))
  skip_if(file.access(folder, 2) == 0, "this user may write anywhere")
  expect_error(write_model(small_forest(), file.path(folder, "x")), "cannot be written to",
               class = "causalsynth_error_file")
})

test_that("files of every format are read", {
  for (name in c("forest-1", "forest-2")) {
    forest <- read_model(test_path("fixtures", paste0(name, ".model")))
    rows <- utils::read.csv(test_path("fixtures", paste0(name, ".csv")), stringsAsFactors = TRUE)
    expect_equal(predict(forest, rows, type = "prob")[, "yes"], rows$prob, tolerance = 1e-12)
    expect_equal(predict(forest, type = "prob")[, "yes"], rows$oob, tolerance = 1e-12)
  }
  expect_error(read_model(test_path("fixtures", "hybrid-1.model")), "earlier format", class = "causalsynth_error_file")
  expect_hybrid_file <- function(file) {
    hybrid <- read_model(test_path("fixtures", file))
    expect_equal(truth(hybrid), hybrid$law$mean_1 - hybrid$law$mean_0)
    pool <- generate(hybrid, 500, seed = 1)
    expect_identical(lapply(pool, class), list(w = "numeric", day = "Date", group = c("ordered", "factor"),
                                               a = "factor", y = "numeric"))
    expect_lt(abs(truth(pool) - truth(hybrid)), 5 * hybrid$law$sd / sqrt(500))
    expect_lt(abs(mean(pool$y[pool$a == "new"]) - mean(pool$y[pool$a == "old"]) - truth(hybrid)), .4)
    expect_match(format(certificate(hybrid)), "law", all = FALSE)
    expect_s3_class(estimate_effect(pool, learner_treatment = learn_glm(), learner_outcome = learn_glm()),
                    "causalsynth_effect")
  }
  for (file in c("hybrid-3.model", "hybrid-4.model")) expect_hybrid_file(file)
  for (file in c("copula-1.model", "copula-3.model")) {
    copula <- read_model(test_path("fixtures", file))
    rows <- generate(copula, 400, seed = 1)
    expect_identical(lapply(rows, class), list(w = "numeric", day = "Date", group = c("ordered", "factor"),
                                               a = "factor", y = "numeric", gap = "numeric"))
    expect_lt(abs(mean(rows$y[rows$a == "new"]) - mean(rows$y[rows$a == "old"]) - .9), .4)
    expect_lt(abs(mean(is.na(rows$gap)) - .25), .08)
  }
})

test_that("damaged copulas are errors when they are read", {
  fit <- fit_generator(gen_copula(), contract_study(), strata = "a", seed = 1)
  expect_identical(generate(through_file(fit), 20, seed = 1), generate(fit, 20, seed = 1))
  damage <- list(
    function(x) replace(x, "share", list(1)),
    function(x) {
      x$fits[[1]]$margins$w$cum[2] <- -1
      x
    },
    function(x) {
      x$fits[[1]]$margins$w$value <- 99L
      x
    },
    function(x) {
      x$fits[[2]]$correlation[1, 1] <- NaN
      x
    }
  )
  for (change in damage) {
    expect_error(through_file(structure(change(unclass(fit)), class = class(fit))), class = "causalsynth_error_file")
  }
})

test_that("a hybrid of the second format is read as what it was", {
  study <- generate(dgp_paper(), 300, seed = 1)
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), learner_treatment = learn_glm(), learner_outcome = learn_glm(),
                       seed = 1)
  # That format's names of the same figures: arms apart, the treated first in the covariance.
  old <- unclass(hybrid)
  seed <- old$seed_effect
  old[c("arms", "knobs", "proper", "assignment", "outcome_law", "certificate")] <- NULL
  old$treatment <- "fitted"
  old$share_treated <- mean(study$A)
  shift <- hybrid$fluctuation
  old$fluctuation <- list(epsilon_0 = shift$epsilon[1], epsilon_1 = shift$epsilon[2], shift_0 = shift$shift[1],
                          shift_1 = shift$shift[2], low = shift$low, high = shift$high, bound = shift$bound)
  old$law <- c(list(mean_0 = hybrid$law$means[[1]], mean_1 = hybrid$law$means[[2]]),
               hybrid$law[c("rows", "exact", "sd")])
  old$seed_effect <- list(estimate = seed$estimate, std.error = seed$std.error, mean_0 = seed$means[[1]],
                          mean_1 = seed$means[[2]], variance = seed$covariance[2:1, 2:1])
  for (treatment in c("fitted", "randomized")) {
    old$treatment <- treatment
    back <- structure(hybrid_of_version_2(old), class = class(hybrid))
    expect_identical(back$law$means, hybrid$law$means)
    expect_equal(back$seed_effect$covariance, seed$covariance, ignore_attr = TRUE)
    expect_identical(truth(back), truth(hybrid))
    pool <- generate(back, 200, seed = 2)
    expect_identical(nrow(pool), 200L)
    expect_equal(mean(pool$A), mean(study$A), tolerance = .3)
    expect_match(format(certificate(back)), "law", all = FALSE)
  }
})
