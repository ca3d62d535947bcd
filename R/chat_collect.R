# Rows from a chat: requests until there are enough, each checked, counted, and kept in the cache.

chat_reasons <- function() c(text_reasons, setdiff(drop_reasons, "not_a_number"), "copy_of_example")

new_tally <- function() {
  none <- stats::setNames(integer(length(chat_reasons())), chat_reasons())
  structure(list(
    requests = 0L, cached = 0L, damaged = 0L, failures = integer(), waited = 0, total = 0L, kept = 0L, dropped = none,
    rounded = integer(), tokens = c(input = NA_real_, output = NA_real_), cost = NA_real_, last = NULL
  ), class = "causalsynth_chat_tally")
}

add_failure <- function(tally, failure) {
  tally$failures <- add_counts(tally$failures, stats::setNames(1L, failure$kind))
  tally$last <- failure$message
  tally
}

add_counts <- function(counts, more) {
  for (name in names(more)) counts[name] <- sum(counts[name], more[[name]], na.rm = TRUE)
  counts
}

add_usage <- function(tally, sent) {
  add <- function(a, b) if (all(is.na(c(a, b)))) NA_real_ else sum(a, b, na.rm = TRUE)
  tally$tokens[] <- mapply(add, tally$tokens, sent$tokens)
  tally$cost <- add(tally$cost, sent$cost)
  tally
}

add_parsing <- function(tally, parsing) {
  tally$total <- tally$total + parsing$total
  tally$kept <- tally$kept + length(parsing$kept)
  tally$dropped <- add_counts(tally$dropped, parsing$dropped)
  tally$rounded <- add_counts(tally$rounded, parsing$rounded)
  tally
}

# n rows of the reference's types, as list(rows, tally). `chat`: list(spec, brief, reference, decimals).
collect_rows <- function(chat, n, key, call) {
  spec <- chat$spec
  check_chat_packages(call)
  state <- list(tally = new_tally(), budget = spec$tries * ceiling(n / spec$batch), call = call, n = n,
                type = if (wants_schema(spec)) answer_type(chat$reference))
  parts <- list()
  kept <- index <- 0
  tick <- progress_bar("Asking the chat")
  while (kept < n) {
    index <- index + 1
    text <- prompt_text(chat$brief, min(spec$batch, n - kept), index, key)
    file <- cache_file(spec, text, key, index)
    found <- read_cached(file, chat$reference)
    if (isTRUE(found$damaged)) state$tally$damaged <- state$tally$damaged + 1L
    if (is.null(found$rows)) {
      state <- ask_rows(chat, text, state)
      found <- state$found
      write_cached(file, found, spec, call)
    } else {
      state$tally$cached <- state$tally$cached + 1L
      state$tally <- add_parsing(state$tally, found$parsing)
    }
    parts[[index]] <- unclass_frame(as.data.frame(found$rows))
    kept <- kept + length(found$parsing$kept)
    if (!is.null(tick)) tick(min(1, kept / n))
  }
  list(rows = bind_rows(parts, chat$reference, n), tally = state$tally)
}

wants_schema <- function(spec) {
  spec$structured && inherits(spec$chat, "Chat") && is.function(spec$chat$chat_structured) &&
    requireNamespace("ellmer", quietly = TRUE)
}

# Sends a text until an answer holds at least one row to keep: the state with it as `found`, or an error.
ask_rows <- function(chat, text, state) {
  spec <- chat$spec
  type <- state$type
  for (k in seq_len(spec$tries)) {
    if (state$tally$requests >= state$budget) break
    state$tally$requests <- state$tally$requests + 1L
    sent <- tryCatch(
      with_time_limit(spec$timeout, inherits(spec$chat, "Chat"), send_prompt(spec, text, type)),
      error = classify_failure
    )
    if (!is.null(sent$kind)) {
      state$tally <- add_failure(state$tally, sent)
      if (!sent$retry) break
      # As text, what is whole of such an answer can be read, and a refusal be shown.
      if (sent$kind == "malformed_answer") type <- NULL
      last <- k == spec$tries || state$tally$requests >= state$budget
      waited <- if (last) 0 else wait_for_retry(sent, k, spec$wait)
      if (isFALSE(waited)) abort_long_wait(sent, state, spec)
      state$tally$waited <- state$tally$waited + waited
      next
    }
    state$tally <- add_usage(state$tally, sent)
    found <- check_answer(sent$answer, chat)
    state$tally <- add_parsing(state$tally, found$parsing)
    if (length(found$parsing$kept)) {
      state$found <- c(found, sent[c("tokens", "cost")])
      return(state)
    }
    kind <- if (found$parsing$total) "no_row_kept" else "answer_without_rows"
    state$tally <- add_failure(state$tally, list(kind = kind, message = answer_excerpt(sent$answer)))
  }
  abort_short(state, spec)
}

