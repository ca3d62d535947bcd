skip_if_not_installed("jsonlite")

test_that("the generators' contract holds with a pool", {
  # All rows of the data, in turn: the contract asks for one of them.
  in_turn <- function(data) {
    function(text) as_answer(data[rep_len(seq_len(nrow(data)), rows_wanted(text)), , drop = FALSE])
  }
  test_generator_contract(function(data) gen_chat(in_turn(data), batch = 250, pool = 250, min_count = 1),
                          saved = FALSE, weighted = FALSE)
})

test_that("a spec is checked and speaks", {
  chat <- table_chat(chat_table())
  expect_snapshot({
    gen_chat(chat)
    gen_chat(list(chat = chat), pool = 200, examples = chat_table(5), label = "mine")
  })
  expect_snapshot(error = TRUE, {
    gen_chat()
    gen_chat(3)
    gen_chat(chat, prompt = 3)
    gen_chat(chat, examples = -1)
    gen_chat(chat, batch = 0)
    gen_chat(chat, pool = "many")
    gen_chat(chat, wait = 3)
    gen_chat(chat, bach = 3)
    gen_chat(chat, cache = 3)
    gen_chat(chat, label = 3)
    fit_generator(gen_chat(chat), chat_table(), weights = rep(1, 60))
    fit_generator(gen_chat(chat, examples = data.frame(b = 1)), chat_table())
  })
})

test_that("nothing is sent before rows are asked for", {
  chat <- function(text) stop("sent")
  spec <- gen_chat(chat, "What the rows are.")
  expect_s3_class(prompt(spec, chat_table(), seed = 1), "causalsynth_prompt")
  fit <- fit_generator(spec, chat_table(), seed = 1)
  expect_output(print(fit), "nothing has been sent yet")
  expect_output(print(prompt(fit, n = 7, seed = 1)), "Make 7 rows")
  expect_s3_class(summary(fit), "summary.causalsynth_generator")
  expect_identical(tidy(fit)$column, names(chat_table()))
  for (code in expression(fit_hybrid(l ~ b | x, chat_table(), spec), fit_generator(spec, chat_table(), strata = "l"),
                          generate_to(fit, 10, tempfile()), generate(fit, 3, given = list(l = TRUE)),
                          generate(fit, 3, constraints = ~ x > 0), generate(fit, 3, drop_copies_of = chat_table()),
                          write_model(fit, tempfile()))) {
    expect_error(eval(code), "pool", class = "causalsynth_error_input")
  }
  expect_error(generate(fit, 3, seed = 1), "sent", class = "causalsynth_error_fit")
})

test_that("rows come typed, counted, with the requests' seed", {
  data <- chat_table()
  texts <- character()
  chat <- table_chat(data)
  fit <- fit_generator(gen_chat(function(text) {
    texts <<- c(texts, text)
    structure(chat(text), tokens = c(10, 5), cost = .25)
  }, batch = 8), data, seed = 1)
  rows <- generate(fit, 20, seed = 2)
  expect_identical(nrow(rows), 20L)
  expect_same_types(rows, data)
  expect_identical(vapply(texts, rows_wanted, 1L, USE.NAMES = FALSE), c(8L, 8L, 4L))
  tally <- attr(rows, "chat")
  expect_identical(glance(tally), data.frame(requests = 3L, cached = 0L, rows = 20L, kept = 20L, waited = 0,
                                             input_tokens = 30, output_tokens = 15, cost = .75))
  before <- texts
  texts <- character()
  generate(fit, 20, seed = 2)
  expect_identical(texts, before)
  generate(fit, 20, seed = 3)
  expect_length(intersect(texts, before), 3)
  expect_length(unique(texts), 6)
  expect_draws(autoplot(fit, seed = 1))
})

