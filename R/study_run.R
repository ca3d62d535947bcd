# Replicates of a study, in chunks that workers take.

source_key <- function(key, source) {
  setting <- vapply(source$knobs, function(k) format(k, digits = 15), "")
  derive_key(key, paste(c("source", source$name, paste(names(setting), setting)), collapse = "\r"))
}

# All estimators at positions `which` of plan$ask$all on one data set: a list of cells in their order.
run_cells_on <- function(plan, source, rows, which, key, threads) {
  kinds <- plan$ask$all[which]
  cells <- vector("list", length(which))
  if (any(kinds == "spec")) {
    at <- match(names(kinds)[kinds == "spec"], names(plan$ask$request$methods))
    cells[kinds == "spec"] <- run_specs(plan, source, rows, at, key, threads)
  }
  for (j in which(kinds == "function")) {
    name <- names(kinds)[j]
    cells[[j]] <- run_function(plan$ask$functions[[name]], rows, plan$ask$request$estimand,
                               derive_key(key, paste("function", name)), plan$timeout)
  }
  cells
}

# One chunk: replicates chunk$reps of a cell, estimators chunk$which, as many as can be begun within chunk$budget
# seconds. Returns list(done: how many, values: a list of matrices with a row a replicate and a column an estimator,
# seconds).
run_chunk <- function(plan, source, chunk, threads) {
  started <- proc.time()[["elapsed"]]
  passed <- function() proc.time()[["elapsed"]] - started
  k <- length(chunk$which)
  values <- empty_values(length(chunk$reps), k)
  done <- 0
  while (done < length(chunk$reps) && (done == 0 || passed() < chunk$budget)) {
    done <- done + 1
    cells <- run_replicate(plan, source, chunk, chunk$reps[done], threads)
    for (name in names(values)) for (j in seq_len(k)) values[[name]][done, j] <- cells[[j]][[name]]
  }
  list(done = done, values = lapply(values, function(v) v[seq_len(done), , drop = FALSE]), seconds = passed())
}

run_replicate <- function(plan, source, chunk, rep, threads) {
  key <- derive_key(chunk$key, "replicate", rep)
  drawn <- guarded(with_timeout(plan$timeout, {
    draw_study_rows(source, chunk$n, derive_key(key, "rows"), plan$replace, threads)
  }))
  if (!is.null(drawn$error)) return(rep(list(failed_cell(drawn$error, drawn$warning)), length(chunk$which)))
  run_cells_on(plan, source, drawn$value, chunk$which, derive_key(key, "fit"), threads)
}

empty_values <- function(rows, columns) {
  number <- matrix(NA_real_, rows, columns)
  text <- matrix(NA_character_, rows, columns)
  list(estimate = number, std.error = number, conf.low = number, conf.high = number, error = text, warning = text)
}

# Runs what the checkpoint does not hold yet; returns the values of each cell of the design.
run_study <- function(sources, plan, numbers, store, call) {
  cells <- study_cells(sources, numbers)
  methods <- length(plan$ask$all)
  found <- lapply(seq_len(nrow(cells)), function(i) list())
  for (saved in store$chunks()) found[[saved$cell]] <- c(found[[saved$cell]], list(saved))
  left <- lapply(found, function(parts) which(!whole_replicates(parts, numbers$reps, methods)))
  queue <- chunk_queue(cells, sources, left, plan, numbers, methods)
  keep <- function(chunk, result) {
    part <- list(cell = chunk$cell, reps = utils::head(chunk$reps, result$done), which = chunk$which,
                 values = result$values)
    found[[chunk$cell]][[length(found[[chunk$cell]]) + 1]] <<- part
    store$save(part)
  }
  process_chunks(queue, keep, plan, sources, numbers, call)
  lapply(found, join_parts, reps = numbers$reps, methods = methods)
}

# Which replicates have all of their estimators?
whole_replicates <- function(parts, reps, methods) {
  there <- matrix(FALSE, reps, methods)
  for (part in parts) there[part$reps, part$which] <- TRUE
  rowSums(!there) == 0
}

join_parts <- function(parts, reps, methods) {
  values <- empty_values(reps, methods)
  for (name in names(values)) {
    joined <- values[[name]]
    for (part in parts) joined[part$reps, part$which] <- part$values[[name]]
    values[[name]] <- joined
  }
  values
}

# What is left to do, handed out in chunks. A list of functions: take(backend) returns the next chunk or NULL,
# note(waited) learns what handing over costs, put_back(chunks), left(). A chunk has a budget of seconds 20 times what
# it costs to hand it over; what was not begun in this time comes back.
chunk_queue <- function(cells, sources, left, plan, numbers, methods) {
  overhead <- Inf
  returned <- list()
  share <- lengths(left)
  cell <- 1
  take <- function(backend) {
    while (length(returned) == 0 && cell <= nrow(cells) && length(left[[cell]]) == 0) cell <<- cell + 1
    if (length(returned)) {
      chunk <- returned[[1]]
      returned <<- returned[-1]
    } else {
      if (cell > nrow(cells)) return(NULL)
      # Equal shares of a cell, so that workers end together.
      reps <- utils::head(left[[cell]], numbers$chunk %||% ceiling(share[cell] / backend$workers))
      left[[cell]] <<- left[[cell]][-seq_along(reps)]
      key <- derive_key(source_key(plan$key, sources[[cells$source[cell]]]), "rows", cells$n[cell])
      chunk <- list(cell = cell, source = cells$source[cell], n = cells$n[cell], reps = reps,
                    which = seq_len(methods), key = key)
    }
    chunk$budget <- if (is.null(numbers$chunk)) min(60, max(backend$budget, 20 * min(overhead, 3))) else Inf
    chunk
  }
  list(take = take, note = function(waited) overhead <<- max(0, min(overhead, waited)),
       put_back = function(chunks) returned <<- c(returned, chunks), left = function() sum(lengths(left)))
}
