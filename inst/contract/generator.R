# What every generator must do, whatever its method: source this in a testthat test, and call
# test_generator_contract() with a function of a data frame that returns a spec.
mixed_rows <- function(n = 200) {
  set.seed(n)
  data.frame(
    whole = rpois(n, 40), real = rnorm(n), cents = round(rexp(n) * 10, 2), flag = runif(n) < .3,
    group = factor(sample(c("a", "b", "rare"), n, TRUE, c(.6, .35, .05)), levels = c("rare", "b", "a", "unused")),
    grade = factor(sample(3, n, TRUE), ordered = TRUE), text = sample(c("x", "y"), n, TRUE),
    day = as.Date("2020-01-01") + sample(400, n, TRUE), spike = ifelse(runif(n) < .4, 0, rexp(n)),
    gaps = ifelse(runif(n) < .2, NA, rnorm(n)), constant = 1, void = NA_real_
  )
}

expect_same_types <- function(rows, seed) {
  expect_identical(names(rows), names(seed))
  expect_identical(lapply(rows, class), lapply(seed, class))
  expect_identical(lapply(rows, levels), lapply(seed, levels))
  # One expectation for all columns: there may be a thousand.
  expect_identical(names(seed)[!mapply(is_alike, rows, seed)], character())
}

# No missing value, level or number out of range that the seed does not have.
is_alike <- function(x, real) {
  if (anyNA(x) && !anyNA(real)) return(FALSE)
  if (is.factor(real) || is.character(real)) return(all(as.character(x) %in% as.character(real)))
  all(is.na(real)) || all(x >= min(real, na.rm = TRUE) & x <= max(real, na.rm = TRUE), na.rm = TRUE)
}

# `make(data)` is a spec. `saved`: does its file hold no training row? `weighted`: does it take survey weights? `point`:
# can it draw given single values of a continuous column?
test_generator_contract <- function(make, saved = TRUE, weighted = TRUE, point = TRUE) {
  seed <- mixed_rows()
  fit <- fit_generator(make(seed), seed, seed = 1)
  expect_draws_alike(fit, seed)
  expect_small_seeds(make, seed)
  expect_wide_seeds(make)
  expect_given(fit, seed, point)
  expect_constrained(fit)
  expect_strata(make, seed)
  if (weighted) expect_weighted(make)
  if (saved) expect_saved(make)
  expect_output(print(fit), "<generator>", fixed = TRUE)
  expect_s3_class(tidy(fit), "data.frame")
  expect_identical(nrow(glance(fit)), 1L)
  expect_length(simulate(fit, 2, seed = 1, n = 4), 2)
}

# Types and levels; the same rows for a seed whatever the threads; R's own generator untouched.
expect_draws_alike <- function(fit, seed) {
  rows <- generate(fit, 300, seed = 2)
  expect_identical(nrow(rows), 300L)
  expect_same_types(rows, seed)
  expect_true(all(round(rows$cents, 2) == rows$cents))
  expect_identical(generate(fit, 300, seed = 2, threads = 1), rows)
  expect_identical(generate(fit, 300, seed = 2, threads = 3), rows)
  expect_false(identical(generate(fit, 300, seed = 3), rows))
  set.seed(9)
  state <- .Random.seed
  generate(fit, 5, seed = 1)
  expect_identical(.Random.seed, state)
  expect_false(identical(generate(fit, 5), generate(fit, 5)))
  expect_identical(nrow(generate(fit, 1, seed = 1)), 1L)
  expect_error(generate(fit, 0), class = "causalsynth_error_input")
  expect_error(generate(fit, -3), class = "causalsynth_error_input")
}

# Two rows, one, one column, constant, all missing, duplicated rows.
expect_small_seeds <- function(make, seed) {
  for (small in list(seed[1:2, ], seed[1, ], seed["real"], seed["constant"], seed["void"], seed[rep(1:5, 10), ])) {
    out <- generate(fit_generator(make(small), small, seed = 1), 20, seed = 1)
    expect_same_types(out, small)
  }
}

expect_wide_seeds <- function(make) {
  set.seed(300)
  many <- data.frame(level = factor(rep(1:300, 2)), x = rnorm(600))
  expect_same_types(generate(fit_generator(make(many), many, seed = 1), 50, seed = 1), many)
  wide <- as.data.frame(matrix(rnorm(40 * 1000), 40))
  expect_same_types(generate(fit_generator(make(wide), wide, seed = 1), 3, seed = 1), wide)
}

