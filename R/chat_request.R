# One request to a chat model: sent with a time limit, failures classified, waited for and tried again.

# Sends a text once: list(answer, tokens = c(input, output), cost). `type`: a schema, or NULL for an answer as text.
send_prompt <- function(spec, text, type) {
  chat <- spec$chat
  if (is.function(chat)) {
    answer <- chat(text)
    return(list(answer = answer, tokens = stated_numbers(attr(answer, "tokens"), 2),
                cost = stated_numbers(attr(answer, "cost"), 1)))
  }
  own <- inherits(chat, "Chat") && is.function(chat$clone)
  if (!own) {
    answer <- chat$chat(text)
    return(list(answer = answer, tokens = stated_numbers(attr(answer, "tokens"), 2),
                cost = stated_numbers(attr(answer, "cost"), 1)))
  }
  # A conversation of its own each time: earlier answers are neither sent nor paid for again.
  chat <- chat$clone()
  chat$set_turns(list())
  answer <- if (is.null(type)) chat$chat(text, echo = "none") else {
    chat$chat_structured(text, type = type, echo = "none", convert = FALSE)
  }
  list(answer = answer, tokens = chat_tokens(chat), cost = chat_cost(chat))
}

stated_numbers <- function(x, n) {
  if (is.numeric(x) && length(x) == n) as.numeric(x) else rep(NA_real_, n)
}

chat_tokens <- function(chat) {
  tryCatch({
    table <- chat$get_tokens()
    if (all(c("input", "output") %in% names(table))) c(sum(table$input), sum(table$output)) else c(NA, NA)
  }, error = function(e) c(NA_real_, NA_real_))
}

chat_cost <- function(chat) {
  cost <- tryCatch(as.numeric(chat$get_cost()), error = function(e) NA_real_)
  if (length(cost) == 1) cost else NA_real_
}

chat_model <- function(chat) {
  model <- tryCatch(chat$get_model(), error = function(e) NULL)
  if (is.character(model) && length(model) == 1) model else NULL
}

# Evaluates `code` for at most `seconds`; `own`: by a chat of ellmer. A chat of ellmer keeps the limit itself, and
# leaves retrying to us; the limit on R is for all others and for the case that it does not.
with_time_limit <- function(seconds, own, code) {
  old <- options(ellmer_timeout_s = seconds, ellmer_max_tries = 1)
  setTimeLimit(elapsed = if (own) seconds + 60 else seconds, transient = TRUE)
  on.exit({
    setTimeLimit(elapsed = Inf)
    options(old)
  })
  # What a time-out broke off is begun anew at the next try: R's word of it is no news.
  withCallingHandlers(force(code), warning = function(w) {
    if (grepl("restarting interrupted promise", conditionMessage(w))) invokeRestart("muffleWarning")
  })
}

# The error and those it came from, the outermost first.
error_chain <- function(e) {
  chain <- list()
  while (inherits(e, "condition") && length(chain) < 20) {
    chain <- c(chain, list(e))
    e <- e$parent
  }
  chain
}

# What a failed request means: list(kind, message, retry, after (seconds to wait that the service states, or NULL)).
classify_failure <- function(e) {
  chain <- error_chain(e)
  text <- paste(vapply(chain, conditionMessage, ""), collapse = "\n")
  status <- http_status(chain)
  kind <- if (!is.na(status)) {
    if (status == 429) "rate_limit" else if (status == 408) "timeout"
    else if (status >= 500) "server_error" else "request_refused"
  } else if (grepl("timed? ?out|elapsed time limit|timeout was reached", text, ignore.case = TRUE)) {
    "timeout"
  } else if (any(grepl("^curl_error|^httr2_failure", unlist(lapply(chain, class))))) {
    "connection"
  } else if (grepl("lexical error|parse error|premature EOF|no JSON", text)) {
    # Structured output that is no JSON: a refusal, or an answer cut short.
    "malformed_answer"
  } else "error"
  after <- Filter(Negate(is.null), lapply(chain, stated_wait))
  list(kind = kind, message = sub("\n$", "", text), retry = kind != "request_refused",
       after = if (kind == "malformed_answer") 0 else if (length(after)) after[[1]])
}

http_status <- function(chain) {
  for (e in chain) {
    named <- grep("^httr2_http_[0-9]{3}$|^http_[0-9]{3}$", class(e), value = TRUE)
    if (length(named)) return(as.numeric(sub("^.*_", "", named[1])))
    stated <- e$status %||% e$resp$status_code
    if (is.numeric(stated) && length(stated) == 1 && !is.na(stated)) return(stated)
  }
  NA_real_
}

# Retry-After: seconds, or a date of HTTP.
stated_wait <- function(e) {
  value <- e$retry_after
  if (is.null(value)) {
    at <- match("retry-after", tolower(names(e$resp$headers)))
    if (!is.na(at)) value <- unclass(e$resp$headers)[[at]]
  }
  if (is.null(value)) return(NULL)
  seconds <- suppressWarnings(as.numeric(value))
  if (is.na(seconds)) seconds <- as.numeric(http_date(as.character(value))) - as.numeric(Sys.time())
  if (length(seconds) != 1 || is.na(seconds)) NULL else max(0, seconds)
}

# "Wed, 21 Oct 2026 07:28:00 GMT", whatever the language of the session.
http_date <- function(text) {
  parts <- regmatches(text, regexec("([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4}) ([0-9:]{8}) GMT", text))[[1]]
  if (length(parts) != 5) return(NA_real_)
  as.POSIXct(sprintf("%s-%02d-%s %s", parts[4], match(parts[3], month.abb), parts[2], parts[5]), tz = "GMT")
}

chat_sleep <- function(seconds) {
  until <- proc.time()[["elapsed"]] + seconds
  while ((left <- until - proc.time()[["elapsed"]]) > 0) Sys.sleep(min(left, .5))
}

# The wait before try k + 1: what the service states, else doubling from the first of `wait` up to the second. A
# stated wait that is longer than the second is not waited for: FALSE.
wait_for_retry <- function(failure, k, wait) {
  seconds <- failure$after %||% min(wait[2], wait[1] * 2^(k - 1))
  if (seconds > wait[2]) return(FALSE)
  chat_sleep(seconds)
  seconds
}
