test_that("the generators' contract holds", {
  test_generator_contract(function(data) gen_forest(trees = 10))
})

test_that("the joint law is kept: moments, associations, spikes, missing values", {
  seed <- generate(dgp_paper(), 1000, seed = 5)
  set.seed(1)
  seed$spike <- ifelse(runif(1000) < plogis(seed$W4), 0, round(exp(seed$W5), 3))
  seed$gap <- ifelse(runif(1000) < plogis(2 * seed$W5 - 1), NA, seed$W4 + rnorm(1000))
  rows <- generate(fit_generator(gen_forest(), seed, seed = 1), 20000, seed = 2)
  whole <- setdiff(names(seed), "gap")
  expect_lt(max(abs(colMeans(rows[whole]) - colMeans(seed[whole])) / sapply(seed[whole], sd)), .08)
  expect_lt(max(abs(cor(rows[whole]) - cor(seed[whole]))), .06)
  expect_lt(abs(mean(rows$spike == 0) - mean(seed$spike == 0)), .03)
  expect_lt(max(abs(log(sapply(rows[whole], sd) / sapply(seed[whole], sd)))), .1)
  # Missing at random: the pattern, and what is seen given W4.
  expect_equal(unname(coef(glm(is.na(gap) ~ W5, binomial, rows))[2]), 2, tolerance = .15)
  expect_equal(unname(coef(lm(gap ~ W4, rows))[2]), 1, tolerance = .1)
})

test_that("effects are those of the seed's own regression, whatever forests add", {
  difference <- sapply(1:4, function(i) {
    seed <- generate(dgp_paper("moderate"), 1000, seed = 40 + i)
    rows <- generate(fit_generator(gen_forest(), seed, seed = i), 50000, seed = i)
    effect <- function(x) coef(estimate_effect(Y ~ A | ., x, learner_treatment = learn_glm(),
                                               learner_outcome = learn_glm(), seed = 1))[["ATE"]]
    effect(rows) - effect(seed)
  })
  expect_lt(sqrt(mean(difference^2)), .015)
})

test_that("a law that regressions cannot follow is left to the forest", {
  set.seed(3)
  x <- runif(1500, -2, 2)
  seed <- data.frame(x = x, y = abs(sin(2 * x)) + rnorm(1500, 0, .05), z = factor(ifelse(abs(x) < 1, "in", "out")))
  fit <- fit_generator(gen_forest(), seed, seed = 1)
  expect_gt(fit$laws$number_forest[2], .8)
  rows <- generate(fit, 4000, seed = 2)
  expect_lt(mean(abs(rows$y - abs(sin(2 * rows$x)))), .12)
  expect_gt(mean((abs(rows$x) < 1) == (rows$z == "in")), .95)
})

test_that("skip patterns and rounding are kept", {
  set.seed(4)
  smokes <- runif(1200) < .3
  seed <- data.frame(
    smokes = factor(ifelse(smokes, "yes", "no")), a_day = ifelse(smokes, rpois(1200, 12) + 1, NA),
    income = ifelse(runif(1200) < .2, 0, round(exp(rnorm(1200, 7)), -1)), year = 1950L + rpois(1200, 25)
  )
  rows <- generate(fit_generator(gen_forest(), seed, seed = 1), 5000, seed = 2)
  expect_lt(mean(is.na(rows$a_day) != (rows$smokes == "no")), .01)
  expect_true(all(rows$income == round(rows$income)))
  expect_true(is.integer(rows$year))
})

test_that("no continuous training value comes back, nor any level of few rows", {
  seed <- generate(dgp_paper(), 300, seed = 5)
  seed$g <- factor(c(rep("one", 150), rep("two", 147), "rare", "rare", "rare"))
  fit <- fit_generator(gen_forest(), seed, seed = 1)
  rows <- generate(fit, 20000, seed = 2)
  for (name in c("W4", "W5", "W6")) {
    expect_length(intersect(rows[[name]], seed[[name]]), 0)
    expect_gt(min(rows[[name]]), min(seed[[name]]))
    expect_lt(max(rows[[name]]), max(seed[[name]]))
  }
  expect_identical(unname(table(rows$g)["rare"]), 0L)
  expect_identical(levels(rows$g), levels(seed$g))
  expect_match(format(fit), "Levels of fewer than 5 rows, never drawn: 1, in g", all = FALSE)
})

# All 8-byte numbers at any offset of raw vectors, and all numbers of the rest of an object.
stored_numbers <- function(x) {
  if (is.raw(x)) {
    return(unlist(lapply(0:7, function(shift) {
      bytes <- x[seq_len(length(x) - shift) + shift]
      readBin(bytes, "double", length(bytes) %/% 8, endian = "little")
    })))
  }
  parts <- if (is.list(x)) unlist(lapply(unclass(x), stored_numbers)) else if (is.numeric(x)) as.numeric(x)
  c(parts, unlist(lapply(attributes(x)[setdiff(names(attributes(x)), c("names", "class"))], stored_numbers)))
}