test_that("each object of an answer is dropped under its first reason", {
  data <- chat_table()
  good <- '{"b": 1, "x": 2.25, "g": "w", "l": true, "d": "2024-01-05", "m": null}'
  spoil <- function(from, to) sub(from, to, good, fixed = TRUE)
  objects <- c(
    good, '"row"', spoil("2.25", "[1, 2]"), spoil('"m"', '"z": 1, "m"'), spoil('"m"', '"b": 0, "m"'),
    spoil('"b": 1, ', ""), spoil("2.25", '"2.25"'), spoil("true", "1"), spoil("2024-01-05", "5.1.2024"),
    spoil("1,", "true,"), spoil("2.25", "null"), spoil("2.25", "1e9"), spoil('"w"', '"never"'), spoil("1,", "7,")
  )
  fit <- fit_generator(gen_chat(function(text) sprintf('{"rows": [%s]}', paste(objects, collapse = ", "))), data)
  tally <- attr(generate(fit, 1), "chat")
  expect_identical(tally$dropped, c(
    malformed = 2L, unknown_column = 1L, repeated_column = 1L, absent_column = 1L, wrong_type = 4L, missing = 1L,
    infinite = 0L, too_large = 1L, unknown_level = 2L, out_of_range = 0L, copy_of_example = 0L
  ))
  expect_identical(c(tally$total, tally$kept), c(14L, 1L))
  # The column has one decimal.
  expect_identical(tally$rounded, c(x = 1L))
  expect_output(print(tally), "1 of 14 rows kept, from 1 request\nDropped: 2 malformed")
  expect_identical(summary(tally), tally)
  expect_identical(sum(tidy(tally)$count), sum(tally$dropped))
  narrow <- gen_chat(function(text) sprintf("[%s, %s]", sub("2.25", "10000", good), good), range = "seed")
  expect_identical(attr(generate(fit_generator(narrow, data), 1), "chat")$dropped[["out_of_range"]], 1L)
})

test_that("objects that are whole are read from answers that are not", {
  row <- '{"b": 1, "x": "}{", "c": "a \\" b"}'
  expect_length(answer_objects(sprintf('{"rows": [%s, %s', row, row))$rows, 2)
  expect_length(answer_objects(sprintf('{"rows": [%s, %s', row, substr(row, 1, 20)))$rows, 1)
  expect_length(answer_objects(paste0("Here you are:\n```json\n{\"rows\": [", row, "]}\n```"))$rows, 1)
  expect_identical(answer_objects(row)$rows, list())
  expect_identical(answer_objects("I'm sorry.")$rows, list())
  expect_identical(answer_objects('{"rows": 3}')$rows, list())
  expect_identical(answer_objects("")$rows, list())
  expect_identical(answer_objects(list(rows = data.frame(a = c(1, NA), b = factor("u"))))$rows,
                   list(list(a = 1, b = "u"), list(a = NULL, b = "u")))
  long <- paste0("{\"rows\": [", paste(rep(row, 5000), collapse = ", "))
  expect_length(answer_objects(long)$rows, 5000)
})

test_that("tries are bounded, and the error says what came", {
  data <- chat_table()
  k <- 0
  dull <- function(text) {
    k <<- k + 1
    "I'm sorry, but I cannot help with that."
  }
  fit <- fit_generator(gen_chat(dull, batch = 5, tries = 2), data, seed = 1)
  error <- expect_error(generate(fit, 20, seed = 1), "0 of the 20 rows", class = "causalsynth_error_fit")
  expect_identical(k, 2)
  expect_match(conditionMessage(error), "2 answer without rows", fixed = TRUE)
  expect_match(conditionMessage(error), "I'm sorry", fixed = TRUE)
  # One good row an answer: 2 tries for each of 4 batches.
  k <- 0
  chat <- table_chat(data)
  slow <- function(text) {
    k <<- k + 1
    chat("Make 1 row. Draw")
  }
  fit <- fit_generator(gen_chat(slow, batch = 5, tries = 2), data)
  error <- expect_error(generate(fit, 20, seed = 1), "8 of the 20")
  expect_identical(k, 8)
  expect_identical(error$tally$kept, 8L)
  expect_match(conditionMessage(error), "cache")
})

