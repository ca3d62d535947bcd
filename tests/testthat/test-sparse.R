# 300 rows: pattern, few values, many values, all stored, none stored, and one with missing cells.
sparse_study <- function(n = 300) {
  i <- seq_len(n)
  spread <- function(share, value) ifelse((i * 7919) %% 1000 < 1000 * share, value, 0)
  x <- cbind(
    pattern = spread(.2, 1), few = spread(.4, 1 + i %% 3), many = spread(.6, sin(i)), full = cos(3 * i), none = 0,
    gaps = spread(.3, ifelse(i %% 5 == 0, NA, i / n))
  )
  y <- x[, "pattern"] + x[, "many"] + sin(11 * i) / 2
  list(x = x, sparse = Matrix::Matrix(x, sparse = TRUE), frame = as.data.frame(x), y = y)
}

test_that("a sparse matrix gives the forest of the data frame, bit for bit", {
  skip_if_not_installed("Matrix")
  study <- sparse_study()
  outcomes <- list(study$y, study$y > .4, cut(study$y, c(-Inf, 0, .8, Inf)))
  for (y in outcomes) {
    dense <- forest(study$frame, y, trees = 20, seed = 1)
    sparse <- forest(study$sparse, y, trees = 20, seed = 1, threads = 1)
    expect_identical(sparse, dense)
    expect_identical(predict(sparse, study$sparse), predict(dense, study$frame))
    shuffled <- study$sparse[300:1, 6:1]
    expect_identical(predict(dense, shuffled), predict(dense, study$frame[300:1, ]))
    expect_identical(predict(dense, shuffled, type = "leaf"), predict(dense, study$frame[300:1, ], type = "leaf"))
    changed <- study$sparse
    changed[, "many"] <- rev(study$x[, "many"])
    expect_identical(forest_predict_oob(dense, changed),
                     forest_predict_oob(dense, transform(study$frame, many = rev(many))))
  }
  expect_length(predict(sparse, study$sparse[0, ]), 0)
})

test_that("so do random cuts, honest trees and weights", {
  skip_if_not_installed("Matrix")
  study <- sparse_study()
  same <- function(...) {
    expect_identical(forest(study$sparse, study$y, trees = 10, seed = 1, ...),
                     forest(study$frame, study$y, trees = 10, seed = 1, ...))
  }
  same(split_rule = "extratrees")
  same(honest = TRUE)
  same(weights = 1 + 1:300 %% 4, min_node_size = c(2, 20))
})

test_that("many rows: more distinct values than bins", {
  skip_if_not_installed("Matrix")
  study <- sparse_study(4000)
  expect_identical(forest(study$sparse, study$y, trees = 3, seed = 1),
                   forest(study$frame, study$y, trees = 3, seed = 1))
})

test_that("other classes of Matrix and columns without names", {
  skip_if_not_installed("Matrix")
  study <- sparse_study()
  expected <- forest(unname(study$x), study$y, trees = 5, seed = 1)
  plain <- study$sparse
  colnames(plain) <- NULL
  for (class in c("TsparseMatrix", "RsparseMatrix")) {
    other <- methods::as(plain, class)
    expect_identical(forest(other, study$y, trees = 5, seed = 1), expected)
    expect_identical(predict(expected, other), predict(expected, unname(study$x)))
  }
  square <- crossprod(matrix(sin(1:24) > .7, 6))
  fit <- forest(square, 1:4, trees = 5, seed = 1)
  expect_identical(forest(Matrix::forceSymmetric(Matrix::Matrix(square, sparse = TRUE)), 1:4, trees = 5, seed = 1), fit)
  pattern <- Matrix::sparseMatrix(i = c(1, 3, 4), j = c(1, 2, 1), dims = c(6, 2))
  expect_s4_class(pattern, "ngCMatrix")
  expect_identical(forest(pattern, 1:6, trees = 5, seed = 1), forest(as.matrix(pattern) + 0, 1:6, trees = 5, seed = 1))
  expect_identical(forest(Matrix::Diagonal(5), 1:5, trees = 5, seed = 1), forest(diag(5), 1:5, trees = 5, seed = 1))
})

test_that("a fit from a formula of plain columns takes sparse rows", {
  skip_if_not_installed("Matrix")
  study <- sparse_study()
  fit <- forest(y ~ many + pattern, cbind(study$frame, y = study$y), trees = 5, seed = 1)
  expect_identical(predict(fit, study$sparse), predict(fit, study$frame))
})

test_that("bad input is named", {
  skip_if_not_installed("Matrix")
  study <- sparse_study()
  infinite <- study$sparse
  infinite[c(2, 5), "full"] <- Inf
  twice <- study$sparse
  colnames(twice)[2] <- "pattern"
  by_term <- forest(y ~ log(full + 2), cbind(study$frame, y = study$y), trees = 2, seed = 1)
  by_level <- forest(data.frame(full = gl(2, 150)), study$y, trees = 2, seed = 1)
  dense <- Matrix::Matrix(study$x, sparse = FALSE)
  expect_snapshot(error = TRUE, {
    forest(infinite, study$y)
    forest(twice, study$y)
    forest(study$sparse, study$y[-1])
    forest(study$sparse[, 0], study$y)
    forest(study$sparse)
    forest(dense, study$y)
    forest(as.list(study$frame), study$y)
    predict(by_term, study$sparse)
    predict(by_level, study$sparse)
    fit_generator(gen_forest(), study$sparse)
  })
})

test_that("broken slots and sparse columns elsewhere are refused by the core", {
  skip_if_not_installed("Matrix")
  study <- sparse_study()
  fit <- forest(study$sparse, study$y, trees = 2, seed = 1)
  encoded <- encode_forest_rows(fit, study$sparse)
  run <- run_control(1)
  expect_no_error(forest_predict(fit$model, encoded, 300, FALSE, run))
  breaks <- list(
    list(i = encoded$sparse$i + 300L), list(i = encoded$sparse$i[-1]), list(p = rev(encoded$sparse$p)),
    list(p = encoded$sparse$p[-1]), list(rows = 299), list(x = as.integer(encoded$sparse$x))
  )
  for (broken in breaks) {
    bad <- encoded
    bad$sparse[names(broken)] <- broken
    expect_error(forest_predict(fit$model, bad, 300, FALSE, run))
  }
  settings <- c(gen_forest(trees = 2)$settings, list(key = unclass(rng_key(1))))
  expect_error(sequential_fit(encoded, 300, settings, run), "sparse columns are for forests only")
})
