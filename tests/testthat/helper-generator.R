# What every generator must do, whatever its method: called by the tests of each gen_*().
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
  for (name in names(seed)) {
    if (!anyNA(seed[[name]])) expect_false(anyNA(rows[[name]]), info = name)
    if (is.factor(seed[[name]]) || is.character(seed[[name]])) {
      expect_true(all(as.character(rows[[name]]) %in% as.character(seed[[name]])), info = name)
    } else if (any(!is.na(seed[[name]]))) {
      expect_true(all(rows[[name]] >= min(seed[[name]], na.rm = TRUE), na.rm = TRUE), info = name)
      expect_true(all(rows[[name]] <= max(seed[[name]], na.rm = TRUE), na.rm = TRUE), info = name)
    }
  }
}

test_generator_contract <- function(make) {
  seed <- mixed_rows()
  fit <- fit_generator(make(seed), seed, seed = 1)
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
  for (small in list(seed[1:2, ], seed[1, ], seed["real"], seed["constant"], seed["void"], seed[rep(1:5, 10), ])) {
    out <- generate(fit_generator(make(small), small, seed = 1), 20, seed = 1)
    expect_same_types(out, small)
  }
  many <- data.frame(level = factor(rep(1:300, 2)), x = rnorm(600))
  expect_same_types(generate(fit_generator(make(many), many, seed = 1), 50, seed = 1), many)
  expect_output(print(fit), "Generator")
  expect_s3_class(tidy(fit), "data.frame")
  expect_identical(nrow(glance(fit)), 1L)
  expect_length(simulate(fit, 2, seed = 1, n = 4), 2)
}