expect_given <- function(fit, seed, point) {
  rows <- generate(fit, 50, seed = 5, given = list(real = c(-.5, 1), group = c("a", "b"), flag = TRUE, grade = "2"))
  expect_same_types(rows, seed)
  expect_true(all(rows$real >= -.5 & rows$real <= 1 & rows$group %in% c("a", "b") & rows$flag & rows$grade == "2"))
  expect_identical(generate(fit, 50, seed = 5, threads = 1,
                            given = list(real = c(-.5, 1), group = c("a", "b"), flag = TRUE, grade = "2")), rows)
  fixed <- seed[seed$group %in% c("a", "b"), c("text", "group")][1:30, ]
  fixed$text[3:5] <- NA
  rows <- generate(fit, given = fixed, seed = 6)
  expect_identical(nrow(rows), 30L)
  expect_same_types(rows, seed)
  expect_identical(rows$group, fixed$group)
  expect_identical(rows$text[-(3:5)], fixed$text[-(3:5)])
  expect_identical(generate(fit, given = fixed, seed = 6, threads = 3), rows)
  if (point) {
    rows <- generate(fit, 10, given = list(real = seed$real[4]), seed = 7)
    expect_identical(rows$real, rep(seed$real[4], 10))
    expect_same_types(rows, seed)
  } else {
    expect_error(generate(fit, 10, given = list(real = seed$real[4]), seed = 7), "single values",
                 class = "causalsynth_error_input")
  }
  for (bad in list(list(none = 1), list(group = "c"), list(real = c(2, 1)), list(real = NA), list(1), "a")) {
    expect_error(generate(fit, 3, given = bad), class = "causalsynth_error")
  }
  expect_error(generate(fit, 3, given = fixed), class = "causalsynth_error_input")
}

expect_constrained <- function(fit) {
  rules <- list(~ whole >= 38, ~ gaps > 0)
  rows <- generate(fit, 40, seed = 8, constraints = rules)
  # A constraint on a missing value holds.
  expect_true(all(rows$whole >= 38) && all(rows$gaps > 0, na.rm = TRUE) && anyNA(rows$gaps))
  expect_identical(generate(fit, 40, seed = 8, constraints = rules, threads = 1), rows)
  rows <- generate(fit, seed = 8, constraints = ~ whole >= 38, given = data.frame(text = rep(c("x", "y"), 10)))
  expect_true(all(rows$whole >= 38) && all(rows$text == c("x", "y")))
  expect_error(generate(fit, 5, constraints = ~ real > real, seed = 1), "0 of the 5 needed",
               class = "causalsynth_error_input")
}

expect_strata <- function(make, seed) {
  seed <- seed[setdiff(names(seed), c("void", "group"))]
  fit <- fit_generator(make(seed), seed, strata = c("text", "flag"), seed = 1)
  rows <- generate(fit, 100, seed = 2)
  expect_same_types(rows, seed)
  share <- table(seed$text, seed$flag) / nrow(seed) * 100
  expect_true(all(abs(table(rows$text, rows$flag) - share) <= 1))
  expect_identical(generate(fit, 100, seed = 2, threads = 3), rows)
  rows <- generate(fit, 20, seed = 3, given = list(text = "y", real = c(0, Inf)))
  expect_true(all(rows$text == "y" & rows$real >= 0))
  expect_error(fit_generator(make(seed[1:60, ]), seed[1:60, ], strata = c("grade", "flag")), "fewer than 30 rows",
               class = "causalsynth_error_data")
}

expect_weighted <- function(make) {
  set.seed(11)
  seed <- data.frame(x = rnorm(600), g = factor(sample(c("u", "v"), 600, TRUE)))
  weights <- ifelse(seed$g == "u", 3, 1) * ifelse(seed$x > 0, 2, 1)
  rows <- generate(fit_generator(make(seed), seed, weights = weights, seed = 1), 6000, seed = 2)
  expect_lt(abs(mean(rows$g == "u") - sum(weights[seed$g == "u"]) / sum(weights)), .04)
  expect_lt(abs(mean(rows$x) - weighted.mean(seed$x, weights)), .08)
  # Rows of weight 0 are as if they were not there.
  none <- ifelse(seed$g == "u", 0, 1)
  rows <- generate(fit_generator(make(seed), seed, weights = none, seed = 1), 200, seed = 2)
  expect_true(all(rows$g == "v"))
  expect_error(fit_generator(make(seed), seed, weights = -none), class = "causalsynth_error_input")
  expect_error(fit_generator(make(seed), seed, weights = 1), class = "causalsynth_error_input")
}

# A saved generator holds no training row: no number of a column with many values (spikes aside), nothing a row.
expect_saved <- function(make) {
  seed <- mixed_rows(211)
  fit <- fit_generator(make(seed), seed, seed = 1)
  file <- withr::local_tempfile()
  write_model(fit, file)
  again <- read_model(file)
  expect_identical(generate(again, 40, seed = 2), generate(fit, 40, seed = 2))
  found <- stored_values(again)
  values <- c(seed$real, seed$gaps, seed$spike[seed$spike != 0])
  expect_length(intersect(unlist(found$numbers), values[!is.na(values)]), 0)
  expect_false(any(lengths(found$numbers) == 211))
  bytes <- lapply(values[!is.na(values)], function(v) writeBin(v, raw(), endian = "little"))
  holds <- function(pattern) any(vapply(found$raws, function(r) length(grepRaw(pattern, r, fixed = TRUE)), 1L))
  expect_identical(sum(vapply(bytes, holds, NA)), 0L)
}

stored_values <- function(x) {
  numbers <- raws <- list()
  walk <- function(x) {
    if (is.raw(x)) raws[[length(raws) + 1]] <<- x
    else if (is.numeric(x)) numbers[[length(numbers) + 1]] <<- as.numeric(x)
    else if (is.list(x)) lapply(x, walk)
    lapply(attributes(x)[setdiff(names(attributes(x)), "names")], walk)
    invisible()
  }
  walk(unclass(x))
  list(numbers = numbers, raws = raws)
}