failing <- function(class = NULL, ..., times = 1, data = chat_table()) {
  chat <- table_chat(data)
  k <- 0
  function(text) {
    k <<- k + 1
    if (k <= times) rlang::abort("no", class = class, ...)
    chat(text)
  }
}

test_that("failures are waited for as they ask, or doubling", {
  ask <- function(chat, ...) {
    fit <- fit_generator(gen_chat(chat, batch = 5, wait = c(.05, .3), ...), chat_table(), seed = 1)
    attr(generate(fit, 5, seed = 1), "chat")
  }
  tally <- ask(failing(status = 429, retry_after = .2))
  expect_identical(tally$failures, c(rate_limit = 1L))
  expect_identical(tally$waited, .2)
  expect_identical(ask(failing("http_503", times = 2))$waited, .05 + .1)
  expect_identical(ask(failing("curl_error_couldnt_connect"))$failures, c(connection = 1L))
  expect_identical(ask(failing("odd"))$failures, c(error = 1L))
  expect_error(ask(failing(status = 429, retry_after = 100)), "100 seconds", class = "causalsynth_error_fit")
  expect_error(ask(failing(status = 401)), "1 request refused", class = "causalsynth_error_fit")
  expect_error(ask(failing(status = 500, times = 3)), "3 server error", class = "causalsynth_error_fit")
  chat <- table_chat(chat_table())
  slept <- FALSE
  tally <- ask(function(text) {
    if (!slept) {
      slept <<- TRUE
      Sys.sleep(10)
    }
    chat(text)
  }, timeout = .2)
  expect_identical(tally$failures, c(timeout = 1L))
  expect_equal(stated_wait(list(resp = list(headers = c(`Retry-After` = "7")))), 7)
  date <- format(as.POSIXct("2031-10-21 07:28:00", tz = "GMT"), "%Y-%m-%d")
  expect_identical(format(as.POSIXct(http_date("Tue, 21 Oct 2031 07:28:00 GMT"), tz = "GMT"), "%Y-%m-%d"), date)
  expect_null(stated_wait(list(retry_after = "soon")))
})

test_that("real rows are sent only if asked for, with a warning; copies of them are dropped", {
  data <- transform(chat_table(), x = 1000 + seq_len(60) / 8)
  text <- unclass(prompt(gen_chat(identity), data, seed = 1))
  expect_false(any(vapply(format(data$x, trim = TRUE), grepl, NA, x = text, fixed = TRUE)))
  expect_warning(spec <- gen_chat(identity, examples = 3), "3 real rows", class = "causalsynth_warning_privacy")
  lines <- serialize_rows(data)
  text <- unclass(prompt(spec, data, seed = 1))
  expect_identical(sum(vapply(lines, grepl, NA, x = text, fixed = TRUE)), 3L)
  # The examples stay the same from request to request.
  fit <- fit_generator(spec, data, seed = 1)
  shown <- which(vapply(lines, grepl, NA, x = unclass(prompt(fit, seed = 9)), fixed = TRUE))
  expect_identical(shown, which(vapply(lines, grepl, NA, x = text, fixed = TRUE)))
  expect_silent(own <- gen_chat(function(text) as_answer(data[1:6, ]), examples = data[1:4, ], batch = 6))
  tally <- attr(generate(fit_generator(own, data), 2), "chat")
  expect_identical(tally$dropped[["copy_of_example"]], 4L)
  # A fit without examples holds no value of the data that is not shared by many rows.
  fit <- fit_generator(gen_chat(identity), data, seed = 1)
  expect_length(intersect(unlist(stored_values(fit)$numbers), data$x), 0)
})

test_that("rare levels and few rows are not told", {
  data <- data.frame(g = factor(rep(c("often", "seldom"), c(97, 3)), c("seldom", "often")), x = c(1:99 / 7, 1e5 / 7),
                     t = rep(c("p", "q"), c(99, 1)))
  text <- unclass(prompt(gen_chat(identity), data, seed = 1))
  expect_no_match(text, "seldom|\"q\"|14285")
  rows <- data[c(1, 98, 100), ]
  fit <- fit_generator(gen_chat(function(text) as_answer(rows)), data)
  expect_identical(attr(generate(fit, 1), "chat")$dropped[["unknown_level"]], 2L)
  expect_match(unclass(prompt(gen_chat(identity, min_count = 1), data)), "seldom")
})

