# Rscript tools/interrupts.R [times]: a mixed workload is interrupted (SIGINT) at random moments. After each: no thread
# is left, memory is bounded, and the next call gives the same bits. Writes bench/interrupts.csv (one a row) and bench/
# reliability-interrupts.csv.
root <- normalizePath(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), ".."))
arguments <- commandArgs(TRUE)

status <- function(field) as.numeric(gsub("[^0-9]", "", grep(paste0("^", field, ":"), readLines("/proc/self/status"),
                                                             value = TRUE)))
threads_now <- function() length(list.files("/proc/self/task"))

workload <- function() {
  data <- generate(dgp_paper("moderate"), 2000, seed = 1)
  list(
    forest = function() forest(Y ~ ., data, trees = 400, seed = 1, threads = 2)$oob,
    gen_forest = function() generate(fit_generator(gen_forest(trees = 20), data, seed = 1, threads = 2), 2000,
                                     seed = 2, threads = 2),
    copula = function() generate(fit_generator(gen_copula(), data, seed = 1), 5000, seed = 2, threads = 2),
    effect = function() coef(estimate_effect(Y ~ A | ., data, c("aipw", "tmle"),
                                             learner_treatment = learn_forest(trees = 100),
                                             learner_outcome = learn_forest(trees = 100), seed = 3, threads = 2)),
    distance = function() dcr(data, data[2000:1, ], threads = 2)$distance,
    row_lm = function() generate(fit_generator(gen_row_lm(epochs = 1, width = 6, layers = 1, heads = 1), data[1:300,
        ], seed = 4, threads = 2),
                                 50, seed = 5, threads = 2)
  )
}

# The interrupt comes from a process of its own, after a random wait; a short call ends before it.
child <- function(times, file) {
  suppressPackageStartupMessages(library(causalsynth))
  options(causalsynth.progress = FALSE)
  work <- suppressWarnings(workload())
  took <- vapply(work, function(f) system.time(suppressWarnings(f()))[[3]], 1)
  right <- vapply(work, function(f) rlang::hash(suppressWarnings(f())), "")
  idle <- threads_now()
  rows <- NULL
  set.seed(1)
  for (k in seq_len(times)) {
    name <- sample(names(work), 1)
    wait <- stats::runif(1, 0, took[[name]])
    hit <- FALSE
    back <- NA
    tryCatch({
      system(sprintf("sleep %.3f; kill -INT %d", wait, Sys.getpid()), wait = FALSE)
      suppressWarnings(work[[name]]())
      # It may still be under way.
      Sys.sleep(wait + 2)
    }, interrupt = function(e) hit <<- TRUE)
    Sys.sleep(.05)
    threads <- threads_now()
    following <- sample(names(work), 1)
    same <- identical(rlang::hash(suppressWarnings(work[[following]]())), right[[following]])
    invisible(gc())
    rows <- rbind(rows, data.frame(k, workload = name, after_seconds = round(wait, 3), interrupted = hit,
                                   threads_more = threads - idle,
                                   next_call = following, next_right = same, rss_mb = round(status("VmRSS") / 1024, 1)))
    utils::write.csv(rows, file, row.names = FALSE)
  }
}

main <- function() {
  if (identical(arguments[1], "--child")) return(child(as.integer(arguments[2]), arguments[3]))
  times <- if (length(arguments)) as.integer(arguments[1]) else 100L
  began <- proc.time()[[3]]
  file <- file.path(root, "bench", "interrupts.csv")
  code <- system2(file.path(R.home("bin"), "Rscript"), c(shQuote(file.path(root, "tools", "interrupts.R")), "--child",
                                                         times, shQuote(file)))
  rows <- utils::read.csv(file)
  late <- rows[rows$k > nrow(rows) / 5, ]
  growth <- mean(utils::tail(late$rss_mb, 10)) - mean(utils::head(late$rss_mb, 10))
  wrong <- c(died = code != 0, threads = sum(rows$threads_more > 0), results = sum(!rows$next_right),
             leak = growth > 30)
  print(wrong)
  cat(sprintf("%d of %d interrupts hit a running call; memory grew by %.1f MB over the last four fifths\n",
              sum(rows$interrupted), nrow(rows), growth))
  table <- file.path(root, "bench", "reliability-interrupts.csv")
  utils::write.csv(data.frame(what = "interrupts at random moments", cases = nrow(rows),
                              minutes = round((proc.time()[[3]] - began) / 60, 2),
                              findings = sum(wrong), date = format(Sys.Date())),
                   table, row.names = FALSE)
  file.copy(table, file.path(root, "vignettes", "reliability"), overwrite = TRUE)
  quit(status = as.integer(sum(wrong) > 0))
}

main()
