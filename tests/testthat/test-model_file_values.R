# A value through the encoding and back, with all that formulas may call.
value_back <- function(x, columns = character()) {
  encoded <- encode_model(x, columns, NULL)
  no_problem(model_decode(encoded$object, encoded$stored, formula_functions, formula_environment), "file", NULL)
}

test_that("plain values come back as they were", {
  values <- list(
    NULL, TRUE, c(a = NA, b = FALSE), integer(), c(1L, NA, -.Machine$integer.max), c(0.1, -0, NA, NaN, Inf, 5e-324),
    character(), c("a", NA, "", "gr\u00fc\u00dfe", "\U1F600"), as.raw(0:255), as.raw(rep(1:7, 200)), raw(),
    list(), list(a = 1, list(NULL, b = list())), factor(c("x", NA, "y"), levels = c("y", "x", "z")),
    factor(1:3, ordered = TRUE), as.Date("2020-02-29"), as.POSIXct("2020-01-01 12:00", tz = "Asia/Tokyo"),
    as.difftime(3, units = "mins"), matrix(1:6, 2, dimnames = list(NULL, c("a", "b", "c"))), mtcars, iris[0, ],
    data.frame(x = 1:3), data.frame(x = 1:3, row.names = c("p", "q", "r")), data.frame(x = 5:7)[2:3, , drop = FALSE],
    structure(1:3, label = "of a survey", labels = c(no = 0, yes = 1)), as.name
  )
  for (value in utils::head(values, -1)) expect_identical(value_back(value), value)
  # Missing and not-a-number differ bit by bit.
  expect_identical(is.nan(value_back(c(NA, NaN))), c(FALSE, TRUE))
  latin <- "caf\xe9"
  Encoding(latin) <- "latin1"
  expect_identical(value_back(latin), "caf\u00e9")
  expect_identical(Encoding(value_back(latin)), "UTF-8")
})

test_that("formulas come back without their environment, with what their expressions need of it", {
  bare <- function(formula) structure(formula, .Environment = NULL)
  make <- function() {
    secret <- "a value of the seed"
    k <- 3
    shape <- c(.2, .8)
    f <- function(x) x
    list(y ~ a | w, ~ log(w) + I(w^k) + pi, y ~ ns(w, knots = shape) + f, ~ splines::ns(w, df = 3),
         stats::terms(y ~ a * b + scale(w, center = 1)), y ~ `odd name` + I(-w) + "text",
         stats::reformulate(paste0("x", 1:3000)))
  }
  formulas <- make()
  for (formula in formulas) {
    again <- value_back(formula, "w")
    expect_true(identical(bare(again), bare(formula)))
  }
  constants <- function(i) as.list(environment(value_back(formulas[[i]], "w")))
  expect_identical(constants(2), list(k = 3))
  expect_identical(constants(3), list(shape = c(.2, .8)))
  expect_identical(environment(value_back(formulas[[2]], c("w", "k"))), formula_home())
  expect_identical(environment(value_back(formulas[[1]])), formula_home())
  expect_length(grepRaw("secret", encode_model(formulas, "w", NULL)$object), 0)
  expect_length(grepRaw("shape", encode_model(formulas, "w", NULL)$object), 1)
})

test_that("models with formulas predict alike wherever they are read", {
  withr::local_package("splines")
  data <- data.frame(w = sin(1:80), v = cos(3 * (1:80)), a = rep(0:1, 40))
  data$y <- data$w + data$a + cos(1:80)
  degrees <- 3
  w <- "a name that is also a column"
  fit <- forest(y ~ ns(w, df = degrees) + poly(v, 2) + scale(v) + I(w * degrees), data, trees = 5, seed = 1)
  hybrid <- fit_hybrid(y ~ a | ns(w, df = degrees) + log(v + 2), data, gen_forest(trees = 3), seed = 1,
                       learner_treatment = learn_glm(), learner_outcome = learn_forest(trees = 5))
  expected <- list(predict(fit, data), generate(hybrid, 20, seed = 1))
  forest_file <- withr::local_tempfile()
  hybrid_file <- withr::local_tempfile()
  write_model(fit, forest_file)
  write_model(hybrid, hybrid_file)
  expect_identical(environment(read_model(hybrid_file)$formula)$degrees, 3)
  rm(degrees)
  detach("package:splines")
  expect_identical(predict(read_model(forest_file), data), expected[[1]])
  expect_identical(generate(read_model(hybrid_file), 20, seed = 1), expected[[2]])
  # What lies in the workspace plays no part.
  scale <- function(...) stop("not this one")
  expect_identical(predict(read_model(forest_file), data), expected[[1]])
  expect_identical(truth(read_model(hybrid_file)), truth(hybrid))
  library(splines)
})

