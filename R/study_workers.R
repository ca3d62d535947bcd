# Who runs the chunks of a study: this process, forked ones, or the workers of a future::plan().

# Hands chunks out until none is left; keep(chunk, result) takes each as it comes.
process_chunks <- function(queue, keep, plan, sources, numbers, call) {
  backend <- study_backend(plan, sources, numbers)
  on.exit(backend$close())
  total <- queue$left()
  bar <- study_progress(total)
  done <- deaths <- 0
  running <- list()
  repeat {
    while (length(running) < backend$workers && !is.null(chunk <- queue$take(backend))) {
      running <- c(running, list(list(chunk = chunk, started = proc.time()[["elapsed"]], job = backend$start(chunk))))
    }
    if (length(running) == 0) break
    ended <- backend$ended(running)
    for (one in running[ended]) {
      result <- backend$result(one$job)
      if (length(result) == 0) {
        deaths <- deaths + 1
        check_alive(deaths, done, attr(result, "reason"), call)
        parts <- halves(one$chunk, plan)
        if (length(parts)) {
          queue$put_back(parts)
          next
        }
        result <- dead_result(one$chunk)
      } else {
        deaths <- 0
        queue$note(proc.time()[["elapsed"]] - one$started - result$seconds)
        queue$put_back(rest_of(one$chunk, result$done))
      }
      keep(one$chunk, result)
      done <- done + result$done * length(one$chunk$which) / length(plan$ask$all)
      bar(done, total)
    }
    running <- running[!ended]
  }
}

# What a chunk's budget did not reach.
rest_of <- function(chunk, done) {
  if (done == length(chunk$reps)) return(list())
  chunk$reps <- chunk$reps[-seq_len(done)]
  list(chunk)
}

# Workers that die one after the other, and nothing done: the fault is not an estimator's.
check_alive <- function(deaths, done, reason, call) {
  if (deaths < 30 || done > 0) return(invisible())
  abort("fit", c("{deaths} workers died one after the other and none has finished a chunk.", x = reason,
                 i = "Try {.code threads = 1} without a {.fn future::plan}."), call = call)
}

# A chunk whose worker died, in parts that may live: half the replicates, then single estimators.
halves <- function(chunk, plan) {
  part <- function(reps, which) utils::modifyList(chunk, list(reps = reps, which = which))
  n <- length(chunk$reps)
  if (n > 1) {
    first <- seq_len(n %/% 2)
    return(list(part(chunk$reps[first], chunk$which), part(chunk$reps[-first], chunk$which)))
  }
  if (length(chunk$which) > 1) lapply(chunk$which, function(k) part(chunk$reps, k))
}

dead_result <- function(chunk) {
  values <- empty_values(length(chunk$reps), length(chunk$which))
  values$error[] <- "The worker died, or had to be killed"
  list(done = length(chunk$reps), values = values, seconds = NA)
}

# list(workers, budget (the least seconds of a chunk: a forked process copies the memory that it touches), start(chunk)
# -> job, ended(running) -> logical, result(job) -> run_chunk()'s value, or something of length 0 if its worker died,
# close()).
study_backend <- function(plan, sources, numbers) {
  workers <- find_workers(numbers$threads)
  switch(
    workers$kind,
    future = future_backend(plan, sources, workers$n), fork = fork_backend(plan, sources, workers$n),
    serial = serial_backend(plan, sources, numbers$threads)
  )
}

serial_backend <- function(plan, sources, threads) {
  list(
    workers = 1, budget = .5, start = function(chunk) run_chunk(plan, sources[[chunk$source]], chunk, threads),
    ended = function(running) rep(TRUE, length(running)), result = identity, close = function() NULL
  )
}

