test_that("study 2 in small: tables with Monte Carlo errors, files that are whole", {
  folder <- withr::local_tempdir()
  found <- reproduce_paper(2, reps = 2, pool = 200, seed = 1, dir = folder)
  expect_speaks(found)
  part <- found$study_2
  expect_setequal(list.files(folder), c(paste0("study2-", names(part$tables), ".csv"),
                                        paste0("study2-", names(part$plots), ".png")))
  stored <- utils::read.csv(file.path(folder, "study2-part_a.csv"))
  expect_equal(stored$bias, signif(part$tables$part_a$bias, 6))
  expect_identical(unique(stored$seed), 1L)
  expect_identical(stored$source, rep(c("mechanism", "hybrid", "targeted hybrid"), each = 4))
  for (plot in part$plots) expect_draws(plot)
  again <- reproduce_paper(2, reps = 2, pool = 200, seed = 1, threads = 1)
  expect_identical(again$study_2$tables, part$tables)
})

test_that("studies 1, 3 and 4 in small", {
  skip_on_cran()
  found <- reproduce_paper(c(1, 3, 4), reps = 2, pool = 1000, seed = 2)
  one <- found$study_1$tables
  expect_true(all(c("seed", "forest full", "forest hybrid", "forest targeted hybrid", "data without overlap",
                    "data + pairs") %in% one$estimates$set))
  expect_setequal(unique(one$estimates$method), c("iptw", "aipw", "iptw_capped", "aipw_capped"))
  expect_true(all(one$quality$dcr > 0 & one$quality$tstr > .4))
  expect_setequal(unique(found$study_3$tables$positivity$variant), c(
    "data alone", "data alone, g >= .001", "arm-constrained", "hybrid label", "self-supervised",
    paste0("hybrid label, ", c(5, 10, 20), " % flipped"), "all pairs (default)"
  ))
  expect_identical(nrow(found$study_4$tables$augmentation), 21L)
  for (part in found) for (plot in part$plots) expect_draws(plot)
})

test_that("study 5 has the trial of the paper", {
  skip_if_not_installed("speff2trial")
  trial <- actg175_trial()
  expect_identical(dim(trial), c(1046L, 19L))
  expect_equal(mean(trial$cd420[trial$A == 1]) - mean(trial$cd420[trial$A == 0]), -31.134, tolerance = 1e-4)
})

test_that("errors over replicates are those of their definitions", {
  rows <- data.frame(set = rep(c("a", "b"), each = 4), estimate = c(1, 2, 3, 6, 1, 1, NA, 1))
  table <- paper_errors(rows, "set", 2)
  expect_identical(table$reps, c(4L, 3L))
  expect_equal(table$mse, c(mean(c(1, 0, 1, 16)), 1))
  expect_equal(table$mse_mcse[1], sd(c(1, 0, 1, 16)) / 2)
  expect_equal(table$mean_mcse[1], sd(c(1, 2, 3, 6)) / 2)
})

test_that("bad arguments", {
  file <- withr::local_tempfile()
  writeLines("a", file)
  expect_snapshot(error = TRUE, {
    reproduce_paper(6)
    reproduce_paper(c(2, 2))
    reproduce_paper(2, reps = 1)
    reproduce_paper(2, reps = list(a = 3))
    reproduce_paper(2, pol = 3)
    reproduce_paper(2, dir = 3)
  })
  expect_error(reproduce_paper(2, dir = file), class = "causalsynth_error_file")
})

test_that("study 5 in small", {
  skip_on_cran()
  skip_if_not_installed("speff2trial")
  part <- reproduce_paper(5, reps = 2, pool = 1000, seed = 3)$study_5
  sets <- c("seed", "forest full", "forest hybrid", "forest targeted hybrid")
  expect_true(all(sets %in% part$tables$estimates$set))
  expect_identical(unique(part$tables$estimates$n[part$tables$estimates$set == "seed"]), 1046L)
  expect_true(all(part$tables$quality$dcr > 0 & part$tables$quality$tstr_auc > .5))
  expect_setequal(part$tables$by_size$n, c(100, 200, 400, 600, 800, 1000))
  for (plot in part$plots) expect_draws(plot)
})
