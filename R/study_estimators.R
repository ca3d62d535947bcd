# Estimators of a study: built-in ones, which share nuisances, and functions of a data frame.

# list(all: names in order, each "spec" or "function"; request: of effect_request() for the specs; functions).
study_estimators <- function(estimators, estimand, se, call) {
  makers <- estimator_makers()
  is_maker <- function(f) any(vapply(makers, identical, NA, f))
  if (inherits(estimators, "causalsynth_estimator") || is.function(estimators)) estimators <- list(estimators)
  if (!(is.character(estimators) || is.list(estimators)) || length(estimators) == 0) {
    abort("input", c(
      "{.arg estimators} must be names, or a list of names, {.code est_*()} specs and functions of a data frame.",
      x = "It is {describe(estimators)}."
    ), call = call)
  }
  if (is.list(estimators)) estimators <- rejoin_specs(estimators, makers)
  labels <- rlang::names2(estimators)
  own <- vapply(estimators, function(e) is.function(e) && !is_maker(e), NA)
  if (any(own & labels == "")) {
    abort("input", c("A function among {.arg estimators} has no name.",
                     i = "Name it, as in {.code list(mine = function(data) ...)}."), call = call)
  }
  specs <- lapply(estimators[!own], resolve_method, makers = makers, call = call, arg = "estimators")
  labels[!own & labels == ""] <- vapply(specs[labels[!own] == ""], `[[`, "", "label")
  check_unique_names(labels, "estimators", call)
  request <- effect_request(if (any(!own)) stats::setNames(specs, labels[!own]) else "aipw", estimand, FALSE, se, call)
  if (all(own)) request["methods"] <- list(list())
  list(all = stats::setNames(ifelse(own, "function", "spec"), labels), request = request,
       functions = stats::setNames(as.list(estimators[own]), labels[own]))
}

# Runs code for at most `seconds`; its error or interrupt says so when the time was up.
with_timeout <- function(seconds, code) {
  if (!is.finite(seconds)) return(code)
  started <- proc.time()[["elapsed"]]
  setTimeLimit(elapsed = seconds, transient = TRUE)
  on.exit(setTimeLimit(cpu = Inf, elapsed = Inf, transient = FALSE))
  late <- function() proc.time()[["elapsed"]] - started >= .99 * seconds
  stopped <- function() stop(timeout_message(seconds), call. = FALSE)
  tryCatch(code, error = function(e) if (late()) stopped() else rlang::cnd_signal(e),
           interrupt = function(e) if (late()) stopped() else rlang::interrupt())
}

# The value of `code`, or list(error = ); the first warning beside it.
guarded <- function(code) {
  warned <- NA_character_
  value <- tryCatch(
    withCallingHandlers(list(value = code), warning = function(w) {
      if (is.na(warned)) warned <<- first_line(w)
      invokeRestart("muffleWarning")
    }, message = function(m) invokeRestart("muffleMessage")),
    error = function(e) list(error = first_line(e))
  )
  c(value, warning = warned)
}

# A condition's message on one line: without bullets, and without the hints below it.
first_line <- function(e) {
  text <- tryCatch(rlang::cnd_header(e), error = function(...) conditionMessage(e))
  lines <- strsplit(cli::ansi_strip(paste(text, collapse = "\n")), "\n")[[1]]
  if (!inherits(e, c("rlang_error", "rlang_warning"))) lines <- lines[1]
  lines <- sub("^\\s*[!*\u2022\u2716x]\\s+", "", lines)
  hints <- which(grepl("^(i|\u2139)\\s", lines))
  if (length(hints) && hints[1] > 1) lines <- lines[seq_len(hints[1] - 1)]
  text <- trimws(paste(lines, collapse = " "))
  if (is.na(text) || !nzchar(text)) "an error without a message" else text
}

# Estimates of the built-in estimators at positions `which` of ask$request$methods, on one data set: a list a method of
# estimate, std.error, conf.low, conf.high, error, warning. One that fails takes no other with it.
run_specs <- function(plan, source, rows, which, key, threads) {
  fitted <- guarded(with_timeout(plan$timeout, {
    fitted <- do.call(nuisance, c(list(source$formula, rows, seed = key, threads = threads), plan$nuisance))
    if (!is.null(fitted$arms)) abort("data", "The treatment has {length(fitted$arms)} arms; {.fn study} takes two.")
    fitted$run <- list(key = key, threads = threads)
    fitted
  }))
  if (!is.null(fitted$error)) return(lapply(which, function(k) failed_cell(fitted$error, fitted$warning)))
  ask <- plan$ask$request
  ask$methods <- ask$methods[which]
  run <- function(ask) guarded(with_timeout(plan$timeout, effect_cells(fitted$value, ask, key, threads)))
  found <- run(ask)
  cells <- if (is.null(found$error)) found$value else if (length(which) == 1) {
    list(failed_cell(found$error, found$warning))
  } else {
    lapply(seq_along(which), function(j) {
      ask$methods <- ask$methods[j]
      one <- run(ask)
      if (is.null(one$error)) one$value[[1]] else failed_cell(one$error, one$warning)
    })
  }
  lapply(cells, function(cell) {
    if (is.na(cell$warning)) cell$warning <- if (is.na(fitted$warning)) found$warning else fitted$warning
    cell
  })
}