test_that("files hold nothing of the environment the formula was made in", {
  make <- function() {
    secret <- paste(rep("a value of the seed", 50), collapse = " ")
    big <- as.numeric(1:1e5)
    fit_hybrid(y ~ a | w + group, contract_study(), gen_forest(trees = 2), learner_treatment = learn_glm(),
               learner_outcome = learn_forest(trees = 5), seed = 1)
  }
  hybrid <- make()
  expect_true("secret" %in% ls(environment(hybrid$formula)))
  bytes <- file_bytes(hybrid)
  expect_lt(length(bytes), 1e5)
  sections <- container_read(bytes)$sections
  inflate <- section_reader(sections, 1e9, "", NULL)
  for (name in names(sections)) expect_length(grepRaw("a value of the seed", inflate(name)), 0)
})

test_that("what is no plain value is refused with its place", {
  withr::local_dir(withr::local_tempdir())
  fit <- small_forest()
  put <- function(...) structure(utils::modifyList(unclass(fit), list(...)), class = class(fit))
  own <- function(x) x^2
  knots <- seq(-1, 1, length.out = 200)
  d <- data.frame(w = sin(1:50), y = cos(1:50))
  deep <- 1
  for (i in 1:100) deep <- list(deep)
  expect_snapshot(error = TRUE, {
    write_model(put(part = list(1, list(fun = mean))), "x")
    write_model(put(part = list(globalenv())), "x")
    write_model(put(part = quote(a + b)), "x")
    write_model(put(part = structure(1, hook = sum)), "x")
    write_model(put(part = 1i), "x")
    write_model(put(part = "caf\xe9"), "x")
    write_model(put(part = deep), "x")
    write_model(forest(y ~ own(w), d, trees = 2, seed = 1), "x")
    write_model(forest(y ~ I(w > knots[3]), d, trees = 2, seed = 1), "x")
    write_model(forest(y ~ cut(w, knots), d, trees = 2, seed = 1), "x")
  })
  expect_false(file.exists("x"))
})

test_that("a file cut anywhere is told", {
  fit <- small_forest()
  bytes <- file_bytes(fit)
  found <- container_read(bytes)
  # The ends of the preamble, the header and every section.
  sizes <- 1 + nchar(names(found$sections)) + 8 + lengths(found$sections) + 4
  borders <- c(8, 12, 12 + 1 + nchar(found$writer), 12 + 1 + nchar(found$writer) + 4)
  borders <- c(borders, max(borders) + 8 + 1 + nchar(found$kind) + 4 + c(0, 4))
  borders <- c(0, borders, max(borders) + cumsum(sizes))
  expect_identical(max(borders), length(bytes) - 4)
  cuts <- c(borders, length(bytes) - 1, floor(seq(1, length(bytes) - 2, length.out = 200)))
  for (n in cuts) {
    expect_error(read_bytes(utils::head(bytes, n)), "cut short", class = "causalsynth_error_file")
  }
})

test_that("a file with any byte changed is told", {
  bytes <- file_bytes(small_forest())
  places <- unique(c(1:60, floor(seq(61, length(bytes), length.out = 300))))
  for (at in places) {
    bad <- bytes
    bad[at] <- xor(bad[at], as.raw(1 + (7 * at) %% 255))
    expect_error(read_bytes(bad), class = "causalsynth_error_file")
  }
})

test_that("foreign, newer, damaged and unknown files each say so", {
  withr::local_dir(withr::local_tempdir())
  fit <- small_forest()
  bytes <- file_bytes(fit)
  utils::write.csv(mtcars, "rows.csv")
  saveRDS(fit, "fit.rds")
  writeBin(utils::head(bytes, 500), "cut.model")
  writeBin(replace(bytes, 400, xor(bytes[400], as.raw(1))), "damaged.model")
  writeBin(c(bytes, as.raw(0)), "longer.model")
  writeBin(altered_file(fit, identity, kind = "pool"), "pool.model")
  writeBin(altered_file(fit, identity, kind = "hybrid"), "wrong.model")
  about <- function(version) model_encode(list(version = version), character(), function(...) list())$object
  writeBin(altered_file(fit, function(s) replace(s, "about", list(about(9L)))), "newer.model")
  writeBin(altered_file(fit, function(s) s[names(s) != "bytes/1"]), "missing.model")
  writeBin(altered_file(fit, function(s) replace(s, "bytes/1", list(utils::head(s[["bytes/1"]], -1)))), "short.model")
  # Format 2.0, its beginning with the right checksum.
  writeBin(c(bytes[1:8], as.raw(c(2, 0, 0, 0, 17)), charToRaw("causalsynth 9.9.9"), as.raw(c(0xac, 0xd6, 0x63, 0x46))),
           "format.model")
  expect_snapshot(error = TRUE, {
    read_model("rows.csv")
    read_model("fit.rds")
    read_model("cut.model")
    read_model("damaged.model")
    read_model("longer.model")
    read_model("pool.model")
    read_model("wrong.model")
    read_model("newer.model")
    read_model("missing.model")
    read_model("short.model")
    read_model("format.model")
  })
  for (file in list.files()) expect_error(read_model(!!file), class = "causalsynth_error_file")
})

test_that("sections that a later minor version may add are skipped", {
  fit <- small_forest()
  more <- altered_file(fit, function(s) c(list(notes = as.raw(1:50)), s, list(`bytes/extra` = raw())))
  expect_error(read_bytes(more), NA)
  expect_identical(read_bytes(more), fit)
})

