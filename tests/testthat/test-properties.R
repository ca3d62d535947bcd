# A short slice of the property suite: tools/properties.R runs it over many seeds in child processes.
suite <- local({
  env <- new.env(parent = globalenv())
  folder <- test_path("..", "properties")
  if (dir.exists(folder)) {
    for (file in c("frames.R", "steps.R", "properties.R", "effects.R", "quality.R")) {
      sys.source(file.path(folder, file), env)
    }
  }
  env
})

test_that("every export has a property, or a reason why not", {
  exported <- getNamespaceExports("causalsynth")
  expect_setequal(exported, union(names(suite$all_properties), names(suite$not_covered)))
  expect_true(all(nzchar(suite$not_covered)))
})

test_that("the harness sees what it is there for", {
  run <- function(code) suite$run_case(1, list(own = suite$property(code)), "own")$findings$what
  expect_match(run(function() suite$guarded(stop("plain"))), "error of class simpleError: plain")
  expect_match(run(function() suite$guarded(warning("plain"))), "warning: plain")
  expect_match(run(function() suite$inspect(list(a = list(b = NaN)), list(), FALSE)), "NaN in value\\$a\\$b")
  expect_null(run(function() suite$inspect(list(a = NaN), list(NaN), FALSE)))
  expect_match(run(function() suite$claim(FALSE, "it")), "not so: it")
  expect_null(run(function() suite$step("dgp_paper", "weak")))
  expect_null(run(function() suite$step("dgp_paper", "none such")))
})

test_that("random cases through the exports leave no finding", {
  withr::local_options(causalsynth.progress = FALSE)
  withr::local_preserve_seed()
  until <- proc.time()[[3]] + 12
  done <- 0
  for (seed in 1:150) {
    if (proc.time()[[3]] > until) break
    found <- suite$run_case(seed, suite$all_properties)$findings
    expect_true(is.null(found), label = paste("seed", seed, paste(found$fun, found$what, collapse = "; ")))
    done <- done + 1
  }
  expect_gt(done, 0)
})

test_that("what random cases have found stays mended", {
  study <- data.frame(x = c(1e300, -1e300, 5e299), z = 1:3)
  for (spec in list(gen_forest(trees = 2), gen_copula())) {
    expect_error(fit_generator(spec, study, seed = 1), "larger than 1e\\+100", class = "causalsynth_error_data")
  }
  expect_error(forest(study["z"], study$x), "larger than 1e\\+100", class = "causalsynth_error_data")
  # One row is in every bag.
  expect_error(forest(data.frame(x = 1), 2, trees = 3, min_node_size = c(1, 2), seed = 1), class = "causalsynth_error")
  gone <- dcr(data.frame(x = c(NA_real_, NA)), data.frame(x = c(1, 2)))
  expect_identical(c(gone$mean, gone$nndr_mean), c(NA_real_, NA_real_))
  expect_error(tstr(data.frame(A = 0:1, Y = 0:1), data.frame(A = 0:1, Y = 0:1), Y ~ A | .), "no covariate",
               class = "causalsynth_error_data")
  lists <- data.frame(x = 1:4)
  lists$l <- as.list(1:4)
  lists$l[[1]] <- 1:2
  expect_error(association_difference(lists, lists), class = "causalsynth_error_data")
  expect_error(match_nearest(data.frame(x = c(0, 1e-300)), data.frame(x = 1e50)), "too far",
               class = "causalsynth_error_data")
  expect_error(learn_stack(function(x) x), class = "causalsynth_error_input")
})
