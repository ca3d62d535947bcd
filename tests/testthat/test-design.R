test_that("the matrix is model.matrix's, new rows encode alike", {
  data <- transform(mtcars, cyl = factor(cyl), gear = as.character(gear))
  terms <- terms(~ splines::ns(wt, 3) + I(hp^2) * cyl + gear + qsec:drat)
  built <- fit_design(terms, data)
  plain <- model.matrix(terms, data)
  expect_equal(built$x, plain, ignore_attr = TRUE)
  expect_identical(colnames(built$x), colnames(plain))
  expect_equal(design_matrix(built$design, data[5, ])[1, ], built$x[5, ])
  expect_equal(design_matrix(built$design, transform(data[5, ], cyl = as.character(cyl)))[1, ], built$x[5, ])
})

test_that("plain terms take the short way to the same matrix", {
  i <- 1:40
  data <- data.frame(x = sin(i), n = i, g = factor(c("b", "a", "c")[1 + i %% 3], c("c", "a", "b", "unused")),
                     `odd name` = cos(i), `odd group` = factor(i %% 2), check.names = FALSE)
  terms <- all_columns_terms(data)
  built <- fit_design(terms, data)
  expect_true(built$design$plain)
  plain <- model.matrix(terms, data)
  expect_identical(built$x, structure(plain, dimnames = list(NULL, colnames(plain)), assign = NULL, contrasts = NULL))
  expect_identical(design_matrix(built$design, data[7, ]), built$x[7, , drop = FALSE])
  # Other terms and codings do not.
  long <- list(terms(~ x:n), terms(~ 0 + x), terms(~ log(n)), terms(~ day))
  data$day <- as.Date("2020-01-01") + i
  for (side in long) expect_false(fit_design(side, data)$design$plain)
  withr::local_options(contrasts = c("contr.sum", "contr.poly"))
  expect_equal(fit_design(terms(~ x + g), data)$x, model.matrix(~ x + g, data), ignore_attr = TRUE)
})

test_that("gaps are filled with what was seen at fit", {
  data <- data.frame(x = c(1, 2, NA, 9), g = factor(c("u", "v", "v", NA)), l = c(TRUE, NA, FALSE, FALSE))
  built <- fit_design(terms(~ x + g + l), data)
  expect_identical(built$design$n_missing, c(x = 1, g = 1, l = 1))
  expect_identical(colnames(built$x), c("(Intercept)", "x", "gv", "lTRUE", "x:missing", "g:missing", "l:missing"))
  expect_equal(unname(built$x[3, ]), c(1, 4, 1, 0, 1, 0, 0))
  expect_equal(unname(built$x[4, ]), c(1, 9, 1, 0, 0, 1, 0))
  # A gap in a column that had none at fit is filled too, without an indicator.
  whole <- fit_design(terms(~x), data.frame(x = c(1, 3)))
  expect_equal(unname(design_matrix(whole$design, data.frame(x = NA_real_))[1, ]), c(1, 2))
})

test_that("columns without a value, a level or a name that R likes", {
  data <- data.frame(`a b` = 1:4, none = NA_real_, one = factor("k"), check.names = FALSE)
  built <- fit_design(all_columns_terms(data), data)
  expect_identical(colnames(built$x), c("(Intercept)", "`a b`", "none", "one", "none:missing"))
  expect_equal(unname(built$x[, "none"]), rep(0, 4))
  expect_equal(unname(built$x[, "one"]), rep(0, 4))
  expect_identical(ncol(fit_design(terms(~1), data)$x), 1L)
})