test_that("a fitted generator holds no value of the seed's continuous columns, and does not grow with rows", {
  make <- function(n) {
    set.seed(n)
    x <- rnorm(n)
    data.frame(x = x, heavy = rt(n, 2), curve = sin(3 * x) + rnorm(n, 0, .1), money = exp(rnorm(n)) * (runif(n) < .7),
               gap = ifelse(runif(n) < .2, NA, runif(n)))
  }
  seed <- make(1000)
  fit <- fit_generator(gen_forest(), seed, seed = 1)
  values <- unlist(seed)
  values <- unique(values[!is.na(values) & values != 0])
  expect_length(intersect(stored_numbers(fit), values), 0)
  # The same search finds a value that is there.
  fit$hidden <- serialize(seed$x[7], NULL, xdr = FALSE)
  expect_length(intersect(stored_numbers(fit), values), 1)
  size <- function(n) object.size(fit_generator(gen_forest(trees = 10, min_node_size = n / 20), make(n), seed = 1))
  expect_lt(size(16000) / size(2000), 1.6)
})

test_that("rows of large weight count for more", {
  set.seed(6)
  seed <- data.frame(x = rnorm(1000), g = factor(sample(c("a", "b"), 1000, TRUE)))
  seed$y <- ifelse(seed$g == "a", 2, -1) * seed$x + rnorm(1000, 0, .3)
  weights <- ifelse(seed$g == "a", 3, 1)
  rows <- generate(fit_generator(gen_forest(), seed, weights = weights, seed = 1), 20000, seed = 2)
  expect_lt(abs(mean(rows$g == "a") - weighted.mean(seed$g == "a", weights)), .02)
  expect_lt(abs(cov(rows$x, rows$y) - cov.wt(seed[c("x", "y")], weights)$cov[1, 2]), .2)
})

test_that("given columns move those before and after them", {
  seed <- generate(dgp_paper("weak"), 1000, seed = 1)
  fit <- fit_generator(gen_forest(), seed, seed = 1)
  free <- generate(fit, 60000, seed = 2)
  close <- function(given, kept) {
    rows <- generate(fit, 3000, seed = 3, given = given)
    expect_lt(max(abs(colMeans(rows) - colMeans(free[kept, ]))), .1)
    rows
  }
  expect_true(all(close(list(Y = 1), free$Y == 1)$Y == 1))
  within <- close(list(W6 = c(1, 2)), free$W6 >= 1 & free$W6 <= 2)$W6
  expect_true(all(within >= 1 & within <= 2))
  expect_true(all(close(list(A = 1, W6 = 1.5), free$A == 1 & abs(free$W6 - 1.5) < .2)$W6 == 1.5))
  expect_identical(generate(fit, 200, seed = 3, given = list(Y = 1), threads = 1),
                   generate(fit, 200, seed = 3, given = list(Y = 1), threads = 3))
  expect_error(generate(fit, 5, seed = 1, given = list(W6 = c(100, 200))), class = "causalsynth_error_input")
})

test_that("the chain's order is the user's to choose; columns come back as they were", {
  seed <- generate(dgp_paper(), 300, seed = 5)
  spec <- gen_forest(trees = 5, order = rev(names(seed)))
  fit <- fit_generator(spec, seed, seed = 1)
  expect_identical(fit$laws$column, rev(names(seed)))
  expect_identical(names(generate(fit, 3, seed = 1)), names(seed))
  fit <- fit_generator(gen_forest(trees = 5, order = "association"), seed, seed = 1)
  expect_setequal(fit$laws$column, names(seed))
  expect_true(all(generate(fit, 50, seed = 1)$A %in% 0:1))
})

test_that("tibble and data.table keep their class", {
  skip_if_not_installed("tibble")
  seed <- tibble::as_tibble(generate(dgp_paper(), 50, seed = 1))
  rows <- generate(fit_generator(gen_forest(trees = 5), seed, seed = 1), 5, seed = 1)
  expect_identical(class(rows), class(seed))
})

test_that("bad specs are named", {
  expect_snapshot(error = TRUE, {
    gen_forest(trees = 0)
    gen_forest(order = 1)
    gen_forest(min_count = 0)
    fit_generator(gen_forest(order = c("mpg", "am")), mtcars)
    fit_generator("forest", mtcars)
    fit_generator(gen_forest(), mtcars[0, ])
    fit_generator(gen_forest(), setNames(mtcars[1:2], c("a", "a")))
    fit_generator(gen_forest(), mtcars, sed = 1)
  })
})

test_that("identifiers are refused, many levels are not", {
  rows <- data.frame(x = rnorm(200), id = paste0("p", 1:200))
  expect_error(fit_generator(gen_forest(), rows), "identifiers", class = "causalsynth_error_data")
})

test_that("weights that leave too few rows to learn from are a classed error", {
  study <- generate(dgp_paper(), 60, seed = 1)
  expect_error(fit_generator(gen_forest(), study, weights = c(1, 1, rep(1e-300, 58)), seed = 1),
               class = "causalsynth_error_fit")
})