# The contrast of each method, without the parts of an effect object that nobody will look at.
effect_cells <- function(fitted, ask, key, threads) {
  call <- rlang::current_env()
  term <- ask$estimand
  if (ask$se == "bootstrap") {
    table <- tidy(effect_of(fitted, ask, list(cluster = NULL, key = key, threads = threads, call = call)))
    table <- table[table$term == term, ]
    return(lapply(seq_len(nrow(table)), function(i) {
      checked_cell(table$estimate[i], table$std.error[i], table$conf.low[i], table$conf.high[i])
    }))
  }
  found <- effect_runs(fitted, ask, NULL, call)
  at <- which(found$first$labels$term == term)
  se <- sqrt(diag(found$variance))
  lapply(at, function(i) checked_cell(found$estimate[i], se[i]))
}

failed_cell <- function(error, warning = NA_character_) {
  list(estimate = NA_real_, std.error = NA_real_, conf.low = NA_real_, conf.high = NA_real_, error = error,
       warning = warning)
}

checked_cell <- function(estimate, std.error = NA_real_, conf.low = NA_real_, conf.high = NA_real_) {
  if (!is.finite(estimate)) return(failed_cell(paste("The estimate is", format(estimate))))
  list(estimate = estimate, std.error = std.error, conf.low = conf.low, conf.high = conf.high, error = NA_character_,
       warning = NA_character_)
}

# A function's answer on one data set. It sees the rows and nothing else, under a random generator of its own; with a
# time limit in a process of its own where that can be, since neither sleep nor foreign code heeds R's limits.
run_function <- function(f, rows, estimand, key, timeout) {
  work <- function() guarded(with_r_seed(key, read_answer(f(rows), estimand)))
  found <- if (!is.finite(timeout)) work() else if (can_fork()) in_fork(work, timeout) else {
    guarded(with_timeout(timeout, with_r_seed(key, read_answer(f(rows), estimand))))
  }
  if (!is.null(found$error)) return(failed_cell(found$error, found$warning))
  cell <- found$value
  cell$warning <- found$warning
  cell
}

# work() in a forked process that is killed after `seconds`; list(error) if it was, or died.
in_fork <- function(work, seconds) {
  job <- parallel::mcparallel(work(), mc.set.seed = FALSE)
  on.exit({
    tools::pskill(job$pid, tools::SIGKILL)
    suppressWarnings(parallel::mccollect(job, wait = TRUE))
  })
  end <- proc.time()[["elapsed"]] + seconds
  found <- NULL
  while (is.null(found) && (left <- end - proc.time()[["elapsed"]]) > 0) {
    found <- suppressWarnings(parallel::mccollect(job, wait = FALSE, timeout = left))
  }
  if (is.null(found)) return(list(error = timeout_message(seconds), warning = NA_character_))
  if (!is.list(found[[1]])) return(list(error = "The function's process died", warning = NA_character_))
  found[[1]]
}

timeout_message <- function(seconds) paste0("Stopped after ", format(seconds), " s (timeout)")

read_answer <- function(x, estimand) {
  if (inherits(x, "causalsynth_effect")) {
    x <- tidy(x)
    x <- x[x$term == estimand, ]
    if (nrow(x) == 0) abort("fit", "The function returned an effect of another estimand than {.val {estimand}}.")
  }
  wrong <- function() {
    got <- if (is.data.frame(x)) count_phrase(nrow(x), "row") else if (is.list(x)) "a list" else describe(x)
    abort("fit", "The function returned {got}, not one number or a named {.code estimate}.")
  }
  parts <- if (is.data.frame(x)) if (nrow(x) == 1) as.list(x) else wrong() else as.list(x)
  if (!is.list(x) && length(x) == 1) names(parts) <- "estimate"
  known <- c("estimate", "std.error", "conf.low", "conf.high")
  if (!"estimate" %in% names(parts)) wrong()
  parts <- parts[intersect(known, names(parts))]
  if (!all(vapply(parts, function(p) (is.numeric(p) || is.logical(p)) && length(p) == 1, NA))) wrong()
  do.call(checked_cell, lapply(parts, as.numeric))
}
