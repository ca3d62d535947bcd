# Results and files do not depend on the locale, the time zone or the encoding of names.
locale_results <- function() {
  i <- 1:60
  rows <- data.frame(
    id = c("i", "I", "\u0131", "\u0130", "z", "\u00e4")[1 + i %% 6], x = round(sin(i), 3),
    size = factor(c("LIGHT", "light", "Title")[1 + i %% 3]), day = as.Date("2021-03-27") + i %% 3,
    moment = as.POSIXct("2021-03-28 00:30:00", tz = "UTC") + 1800 * (i %% 5), stringsAsFactors = FALSE
  )
  fit <- fit_generator(gen_copula(min_count = 1), rows, seed = 1)
  text <- serialize_rows(rows)
  back <- parse_rows(text, rows, quiet = TRUE)
  drawn <- generate(fit, 20, seed = 2)
  file <- tempfile()
  on.exit(unlink(file))
  write_model(fit, file)
  again <- generate(read_model(file), 20, seed = 2)
  stopifnot(identical(again, drawn))
  list(drawn = lapply(drawn, function(x) if (is.numeric(x) || inherits(x, c("Date",
      "POSIXct"))) as.numeric(x) else enc2utf8(as.character(x))),
       text = text, same = vapply(names(rows), function(name) isTRUE(all.equal(back[[name]], rows[[name]])), NA),
       forest = predict(forest(rows["size"], rows$x, trees = 3, seed = 1), rows["size"]))
}

test_that("locales give the same rows", {
  skip_on_os("windows")
  withr::local_locale(LC_COLLATE = "C")
  expected <- locale_results()
  expect_true(all(expected$same))
  for (locale in c("C", "C.UTF-8", "en_US.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8")) {
    set <- suppressWarnings(Sys.setlocale("LC_COLLATE", locale))
    if (set == "") next
    expect_identical(locale_results(), expected, label = paste("in", locale))
    # Where letters have other capitals and decimals a comma.
    old <- Sys.getlocale("LC_CTYPE")
    if (grepl("UTF-8", locale) && suppressWarnings(Sys.setlocale("LC_CTYPE", locale)) != "") {
      expect_identical(locale_results(), expected, label = paste("all in", locale))
      Sys.setlocale("LC_CTYPE", old)
    }
  }
})

test_that("Turkish capitals confuse no name of an argument or a format", {
  old <- Sys.getlocale("LC_CTYPE")
  skip_if(suppressWarnings(Sys.setlocale("LC_CTYPE", "tr_TR.UTF-8")) == "", "There is no Turkish locale")
  withr::defer(Sys.setlocale("LC_CTYPE", old))
  d <- contract_study()
  effect <- estimate_effect(y ~ a | ., d, "iptw", learner_treatment = learn_glm(), learner_outcome = learn_glm())
  expect_true(is.finite(coef(effect)))
  path <- file.path(withr::local_tempdir(), "I.CSV")
  skip_if_not_installed("jsonlite")
  pool <- generate(contract_hybrid(), 5, seed = 1)
  write_pool(pool, path)
  expect_identical(truth(read_pool(path)), truth(pool))
})

test_that("time zones move no date and no moment", {
  moments <- as.POSIXct(c("2021-03-28 00:30:00", "2021-03-28 01:30:00", "2021-10-31 01:30:00"), tz = "UTC")
  rows <- data.frame(day = as.Date("2021-03-28") + rep(0:2, 10), moment = rep(moments, 10))
  run <- function() {
    drawn <- generate(fit_generator(gen_copula(min_count = 1), rows, seed = 1), 15, seed = 2)
    list(drawn, parse_rows(serialize_rows(rows), rows, quiet = TRUE))
  }
  withr::with_timezone("UTC", expected <- run())
  expect_identical(as.numeric(expected[[2]]$moment), as.numeric(rows$moment))
  expect_identical(expected[[2]]$day, rows$day)
  for (zone in c("Europe/Paris", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu")) {
    withr::with_timezone(zone, expect_identical(run(), expected, label = zone))
  }
})

test_that("names in Latin-1 are the same names, and bytes of no encoding are refused", {
  latin <- "\xe9t\xe9"
  Encoding(latin) <- "latin1"
  plain <- data.frame(x = sin(1:40), z = cos(1:40))
  named <- stats::setNames(plain, c(latin, "z"))
  utf8 <- stats::setNames(plain, c("\u00e9t\u00e9", "z"))
  expect_identical(generate(fit_generator(gen_copula(), named, seed = 1), 5, seed = 2),
                   generate(fit_generator(gen_copula(), utf8, seed = 1), 5, seed = 2))
  expect_identical(predict(forest(utf8, plain$x, trees = 3, seed = 1), named),
                   predict(forest(utf8, plain$x, trees = 3, seed = 1), utf8))
  broken <- stats::setNames(plain, c("\xe9t\xe9", "z"))
  expect_error(fit_generator(gen_copula(), broken, seed = 1), class = "causalsynth_error_data")
})