# Rows of an answer that are kept: typed, checked, rounded to the decimals of their column, no copies of examples.
check_answer <- function(answer, chat) {
  objects <- answer_objects(answer)
  found <- check_objects(objects$rows, chat$reference, chat$spec$range, rlang::caller_env())
  found$parsing$dropped <- c(found$parsing$dropped, copy_of_example = 0L)
  if (length(found$parsing$kept) == 0) return(found)
  for (name in names(chat$decimals)) {
    x <- found$rows[[name]]
    rounded <- round(as.numeric(x), chat$decimals[[name]])
    changed <- which(abs(rounded - as.numeric(x)) > 1e-9 * pmax(1, abs(rounded)))
    if (length(changed)) found$parsing$rounded <- add_counts(found$parsing$rounded,
                                                            stats::setNames(length(changed), name))
    x[] <- rounded
    found$rows[[name]] <- x
  }
  if (length(chat$brief$lines)) {
    copy <- serialize_rows(found$rows) %in% chat$brief$lines
    found$rows <- take_template_rows(found$rows, which(!copy))
    found$parsing$kept <- found$parsing$kept[!copy]
    found$parsing$dropped["copy_of_example"] <- sum(copy)
    found$parsing$n_dropped <- found$parsing$n_dropped + sum(copy)
  }
  found
}

answer_excerpt <- function(answer) {
  text <- if (is.character(answer)) paste(answer, collapse = " ") else "a list without rows of the form asked for"
  text <- gsub("[[:space:]]+", " ", text)
  paste0("The last answer was: ", if (nchar(text) > 120) paste0(substr(text, 1, 117), "...") else text)
}

resume_hint <- function(spec) {
  if (is.null(spec$cache)) "With {.arg cache} the answers that were good are kept, and the same call goes on from them."
  else "The good answers are in {.arg cache}: the same call with the same {.arg seed} goes on from them."
}

abort_short <- function(state, spec) {
  tally <- state$tally
  abort("fit", c(
    paste("The chat gave {tally$kept} of the {state$n} row{?s} wanted in {tally$requests} request{?s}",
          "(at most {state$budget}: {.arg tries} for each batch)."),
    if (length(tally$failures)) c(x = "Failed: {paste(count_lines(tally$failures), collapse = ', ')}."),
    if (sum(tally$dropped)) c(x = "Rows dropped: {paste(drop_phrases(tally), collapse = ', ')}."),
    if (!is.null(tally$last)) c(x = "{tally$last}"),
    i = resume_hint(spec)
  ), call = state$call, tally = tally)
}

abort_long_wait <- function(failure, state, spec) {
  tally <- state$tally
  abort("fit", c(
    paste("The chat's service asks to wait {ceiling(failure$after)} second{?s},",
          "longer than {.arg wait} allows ({spec$wait[2]})."),
    x = "{tally$kept} of the {state$n} row{?s} wanted had come.",
    i = resume_hint(spec)
  ), call = state$call, tally = tally)
}

count_lines <- function(counts) paste(counts, gsub("_", " ", names(counts)))

#' @export
format.causalsynth_chat_tally <- function(x, ...) {
  requests <- sprintf("%s of %s kept, from %s", format(x$kept, big.mark = ","), count_phrase(x$total, "row"),
                      count_phrase(x$requests, "request"))
  if (x$cached) requests <- paste0(requests, " and ", count_phrase(x$cached, "cached answer"))
  usage <- c(
    if (!anyNA(x$tokens)) sprintf("%s tokens sent, %s received", format(x$tokens[[1]], big.mark = ","),
                                  format(x$tokens[[2]], big.mark = ",")),
    if (!is.na(x$cost)) sprintf("cost $%.4g", x$cost)
  )
  c(
    requests,
    if (sum(x$dropped)) paste("Dropped:", paste(drop_phrases(x), collapse = ", ")),
    if (length(x$rounded)) paste0("Rounded to the column's decimals: ",
                                  paste0(names(x$rounded), " (", x$rounded, ")", collapse = ", ")),
    if (length(x$failures)) {
      sprintf("Failed requests: %s; waited %.3g s", paste(count_lines(x$failures), collapse = ", "), x$waited)
    },
    if (x$damaged) sprintf("Damaged files of the cache, asked anew: %d", x$damaged),
    if (length(usage)) paste0("Usage: ", paste(usage, collapse = "; "))
  )
}

#' @export
print.causalsynth_chat_tally <- function(x, ...) {
  show_object(x)
  invisible(x)
}

#' @export
summary.causalsynth_chat_tally <- function(object, ...) object

#' @export
tidy.causalsynth_chat_tally <- function(x, ...) {
  check_dots_empty(...)
  data.frame(
    what = rep(c("dropped", "failed"), c(length(x$dropped), length(x$failures))),
    reason = c(names(x$dropped), names(x$failures)), count = as.integer(c(x$dropped, x$failures))
  )
}

#' @export
glance.causalsynth_chat_tally <- function(x, ...) {
  check_dots_empty(...)
  data.frame(requests = x$requests, cached = x$cached, rows = x$total, kept = x$kept, waited = x$waited,
             input_tokens = x$tokens[[1]], output_tokens = x$tokens[[2]], cost = x$cost)
}
