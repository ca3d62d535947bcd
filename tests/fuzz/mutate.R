# Mutated text through whatever reads it in R: Rscript tests/fuzz/mutate.R TARGET MINUTES FOLDER [SEED]
#   lines  rows told by language models: parse_rows()
#   json   answers of a chat: the reader behind gen_chat()
#   csv    files of rows: the reader behind gen_data()
#   roles  formulas Y ~ A | W against a data frame
# Each case ends in a valid object or an error of a class of the package. Whatever else comes is written to FOLDER, one
# file a finding. Prints "N cases, M findings".
suppressPackageStartupMessages(library(causalsynth))
arguments <- commandArgs(TRUE)
target <- arguments[1]
minutes <- as.numeric(arguments[2])
folder <- arguments[3]
set.seed(if (length(arguments) > 3) as.integer(arguments[4]) else 1)
inside <- function(name) utils::getFromNamespace(name, "causalsynth")

rows <- data.frame(
  age = c(63, 47.5, NA, -1e300), stage = factor(c("I, early", "II", NA, "say \"III\"")), count = c(1L, NA, 3L, 40L),
  day = as.Date("2024-12-31") + 0:3, seen = as.POSIXct("2024-12-31 23:59:59", tz = "UTC") + c(0, .5, 3600, NA),
  smoker = c(TRUE, FALSE, NA, TRUE), note = c("a is b", "", "plain", NA), check.names = FALSE
)
study <- data.frame(
  Y = c(.1, 2, 3, 4), A = c(0, 1, 1, 0), W1 = c(1, 2, 3, 5), `odd name` = factor(c("a", "b", "a", "b")),
  check.names = FALSE
)

tokens <- list(
  lines = c(" is ", ", ", "\"", "\\", "\\u0000", "\\u001f", "\\ud800", "missing", "age is ", "stage is II",
            "NaN", "Inf", "0x1A", "1e309", "-0", "TRUE", "2024-02-30", "\r", "\t", "\u00e9", "\U0001F600"),
  json = c("{", "}", "[", "]", "\"", ":", ",", "null", "true", "1e999", "\\u0000", "\\ud800", "{\"rows\":[",
           "```json", "\"age\":"),
  csv = c(",", "\"", "\n", "\r\n", "\"\"", "NA", ";", "\t", "\xff", "#", "'", "1e309", "\ufeff", ",,,,"),
  roles = c("~", "|", "+", "-", "*", ":", "^2", "I(W1^2)", "(", ")", "Y", "A", "W1", "`odd name`", ".", "0", "1", "-1",
            "log(W1)", "splines::ns(W1, 2)", "offset(W1)", "NULL", "W9", "\"W1\"", "%in%", "factor(A)")
)

seeds <- list(
  lines = c(serialize_rows(rows), serialize_rows(rows, missing = NULL)),
  json = c('{"rows":[{"age":63,"stage":"II","count":2,"day":"2024-12-31","smoker":true,"note":"x"}]}',
           'Sure: [{"age": null, "stage": "II"}, {"age": "12 mg"}] done'),
  csv = c("age,stage,n\n63,I,1\n47.5,\"II, late\",\n", "a,b\n1,2\n3,4\n\"x\ny\",5\n", "\ufeffa;b\n1;2\n"),
  roles = c("Y ~ A | W1", "Y ~ A | .", "Y ~ A | W1 + `odd name` + I(W1^2)")
)

pick <- function(n) sample.int(max(1, n), 1)
mutate <- function(text) {
  bytes <- charToRaw(text)
  for (round in seq_len(pick(4))) {
    n <- length(bytes)
    at <- pick(n)
    bytes <- switch(
      pick(6),
      bytes[-at],
      append(bytes, charToRaw(sample(tokens[[target]], 1)), at - 1),
      replace(bytes, at, as.raw(sample(255, 1))),
      append(bytes, bytes[seq(at, min(n, at + pick(20)))], pick(n)),
      head(bytes, at),
      c(bytes, charToRaw(sample(seeds[[target]], 1)))
    )
    if (length(bytes) == 0) bytes <- charToRaw(" ")
    if (length(bytes) > 4000) bytes <- head(bytes, 4000)
  }
  rawToChar(bytes[bytes != 0])
}

# A formula is made of tokens alone: no text from elsewhere is ever parsed.
formula_text <- function() {
  left <- if (stats::runif(1) < .6) "Y ~ A |" else c(sample(tokens$roles, pick(2), TRUE), "~")
  paste(c(left, sample(tokens$roles, pick(9), TRUE)), collapse = " ")
}

file <- tempfile(fileext = ".csv")
read_csv <- function(text) {
  writeBin(charToRaw(text), file)
  found <- inside("read_rows")(file)
  stopifnot(is.data.frame(found), nrow(found) >= 1, !anyDuplicated(names(found)))
}

read_lines <- function(text) {
  found <- parse_rows(c(text, sample(seeds$lines, 1)), like = rows, quiet = TRUE)
  stopifnot(identical(names(found), names(rows)), identical(lapply(found, class), lapply(rows, class)))
  parsing <- attr(found, "parsing")
  if (is.null(parsing)) return(invisible())
  stopifnot(nrow(found) == length(parsing$kept), parsing$total == nrow(found) + sum(parsing$dropped))
}

reference <- inside("chat_reference")(rows, "seed", 1)
read_answer <- function(text) {
  objects <- inside("answer_objects")(text)
  found <- inside("check_objects")(objects$rows, reference, "none", rlang::current_env())
  stopifnot(is.data.frame(found$rows), identical(names(found$rows), names(rows)))
}

read_roles <- function(text) {
  parsed <- tryCatch(stats::as.formula(text), error = function(e) NULL)
  if (is.null(parsed)) return(invisible())
  before <- study
  inside("study_data")(parsed, study)
  stopifnot(identical(before, study))
}

read_text <- switch(target, lines = read_lines, json = read_answer, csv = read_csv, roles = read_roles)
pool <- seeds[[target]]
cases <- findings <- 0
known <- character()
until <- Sys.time() + 60 * minutes
while (Sys.time() < until) {
  text <- if (target == "roles") formula_text() else mutate(sample(pool, 1))
  if (target != "roles" && stats::runif(1) < .02) pool <- c(head(pool, 200), text)
  cases <- cases + 1
  bad <- tryCatch({
    suppressWarnings(read_text(text))
    NULL
  }, causalsynth_error = function(e) NULL, error = function(e) e)
  if (is.null(bad)) next
  what <- paste(class(bad)[1], substr(conditionMessage(bad), 1, 60))
  if (what %in% known) next
  known <- c(known, what)
  findings <- findings + 1
  writeBin(charToRaw(text), file.path(folder, paste0("finding-", findings)))
  cat("FINDING", what, "in", deparse(conditionCall(bad))[1], "\n")
}
cat(cases, " cases, ", findings, " findings\n", sep = "")
quit(status = as.integer(findings > 0))