# A process a chunk, by parallel's fork; compiled code that heeds no time limit is killed from outside.
fork_backend <- function(plan, sources, workers) {
  jobs <- new.env()
  forget <- function(job) {
    rm(list = as.character(job$pid), envir = jobs)
    # It has ended; collecting it warns that it has nothing to say.
    suppressWarnings(parallel::mccollect(job, wait = TRUE))
  }
  kill <- function(job) tools::pskill(job$pid, tools::SIGKILL)
  results <- list()
  ended <- function(running) {
    now <- proc.time()[["elapsed"]]
    for (one in running) if (now - one$started > patience(plan, one$chunk)) kill(one$job)
    # It warns of jobs without a result, which are counted here.
    found <- suppressWarnings(parallel::mccollect(lapply(running, `[[`, "job"), wait = FALSE, timeout = .5))
    pids <- vapply(running, function(one) as.character(one$job$pid), "")
    results[names(found)] <<- lapply(found, list)
    pids %in% names(found)
  }
  result <- function(job) {
    id <- as.character(job$pid)
    value <- results[[id]][[1]]
    results[[id]] <<- NULL
    forget(job)
    if (inherits(value, "try-error")) stop(attr(value, "condition"))
    value
  }
  list(
    workers = workers, budget = 2, ended = ended, result = result,
    start = function(chunk) {
      job <- parallel::mcparallel(run_chunk(plan, sources[[chunk$source]], chunk, 1), mc.set.seed = FALSE)
      assign(as.character(job$pid), job, envir = jobs)
      job
    },
    close = function() for (job in mget(ls(jobs), envir = jobs)) {
      kill(job)
      forget(job)
    }
  )
}

# Seconds after which a forked chunk is given up: what its budget and the limits of its cells allow, and some more.
patience <- function(plan, chunk) {
  a_replicate <- plan$timeout * (2 + length(chunk$which))
  10 + if (is.finite(chunk$budget)) chunk$budget + a_replicate else a_replicate * length(chunk$reps)
}

# Releases of future that replace a worker that died never come here.
abort_no_worker <- function(error) {
  abort("fit", c(
    "A worker of the {.pkg future} plan died, and no other could be started.", x = "{first_line(error)}",
    i = "Update {.pkg future} (now {utils::packageVersion('future')}; 1.80 replaces workers), or set the plan anew; \
         a {.arg checkpoint} keeps what is done."
  ), call = NULL)
}

# What the worker finds under these names is sent along.
utils::globalVariables(c(".causalsynth_run", ".causalsynth_job"))

future_backend <- function(plan, sources, workers) {
  found <- function_globals(plan$ask$functions, sources)
  # A pool may well be larger than future's limit for what it sends by mistake.
  old <- options(future.globals.maxSize = +Inf)
  sent <- lapply(sources, worker_source)
  start <- function(chunk) {
    job <- list(plan = plan, source = sent[[chunk$source]], chunk = chunk)
    globals <- c(found$globals, list(.causalsynth_job = job, .causalsynth_run = run_job))
    tryCatch(
      future::future(.causalsynth_run(.causalsynth_job), globals = globals, seed = NULL,
                     packages = unique(c("causalsynth", found$packages)), conditions = character()),
      FutureError = function(e) abort_no_worker(e)
    )
  }
  # Older releases of future fail where they ask a worker that died.
  is_done <- function(job) tryCatch(future::resolved(job), FutureError = function(e) TRUE)
  ended <- function(running) {
    pause <- .002
    repeat {
      done <- vapply(running, function(one) is_done(one$job), NA)
      if (any(done)) return(done)
      Sys.sleep(pause)
      pause <- min(.05, 1.5 * pause)
    }
  }
  result <- function(job) {
    tryCatch(future::value(job), FutureError = function(e) structure(list(), reason = first_line(e)))
  }
  list(workers = workers, budget = 1, start = start, ended = ended, result = result, close = function() options(old))
}

run_job <- function(job) run_chunk(job$plan, job$source, job$chunk, 1)

# What functions of the user take from the workspace, and from which packages.
function_globals <- function(functions, sources) {
  own <- lapply(sources, function(s) if (inherits(s$object, "causalsynth_dgp_custom")) Filter(is.function, s$object))
  functions <- c(functions, unlist(own, recursive = FALSE))
  globals <- list()
  packages <- character()
  for (f in functions) {
    found <- future::getGlobalsAndPackages(as.call(list(f)), envir = environment(f) %||% globalenv())
    globals <- utils::modifyList(globals, as.list(found$globals))
    packages <- c(packages, found$packages)
  }
  list(globals = globals, packages = packages)
}

# A function of replicates done and in all: progressr's signal where somebody listens, else the package's bar.
study_progress <- function(total, env = parent.frame()) {
  if (requireNamespace("progressr", quietly = TRUE)) {
    step <- progressr::progressor(steps = max(1, total), envir = env)
    last <- 0
    bar <- progress_bar("Replicates", env)
    return(function(done, total) {
      step(amount = max(0, floor(done) - last))
      last <<- max(last, floor(done))
      if (!is.null(bar)) bar(done / total)
    })
  }
  bar <- progress_bar("Replicates", env)
  function(done, total) if (!is.null(bar)) bar(done / total)
}
