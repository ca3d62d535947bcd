test_that("rand_forest() fits and predicts with the engine", {
  skip_if_not_installed("parsnip")
  ask <- function(mode) {
    spec <- parsnip::rand_forest(mode = mode, mtry = 2, trees = 20, min_n = 4)
    parsnip::set_engine(spec, "causalsynth", seed = 1)
  }
  classes <- generics::fit(ask("classification"), Species ~ ., data = iris)
  expect_s3_class(classes$fit, "causalsynth_forest")
  expect_identical(classes$fit[c("min_node_size", "n")], list(min_node_size = 4L, n = 150L))
  expect_identical(classes$fit$options[c("trees", "mtry")], list(trees = 20, mtry = 2))
  own <- forest(iris[-5], iris$Species, mtry = 2, trees = 20, min_node_size = 4, seed = 1)
  expect_identical(predict(classes, iris)$.pred_class, predict(own, iris))
  prob <- predict(classes, iris, type = "prob")
  expect_named(prob, paste0(".pred_", levels(iris$Species)))
  expect_equal(unname(as.matrix(prob)), unname(predict(own, iris, type = "prob")))

  number <- generics::fit_xy(ask("regression"), x = iris[2:5], y = iris$Sepal.Length)
  own <- forest(iris[2:5], iris$Sepal.Length, mtry = 2, trees = 20, min_node_size = 4, seed = 1)
  expect_identical(predict(number, iris)$.pred, predict(own, iris))
  expect_error(predict(number, iris, type = "prob"))
})

test_that("case weights are the forest's", {
  skip_if_not_installed("parsnip")
  skip_if_not_installed("hardhat")
  weights <- 1 + (1:32) %% 3
  spec <- parsnip::set_engine(parsnip::rand_forest("regression", trees = 10), "causalsynth", seed = 1)
  fit <- generics::fit(spec, mpg ~ wt + hp, data = mtcars, case_weights = hardhat::importance_weights(weights))
  own <- forest(mtcars[c("wt", "hp")], mtcars$mpg, trees = 10, weights = weights, seed = 1)
  expect_identical(predict(fit, mtcars)$.pred, predict(own, mtcars))
})

test_that("the engine is there in either order of loading, once", {
  skip_if_not_installed("parsnip")
  expect_no_error(add_parsnip_engine())
  engines <- parsnip::show_engines("rand_forest")
  expect_identical(engines$mode[engines$engine == "causalsynth"], c("classification", "regression"))
  count <- function(first, second) {
    code <- sprintf("invisible(loadNamespace('%s')); invisible(loadNamespace('%s'))
      cat(sum(parsnip::show_engines('rand_forest')$engine == 'causalsynth'))", first, second)
    file <- withr::local_tempfile(lines = code, fileext = ".R")
    system2(file.path(R.home("bin"), "Rscript"), shQuote(file), stdout = TRUE, stderr = FALSE)
  }
  expect_identical(count("parsnip", "causalsynth"), "2")
  expect_identical(count("causalsynth", "parsnip"), "2")
})