test_that("nothing inflates beyond what is stated and allowed", {
  fit <- small_forest()
  bytes <- file_bytes(fit)
  expect_error(read_bytes(bytes, max_bytes = 1000), "holds more than", class = "causalsynth_error_file")
  expect_identical(read_bytes(bytes, max_bytes = 1e5), fit)
  # A block that states 100 bytes and inflates to a million.
  bomb <- memCompress(raw(1e6), "gzip")
  found <- container_read(bytes)
  found$sections$object <- blocks_encode(list(bomb[1:1000]), 1001L, 1L, 1L)
  expect_error(read_bytes(container_write("forest", "t", found$sections)), class = "causalsynth_error_file")
  found$sections$object <- blocks_encode(list(bomb), 131072L, 1L, 1L)
  expect_error(read_bytes(container_write("forest", "t", found$sections)), "another length than stated",
               class = "causalsynth_error_file")
  # Blocks may not be stored in more bytes than they stand for, nor stand for more than the limit.
  expect_s3_class(blocks_decode(blocks_encode(list(bomb), 500L, 1L, 1L), 1e9), "causalsynth_file_problem")
  expect_s3_class(blocks_decode(blocks_encode(list(bomb), 200000L, 1L, 1L), 1e9), "causalsynth_file_problem")
})

test_that("hostile content is refused and nothing of it is run", {
  fit <- small_forest()
  marker <- withr::local_tempfile()
  command <- sprintf("touch %s", marker)
  hostile <- function(x) {
    altered_file(fit, function(s) c(s["about"], list(object = hostile_object(x))))
  }
  object <- function(...) structure(list(...), class = "causalsynth_forest")
  call <- substitute(y ~ system(command), list(command = command))
  formula <- structure(call, class = "formula", .Environment = globalenv())
  expect_error(read_bytes(hostile(object(terms = formula))), "calls `system`", class = "causalsynth_error_file")
  nested <- structure(~a, predvars = substitute(list(system(command)), list(command = command)))
  expect_error(read_bytes(hostile(object(terms = nested))), "calls `system`", class = "causalsynth_error_file")
  expect_false(file.exists(marker))

  broken <- list(
    list(1), object(model = raw(600)), object(model = 1), object(model = "text"), structure(list(), class = "fit"),
    object(model = fit$model[1:600])
  )
  for (x in broken) expect_error(read_bytes(hostile(x)), class = "causalsynth_error_file")
  glm <- structure(list(design = list(contrasts = list(g = "system"))), class = "fit_glm")
  expect_error(check_parts(glm), "contrasts")
  expect_error(check_parts(list(list(glm))), "contrasts")
  expect_error(check_parts(list(structure(list(a = 1:2, b = 1), class = "data.frame", row.names = 1:2))), "unlike")
  expect_error(check_parts(structure(list(model = raw(9), order = 1:2), class = "fitted_gen_forest")), "damaged")
  expect_error(check_parts(structure(list(model = raw(9)), class = "fitted_gen_forest")), "earlier format",
               class = "causalsynth_error_file")
  expect_error(check_parts(structure(list(treat = 1:3, n = 2), class = "causalsynth_nuisance")), "unlike number")
})

test_that("values that R would not make are refused", {
  decode <- function(...) {
    model_decode(as.raw(c(...)), list(), formula_functions, formula_environment)
  }
  long <- function(n) c(n, rep(0, 7))
  expect_s3_class(decode(7, 0, long(1), 1, 0, 0, 0, 97), "causalsynth_file_problem")  # a symbol outside a formula
  class <- c(5, charToRaw("class"), 4, 0, long(1), 6, 0, 0, 0, charToRaw("factor"))
  levels <- c(6, charToRaw("levels"), 4, 0, long(1), 1, 0, 0, 0, charToRaw("u"))
  factor_of <- function(code) c(2, 1, long(1), code, 0, 0, 0, 2, 0, 0, 0, levels, class)
  expect_identical(decode(factor_of(1)), factor("u"))
  expect_s3_class(decode(factor_of(2)), "causalsynth_file_problem")
  expect_s3_class(decode(factor_of(0)), "causalsynth_file_problem")
  expect_s3_class(decode(10, 0, long(1), long(9)), "causalsynth_file_problem")  # a section that is not there
})

test_that("bytes are packed in blocks and come back, whatever they are", {
  random <- as.raw(random_uniforms(unclass(rng_key(1)), 3e5) * 256)
  numbers <- writeBin(sin(1:5e4), raw())
  for (bytes in list(raw(), as.raw(1), random, numbers, raw(131072), raw(131073))) {
    payload <- pack_bytes(bytes)
    expect_lte(length(payload), length(bytes) + 12 + 10 * ceiling(length(bytes) / 131072))
    expect_identical(section_reader(list(a = payload), length(bytes), "", NULL)("a"), bytes)
  }
  expect_lt(length(pack_bytes(raw(131072))), 1000)
  expect_lt(length(pack_bytes(numbers)), .95 * length(numbers))
})
