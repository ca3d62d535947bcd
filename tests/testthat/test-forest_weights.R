expect_kernel <- function(fit, data, newdata, y) {
  last <- function(values) if (is.matrix(values)) unname(values[, ncol(values)]) else values
  type <- if (is.null(fit$classes)) "response" else "prob"
  fresh <- forest_weights(fit, data, newdata)
  own <- forest_weights(fit, data)
  expect_identical(dim(fresh), c(nrow(newdata), nrow(data)))
  expect_identical(dim(own), rep(nrow(data), 2))
  expect_equal(as.numeric(as.matrix(fresh) %*% y), last(predict(fit, newdata, type = type)), tolerance = 1e-12)
  expect_equal(as.numeric(as.matrix(own) %*% y), last(predict(fit, type = type)), tolerance = 1e-12)
  expect_equal(unname(rowSums(as.matrix(own))), rep(1, nrow(data)), tolerance = 1e-12)
  expect_true(all(diag(as.matrix(own)) == 0))
}

test_that("weights of training rows give the predictions", {
  study <- generate(dgp_paper(), 200, seed = 1)
  fresh <- generate(dgp_paper(), 50, seed = 2)
  fits <- list(
    forest(Y ~ ., study, trees = 60, seed = 1),
    forest(Y ~ ., study, trees = 2, seed = 1),
    forest(Y ~ ., study, trees = 30, min_node_size = c(2, 30), seed = 1),
    forest(Y ~ ., study, trees = 30, honest = TRUE, replace = FALSE, sample_fraction = .5, seed = 1),
    forest(Y ~ ., study, trees = 5, weights = 1 + study$W1, seed = 1),
    forest(factor(Y) ~ ., study, trees = 30, seed = 1),
    forest(Y ~ ., study, trees = 30, split_rule = "extratrees", seed = 1)
  )
  expect_gt(fits[[2]]$extra_trees, 0)
  for (fit in fits) expect_kernel(fit, study, fresh, study$Y)
  expect_kernel(forest(mpg ~ ., mtcars, trees = 30, seed = 1), mtcars, mtcars[1:3, ], mtcars$mpg)
  expect_kernel(forest(Species ~ ., iris, trees = 30, seed = 1), iris, iris[c(1, 100, 150), ],
                as.numeric(iris$Species == "virginica"))
  groups <- rep(1:20, 10)
  clustered <- forest(Y ~ ., study, trees = 30, clusters = groups, seed = 1)
  expect_kernel(clustered, study, fresh, study$Y)
  own <- as.matrix(forest_weights(clustered, study))
  expect_true(all(own[outer(groups, groups, "==")] == 0))
})

test_that("weights by their definition, tree by tree", {
  fit <- forest(mpg ~ wt + hp, mtcars, trees = 7, seed = 1)
  counts <- forest_bags(fit$model, run_control(1))
  leaves <- predict(fit, mtcars, type = "leaf")
  direct <- Reduce(`+`, lapply(1:7, function(t) {
    same <- outer(leaves[, t], leaves[, t], "==") * rep(counts[, t], each = 32)
    same / rowSums(same)
  })) / 7
  expect_equal(unname(as.matrix(forest_weights(fit, mtcars, mtcars))), direct, tolerance = 1e-12)
})

test_that("weights are sparse where Matrix is there, and do not depend on threads", {
  study <- generate(dgp_paper(), 150, seed = 1)
  fit <- forest(Y ~ ., study, trees = 20, seed = 1)
  sparse <- forest_weights(fit, study, threads = 1)
  for (threads in 2:3) expect_identical(forest_weights(fit, study, threads = threads), sparse)
  raw <- list(starts = c(0L, 1L, 1L, 3L), rows = c(1L, 0L, 1L), values = c(.2, 1, .8))
  plain <- weights_matrix(raw, list(c("a", "b"), NULL), 2:3, sparse = FALSE)
  expect_identical(plain, rbind(a = c(0, 0, 1), b = c(.2, 0, .8)))
  skip_if_not_installed("Matrix")
  expect_s4_class(sparse, "dgCMatrix")
  expect_silent(methods::validObject(sparse))
  expect_identical(as.matrix(weights_matrix(raw, list(c("a", "b"), NULL), 2:3)), plain)
})

test_that("no rows are fine, rows of another study and sizes beyond memory are not", {
  study <- generate(dgp_paper(), 100, seed = 1)
  fit <- forest(Y ~ ., study, trees = 20, seed = 1)
  expect_identical(dim(forest_weights(fit, study, study[0, ])), c(0L, 100L))
  expect_identical(rownames(as.matrix(forest_weights(forest(mpg ~ wt, mtcars, trees = 20, seed = 1), mtcars))),
                   rownames(mtcars))
  expect_error(forest_weights(fit, study[100:1, ]), "not the rows of the fit", class = "causalsynth_error_data")
  expect_error(forest_weights(fit, study, memory = 3e-5), class = "causalsynth_error_input")
  expect_snapshot(error = TRUE, {
    forest_weights(fit, study[1:50, ])
    forest_weights(fit, study[-1])
    forest_weights(fit, study[100:1, ], study[1:5, ])
    forest_weights(fit, study, memory = 1e-6)
    forest_weights(study, study)
    forest_weights(forest(Y ~ ., study, trees = 2, replace = FALSE, seed = 1), study)
  })
  expect_error(most_weights(fit, 100, 5e-5, sparse = FALSE), "Install package", class = "causalsynth_error_input")
  expect_gt(most_weights(fit, 100, 5e-4, sparse = FALSE), 1e4)
})

test_that("a file of a weighted forest holds nothing of its rows, and predicts the same", {
  d <- data.frame(x = sin(1:90), z = cos(3 * (1:90)))
  d$y <- d$x + d$z^2
  file <- withr::local_tempfile()
  for (more in list(list(weights = rep(1:3, 30)), list(clusters = rep(1:30, 3)))) {
    grown <- do.call(forest, c(list(y ~ x + z, d, trees = 20, seed = 1), more))
    write_model(grown, file, keep_rows = FALSE, overwrite = TRUE)
    back <- read_model(file)
    expect_identical(predict(back, d), predict(grown, d))
    expect_null(back$oob)
    expect_false(is.numeric(back$weights))
    expect_output(print(back), "forest")
  }
})
