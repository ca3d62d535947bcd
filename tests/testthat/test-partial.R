partial_study <- function() {
  d <- transform(mtcars, gear = factor(gear), big = hp > 120, day = as.Date("2024-01-01") + seq_len(32))
  d$text <- c("u", "v")[1 + d$am]
  d[c("mpg", "wt", "gear", "big", "day", "text", "cyl")]
}

# The definition, one prediction at a time.
by_hand <- function(fit, data, name, values, weights = rep(1, nrow(data)), class = NULL) {
  vapply(seq_along(values), function(k) {
    data[[name]] <- rep(values[k], nrow(data))
    p <- if (is.null(class)) predict(fit, data) else predict(fit, data, type = "prob")[, class]
    sum(p * weights) / sum(weights)
  }, 1)
}

test_that("the estimate is the mean prediction with the column set", {
  study <- partial_study()
  fit <- forest(mpg ~ ., study, trees = 30, seed = 1)
  for (name in c("wt", "gear", "big", "day", "text", "cyl")) {
    partial <- partial_dependence(fit, study, name, grid = 7)
    expect_identical(names(partial), c(name, "estimate"))
    expect_equal(partial$estimate, by_hand(fit, study, name, partial[[name]]), tolerance = 1e-12)
    expect_identical(class(partial[[name]]), class(study[[name]]))
    expect_identical(partial_dependence(fit, study, name, grid = 7, threads = 1), partial)
  }
  weights <- 1 + (1:32) %% 3
  partial <- partial_dependence(fit, study, "wt", weights = weights)
  expect_equal(partial$estimate, by_hand(fit, study, "wt", partial$wt, weights), tolerance = 1e-12)
  expect_match(format(partial), "weighted", all = FALSE)
})

test_that("grids: quantiles that are values, each once; levels that are there; no missing value", {
  expect_identical(grid_points(c(5L, 1L, 3L, NA), 20), c(1L, 3L, 5L))
  expect_identical(grid_points(c(1:100, NA), 5), c(1L, 25L, 50L, 75L, 100L))
  expect_identical(grid_points(rep(c(0, 7, 9), c(90, 5, 5)), 2), c(0, 9))
  expect_identical(grid_points(c(rep(0, 50), 1:50), 5), c(0, 25, 50))
  expect_identical(as.character(grid_points(factor(c("b", NA, "a"), levels = c("c", "b", "a")), 2)), c("b", "a"))
  expect_identical(grid_points(c("v", "u", "w", "v"), 2), c("u", "v", "w"))
  expect_identical(grid_points(c(TRUE, FALSE, NA), 20), c(FALSE, TRUE))
  expect_identical(grid_points(as.Date("2024-01-01") + 0:1, 20), as.Date("2024-01-01") + 0:1)
})

test_that("two columns: all pairs of points", {
  study <- partial_study()
  fit <- forest(mpg ~ wt + gear + cyl, study, trees = 20, seed = 1)
  partial <- partial_dependence(fit, study, c("wt", "gear"), grid = 4)
  expect_identical(nrow(partial), 12L)
  expect_identical(names(partial), c("wt", "gear", "estimate"))
  at_four <- transform(study, gear = factor("4", levels = levels(gear)))
  here <- partial[partial$gear == "4", ]
  expect_equal(here$estimate, by_hand(fit, at_four, "wt", here$wt), tolerance = 1e-12)
})

test_that("classes", {
  several <- forest(Species ~ ., iris, trees = 20, seed = 1)
  partial <- partial_dependence(several, iris, "Petal.Width", grid = 5)
  expect_identical(levels(partial$class), levels(iris$Species))
  for (class in levels(iris$Species)) {
    part <- partial[partial$class == class, ]
    expect_equal(part$estimate, by_hand(several, iris, "Petal.Width", part$Petal.Width, class = class),
                 tolerance = 1e-12)
  }
  one <- partial_dependence(several, iris, "Petal.Width", grid = 5, class = "virginica")
  expect_identical(one$estimate, partial$estimate[partial$class == "virginica"])
  two <- forest(factor(am) ~ wt + hp, mtcars, trees = 20, seed = 1)
  second <- partial_dependence(two, mtcars, "wt", grid = 5)
  expect_identical(unique(as.character(second$class)), "1")
  first <- partial_dependence(two, mtcars, "wt", grid = 5, class = "0")
  expect_equal(first$estimate, 1 - second$estimate, tolerance = 1e-12)
})

test_that("the rows' curves have the partial dependence as their mean", {
  several <- forest(Species ~ ., iris, trees = 20, seed = 1)
  partial <- partial_dependence(several, iris, "Petal.Width", grid = 5, ice = TRUE)
  curves <- tidy(partial, ice = TRUE)
  expect_table(curves, 150 * nrow(partial), c("row", "Petal.Width", "class", "estimate"))
  means <- tapply(curves$estimate, list(curves$Petal.Width, curves$class), mean)
  expect_equal(as.vector(means), partial$estimate, tolerance = 1e-12)
  own <- curves[curves$row == 7 & curves$class == "setosa", ]
  expect_equal(own$estimate, predict(several, transform(iris[rep(7, nrow(own)), ], Petal.Width = own$Petal.Width),
                                     type = "prob")[, "setosa"], tolerance = 1e-12, ignore_attr = TRUE)
  expect_error(tidy(partial_dependence(several, iris, "Petal.Width"), ice = TRUE), class = "causalsynth_error_input")
})

