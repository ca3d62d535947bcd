# Chat models that are none: functions, and a server on this machine that speaks OpenAI's protocol and misbehaves.

chat_table <- function(n = 60) {
  i <- seq_len(n)
  data.frame(
    b = as.integer(i %% 3 == 0), x = round(sin(i) * 10, 1), g = factor(c("u, v", "w")[1 + i %% 2]),
    l = cos(i) > 0, d = as.Date("2024-01-01") + i, m = ifelse(i %% 5 == 0, NA, i %% 7)
  )
}

# By hand, since jsonlite writes 15 digits of a number at most.
as_answer <- function(rows) {
  cells <- Map(function(name, x) {
    quoted <- function(text) vapply(text, function(t) as.character(jsonlite::toJSON(t, auto_unbox = TRUE)), "")
    text <- if (is.logical(x)) tolower(x)
    else if (is.numeric(x) && !inherits(x, "Date")) formatC(as.numeric(x), digits = 17, format = "g", width = -1)
    else unname(quoted(unique(as.character(x)))[match(as.character(x), unique(as.character(x)))])
    paste0(quoted(name), ":", ifelse(is.na(x), "null", text))
  }, names(rows), rows)
  sprintf('{"rows":[%s]}', paste0("{", do.call(paste, c(unname(cells), sep = ",")), "}", collapse = ","))
}

# How many rows a prompt asks for.
rows_wanted <- function(text) as.integer(sub("^.*Make ([0-9]+) rows?[.] Draw.*$", "\\1", gsub(",", "", text)))

# A chat that answers with rows of `data`, drawn; `change(answer, k)` spoils its k-th answer.
table_chat <- function(data, change = function(answer, k) answer) {
  k <- 0
  function(text) {
    k <<- k + 1
    change(as_answer(data[sample(nrow(data), rows_wanted(text), TRUE), , drop = FALSE]), k)
  }
}

# The server: POST /<way>/chat/completions. A way that fails does so the first time, and every second time after.
chat_app <- function() {
  app <- webfakes::new_app()
  app$use(webfakes::mw_json())
  app$locals$seen <- list()
  app$post("/:way/chat/completions", function(req, res) {
    way <- req$params$way
    seen <- sum(unlist(res$app$locals$seen[way])) + 1
    res$app$locals$seen[[way]] <- seen
    bad <- seen %% 2 == 1
    if (way == "hang" && bad && is.null(res$locals$waited)) {
      res$locals$waited <- TRUE
      res$app$locals$seen[[way]] <- seen - 1
      return(res$delay(4))
    }
    if (way == "hang" && bad) return(res$set_status(200L)$send("too late"))
    status <- switch(way, limit = , later = 429L, broken = 500L, key = 401L, 200L)
    if (bad && status != 200L) {
      if (status == 429L) res$set_header("Retry-After", if (way == "limit") "1" else "3600")
      return(res$set_status(status)$send_json(list(error = list(message = "no", type = "fake")), auto_unbox = TRUE))
    }
    text <- unlist(req$json$messages)
    text <- paste(text, collapse = " ")
    n <- as.integer(sub("^.*Make ([0-9]+) rows?[.] Draw.*$", "\\1", text))
    i <- seq_len(n) + seen
    x <- if (way == "types" && bad) "\"many\"" else c("1.5", "-2")
    rows <- sprintf("{\"b\": %d, \"x\": %s, \"g\": \"%s\", \"l\": true, \"d\": \"2024-01-%02d\", \"m\": null}", i %% 2,
                    rep_len(x, n), c("u, v", "w")[1 + i %% 2], 1 + i %% 28)
    if (way == "types" && bad) rows[1] <- sub("\"many\"", "3", rows[1])
    answer <- paste0("{\"rows\": [", paste(rows, collapse = ", "), "]}")
    if (way == "half" && bad) answer <- substr(answer, 1, round(.55 * nchar(answer)))
    if (way == "malformed" && bad) answer <- "{\"rows\": [{\"b\": 1, \"x\": "
    if (way == "refusal") answer <- "I'm sorry, but I cannot help with that."
    res$send_json(list(
      id = "1", object = "chat.completion", created = 1, model = "fake",
      choices = list(list(index = 0, finish_reason = "stop", message = list(role = "assistant", content = answer))),
      usage = list(prompt_tokens = 100, completion_tokens = 20, total_tokens = 120)
    ), auto_unbox = TRUE)
  })
  app$get("/seen/:way", function(req, res) {
    res$send(as.character(sum(unlist(res$app$locals$seen[req$params$way]))))
  })
  app
}

local_chat_server <- function(env = parent.frame()) {
  skip_on_cran()
  skip_if_not_installed("jsonlite")
  skip_if_not_installed("ellmer")
  skip_if_not_installed("webfakes")
  server <- webfakes::new_app_process(chat_app(), process_timeout = 60000,
                                      opts = webfakes::server_opts(num_threads = 3))
  withr::defer(server$stop(), env)
  server
}

server_chat <- function(server, way) {
  ellmer::chat_openai_compatible(server$url(paste0("/", way)), credentials = function() "none", model = "fake")
}