test_that("the prompt is as printed", {
  expect_snapshot(prompt(gen_chat(identity, "Patients of a trial.", examples = chat_table(2)), chat_table(), n = 3,
                         seed = 1))
  expect_identical(summary(prompt(gen_chat(identity), chat_table(), seed = 1))$lines,
                   length(format(prompt(gen_chat(identity), chat_table(), seed = 1))))
  # Other objects go to R's own function of this name.
  file <- withr::local_tempfile()
  expect_message(prompt(chat_table, filename = file), "Created")
  expect_match(readLines(file)[1], "chat_table")
})

test_that("good answers are kept on disk, and a call goes on from them", {
  data <- chat_table()
  folder <- withr::local_tempfile()
  sent <- 0
  chat <- table_chat(data)
  counted <- function(text) {
    sent <<- sent + 1
    if (sent > limit) stop("no luck")
    chat(text)
  }
  limit <- 2
  fit <- fit_generator(gen_chat(counted, batch = 5, tries = 1, cache = folder, wait = c(0, 0)), data, seed = 1)
  expect_error(generate(fit, 20, seed = 1), "10 of the 20", class = "causalsynth_error_fit")
  expect_length(list.files(folder, all.files = TRUE, no.. = TRUE), 2)
  limit <- Inf
  sent <- 0
  rows <- generate(fit, 20, seed = 1)
  expect_identical(c(sent, attr(rows, "chat")$cached), c(2, 2))
  expect_identical(attr(rows, "chat")$kept, 20L)
  again <- generate(fit, 20, seed = 1)
  expect_identical(sent, 2)
  expect_identical(as.list(again)[names(data)], as.list(rows)[names(data)])
  generate(fit, 5, seed = 2)
  expect_identical(sent, 3)
  # A file that is not whole is asked for anew; nothing of the prompt is in any.
  files <- list.files(folder, full.names = TRUE)
  expect_false(any(grepl("Make|quantiles", unlist(lapply(files, readLines)))))
  writeLines(substr(paste(readLines(files[1]), collapse = "\n"), 1, 60), files[1])
  tally <- attr(generate(fit, 20, seed = 1), "chat")
  if (tally$damaged == 0) tally <- attr(generate(fit, 5, seed = 2), "chat")
  expect_identical(c(tally$damaged, tally$requests), c(1L, 1L))
  expect_output(print(tally), "Damaged files of the cache, asked anew: 1")
  file <- withr::local_tempfile()
  writeLines("x", file)
  expect_error(gen_chat(chat, cache = file.path(file, "a")), class = "causalsynth_error_file")
})

test_that("a pool makes hybrids and files, without chat and prompt", {
  study <- generate(dgp_paper(), 200, seed = 1)
  chat <- table_chat(study[1:6])
  spec <- gen_chat(chat, "Secret words.", batch = 100, pool = 300)
  hybrid <- fit_hybrid(Y ~ A | ., study, spec, seed = 1, learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), targeted = FALSE)
  expect_identical(hybrid$law$n, 300L)
  expect_true(hybrid$law$exact)
  two <- gen_chat(table_chat(study[c("W1", "W4")]), "Secret words.", batch = 100, pool = 300)
  stratified <- fit_generator(two, study[c("W1", "W4")], strata = "W1", seed = 1)
  for (model in list(hybrid, hybrid$generator, stratified)) {
    file <- withr::local_tempfile()
    write_model(model, file)
    again <- read_model(file)
    expect_identical(generate(again, 40, seed = 2), generate(model, 40, seed = 2))
    expect_identical(format(again), format(model))
    expect_false(any(grepl("Secret", unlist(rapply(again, as.character, how = "unlist")))))
  }
  expect_output(print(hybrid$generator), "300 of 300 rows kept, from 3 requests")
})
