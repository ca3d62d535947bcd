# Python with the stand-ins of be_great and ctgan in reach; pandas too, where it is not there.
start_python <- function() {
  skip_on_cran()
  skip_if_not_installed("reticulate")
  if (Sys.getenv("RETICULATE_PYTHON") == "" && nzchar(Sys.which("python3"))) {
    Sys.setenv(RETICULATE_PYTHON = unname(Sys.which("python3")))
  }
  found <- tryCatch(suppressWarnings(reticulate::py_available(initialize = TRUE)), error = function(e) FALSE)
  skip_if_not(isTRUE(found), "no Python")
}

local_python <- function() {
  start_python()
  folder <- test_path("python")
  path <- reticulate::import("sys", convert = FALSE)$path
  path$insert(0L, normalizePath(folder))
  if (!reticulate::py_module_available("pandas")) path$append(normalizePath(file.path(folder, "pandas_standin")))
}

test_that("specs are checked and speak", {
  expect_snapshot({
    gen_python("ctgan", args = list(epochs = 5L))
    gen_python("great", pool = 100)
  })
  expect_speaks(gen_python())
  expect_snapshot(error = TRUE, {
    gen_python("gan")
    gen_python("ctgan", args = list(3))
    gen_python("ctgan", pool = 0)
    gen_python("ctgan", epoch = 3)
    fit_hybrid(am ~ vs | ., mtcars, gen_python("great"))
  })
})

test_that("what is absent is named", {
  start_python()
  skip_if(reticulate::py_module_available("ctgan"), "ctgan is installed")
  expect_error(fit_generator(gen_python("ctgan"), mtcars), "cannot be imported", class = "causalsynth_error_input")
})

test_that("the generators' contract holds for the stand-ins", {
  local_python()
  test_generator_contract(function(data) gen_python("ctgan"), saved = FALSE, weighted = FALSE, point = FALSE)
})

test_that("rows are cleaned and counted, models speak and cannot be written", {
  local_python()
  data <- chat_table()
  for (model in c("great", "ctgan", "tvae")) {
    fit <- fit_generator(gen_python(model), data, seed = 1)
    rows <- generate(fit, 40, seed = 2)
    expect_same_types(rows, data)
    expect_identical(generate(fit, 40, seed = 2), rows)
    expect_true(all(do.call(paste, lapply(rows, as.character)) %in% do.call(paste, lapply(data, as.character))))
    expect_speaks(fit)
    expect_error(write_model(fit, withr::local_tempfile()), "lives in Python", class = "causalsynth_error_input")
  }
  spec <- gen_python("great", args = list(spoil = 5L), pool = 50)
  fit <- fit_generator(spec, data, seed = 1)
  expect_identical(nrow(fit$rows), 50L)
  expect_gt(sum(fit$tally$dropped), 0)
  expect_output(print(fit), "A pool of 50 rows")
  file <- withr::local_tempfile()
  write_model(fit, file)
  expect_identical(generate(read_model(file), 20, seed = 1), generate(fit, 20, seed = 1))
  error <- expect_error(fit_generator(gen_python("great", args = list(spoil = 1000L), pool = 50, tries = 2), data),
                        "0 of the 50", class = "causalsynth_error_fit")
  expect_identical(error$tally$requests, 2L)
  expect_error(fit_generator(gen_python("great", args = list(wrong = 1)), data), "wrong",
               class = "causalsynth_error_fit")
  expect_error(fit_generator(gen_python("ctgan"), data, weights = rep(1, 60)), class = "causalsynth_error_input")
})

test_that("hybrids take them", {
  local_python()
  study <- generate(dgp_paper(), 150, seed = 1)
  hybrid <- fit_hybrid(Y ~ A | ., study, gen_python("great", pool = 200), seed = 1, targeted = FALSE,
                       learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_identical(hybrid$law$n, 200L)
})