test_that("terms of a formula: the variable inside them varies", {
  fit <- forest(mpg ~ log(wt) + hp, mtcars, trees = 20, seed = 1)
  partial <- partial_dependence(fit, mtcars, "wt", grid = 5)
  expect_equal(partial$estimate, by_hand(fit, mtcars, "wt", partial$wt), tolerance = 1e-12)
})

test_that("matrices and sparse matrices", {
  x <- as.matrix(mtcars[c("wt", "hp", "vs", "am")])
  fit <- forest(x, mtcars$mpg, trees = 20, seed = 1)
  partial <- partial_dependence(fit, x, c("wt", "vs"), grid = 5)
  skip_if_not_installed("Matrix")
  expect_equal(partial_dependence(fit, Matrix::Matrix(x, sparse = TRUE), c("wt", "vs"), grid = 5), partial)
})

test_that("blocks of few points give the numbers of one block", {
  rows <- mtcars[rep(1:32, 20000), c("wt", "hp", "cyl", "am")]
  fit <- forest(mtcars[names(rows)], mtcars$mpg, trees = 2, seed = 1)
  expect_equal(partial_dependence(fit, rows, "wt", grid = 4)$estimate,
               partial_dependence(fit, mtcars, "wt", grid = 4)$estimate, tolerance = 1e-10)
})

test_that("prints, tables and pictures", {
  study <- partial_study()
  fit <- forest(mpg ~ wt + gear + big + day + text, study, trees = 20, seed = 1)
  several <- forest(Species ~ ., iris, trees = 20, seed = 1)
  ask <- function(...) partial_dependence(fit, study, ..., grid = 5)
  made <- list(
    ask("wt"), ask("wt", ice = TRUE), ask("gear", ice = TRUE), ask("text"), ask("day"), ask(c("wt", "gear")),
    ask(c("big", "wt")), ask(c("gear", "big")), ask(c("wt", "day")),
    partial_dependence(several, iris, "Petal.Width", ice = TRUE), partial_dependence(several, iris, "Petal.Width"),
    partial_dependence(several, iris, c("Petal.Width", "Petal.Length"), grid = 4)
  )
  for (partial in made) {
    expect_speaks(partial)
    expect_table(tidy(partial), nrow(partial), names(partial))
    expect_identical(partial[1:2, ], tidy(partial)[1:2, ])
    expect_identical(class(as.data.frame(partial)), "data.frame")
    expect_draws(autoplot(partial))
  }
  expect_draws(autoplot(made[[2]], centre = TRUE, rows = 10))
  expect_draws(autoplot(made[[11]], centre = TRUE))
  built <- ggplot2::ggplot_build(autoplot(made[[2]], rows = 10))
  expect_identical(length(unique(built$data[[1]]$group)), 10L)
  expect_true(all(centred(tidy(made[[2]], ice = TRUE), "row")$estimate[1:32] == 0))
  ranges <- summary(made[[1]])$ranges
  expect_identical(c(ranges$least, ranges$greatest), range(made[[1]]$estimate))
  expect_error(autoplot(made[[6]], centre = TRUE), class = "causalsynth_error_input")
  expect_error(autoplot(made[[1]], center = TRUE), class = "causalsynth_error_input")
  withr::local_pdf(NULL)
  expect_identical(plot(made[[1]]), made[[1]])
})

test_that("bad input is named", {
  fit <- forest(mpg ~ wt + hp, mtcars, trees = 5, seed = 1)
  classes <- forest(Species ~ ., iris, trees = 5, seed = 1)
  odd <- forest(data.frame(row = 1:9, x = 9:1), 1:9, trees = 2, seed = 1)
  expect_snapshot(error = TRUE, {
    partial_dependence(lm(mpg ~ wt, mtcars), mtcars, "wt")
    partial_dependence(fit)
    partial_dependence(fit, mtcars)
    partial_dependence(fit, mtcars, "weight")
    partial_dependence(fit, mtcars, "qsec")
    partial_dependence(fit, mtcars, c("wt", "hp", "wt"))
    partial_dependence(fit, mtcars["wt"], "wt")
    partial_dependence(fit, mtcars[0, ], "wt")
    partial_dependence(fit, transform(mtcars, wt = NA), "wt")
    partial_dependence(fit, mtcars, "wt", grid = 1)
    partial_dependence(fit, mtcars, c("wt", "hp"), ice = TRUE)
    partial_dependence(fit, mtcars, "wt", class = "1")
    partial_dependence(classes, iris, "Petal.Width", class = "rose")
    partial_dependence(fit, mtcars, "wt", weights = 1:3)
    partial_dependence(fit, mtcars, "wt", weights = rep(0, 32))
    partial_dependence(odd, data.frame(row = 1:9, x = 9:1), "row")
  })
})
