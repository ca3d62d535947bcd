test_that("a study goes on where it was stopped, with the same results", {
  folder <- withr::local_tempdir()
  whole <- small_study(chunk = 2)
  stopping <- function() small_study(chunk = 2, checkpoint = folder)
  expect_identical(stopping(), whole)
  files <- list.files(folder, "^chunk", full.names = TRUE)
  expect_length(files, 4)
  stamps <- file.mtime(files[-1])
  unlink(files[1])
  writeBin(raw(10), files[2])
  writeLines("half", file.path(folder, "part-1-chunk.rds"))
  expect_identical(stopping(), whole)
  expect_identical(file.mtime(files[3:4]), stamps[2:3])
  expect_length(list.files(folder, "^part"), 0)
})

test_that("the folder's key is used again without a seed", {
  folder <- withr::local_tempdir()
  first <- small_study(seed = NULL, checkpoint = folder, reps = 2)
  expect_identical(small_study(seed = NULL, checkpoint = folder, reps = 2), first)
})

test_that("checkpoints of another study are refused with the difference", {
  folder <- withr::local_tempdir()
  ask <- function(...) small_study(..., checkpoint = folder)
  ask(reps = 2)
  expect_snapshot(error = TRUE, transform = hide_folder(folder), {
    ask(reps = 3)
    ask(c("iptw", "or"), reps = 2, seed = 2)
    ask(reps = 2, n = 61, bounds = .1)
    ask(reps = 2, sources = dgp_paper())
  })
  manifest <- file.path(folder, "study.rds")
  old <- read_part(manifest)
  old$version <- "0.0.1"
  write_part(old, manifest, NULL)
  expect_error(ask(reps = 2), "version of causalsynth: 0.0.1 there", class = "causalsynth_error_file")
})

test_that("folders that cannot be written to", {
  file <- withr::local_tempfile()
  writeLines("a file", file)
  expect_error(small_study(checkpoint = file), class = "causalsynth_error_file")
  expect_error(small_study(checkpoint = file.path(file, "below")), class = "causalsynth_error_file")
  # Root may write anywhere; a folder in the way of the trial file stops root too.
  blocked <- withr::local_tempdir()
  dir.create(file.path(blocked, "trial.rds", "x"), recursive = TRUE)
  expect_error(small_study(checkpoint = blocked), "cannot be written", class = "causalsynth_error_file")
  skip_on_os("windows")
  skip_if(Sys.info()[["effective_user"]] == "root")
  closed <- withr::local_tempdir()
  Sys.chmod(closed, "500")
  expect_error(small_study(checkpoint = closed), "cannot be written", class = "causalsynth_error_file")
})

test_that("a full disk is found out", {
  skip_if_not(file.exists("/dev/full"))
  folder <- withr::local_tempdir()
  path <- file.path(folder, "chunk.rds")
  file.symlink("/dev/full", file.path(folder, paste0("part-", Sys.getpid(), "-chunk.rds")))
  expect_error(write_part(list(1), path, NULL), "disk full", class = "causalsynth_error_file")
  expect_false(file.exists(path))
})

test_that("fingerprints are of meaning, not of byte code or environments", {
  limit <- 3
  f <- function(x) x + limit
  first <- fingerprint(f)
  for (i in 1:5) f(i)
  expect_identical(fingerprint(f), first)
  limit <- 4
  expect_false(identical(fingerprint(f), first))
  expect_false(identical(fingerprint(function(x) x), fingerprint(function(x) x + 1)))
  expect_identical(fingerprint(y ~ a | w), local(fingerprint(y ~ a | w)))
  expect_false(identical(fingerprint(data.frame(a = 1:2)), fingerprint(data.frame(a = c(1L, 3L)))))
  again <- function(n) if (n > 0) again(n - 1)
  expect_type(fingerprint(again), "character")
})

test_that("killed at any moment, a study ends with the same table", {
  skip_on_cran()
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  script <- withr::local_tempfile(fileext = ".R")
  writeLines(c(
    sprintf(".libPaths(%s)", deparse1(.libPaths())), "library(causalsynth)",
    "args <- commandArgs(TRUE)",
    "slow <- function(data) { Sys.sleep(.02); mean(data$Y) }",
    "found <- study(dgp_paper(), list('iptw', slow = slow), n = 50, reps = 60, seed = 1, chunk = 2,",
    "  threads = as.numeric(args[2]), checkpoint = args[1], learner_treatment = learn_glm(),",
    "  learner_outcome = learn_glm())",
    "saveRDS(found, file.path(args[1], 'result'))"
  ), script)
  whole <- {
    slow <- function(data) {
      Sys.sleep(.02)
      mean(data$Y)
    }
    small_study(list("iptw", slow = slow), sources = dgp_paper(), n = 50, reps = 60)
  }
  run <- function(wait) {
    command <- c(shQuote(script), shQuote(folder), "1")
    if (wait) return(system2(file.path(R.home("bin"), "Rscript"), command, stdout = FALSE, stderr = FALSE))
    shell <- paste(shQuote(file.path(R.home("bin"), "Rscript")), paste(command, collapse = " "),
                   ">/dev/null 2>&1 & echo $!")
    as.integer(system(shell, intern = TRUE))
  }
  chunks <- function() length(list.files(folder, "^chunk"))
  pid <- run(FALSE)
  limit <- Sys.time() + 20
  while (chunks() < 3 && Sys.time() < limit) Sys.sleep(.01)
  tools::pskill(pid, tools::SIGKILL)
  Sys.sleep(.1)
  kept <- chunks()
  expect_gte(kept, 3)
  expect_lt(kept, 30)
  expect_false(file.exists(file.path(folder, "result")))
  expect_identical(run(TRUE), 0L)
  result <- readRDS(file.path(folder, "result"))
  expect_identical(result$results, whole$results)
})
