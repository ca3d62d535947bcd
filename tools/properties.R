# Rscript tools/properties.R [cases [seed [processes [minutes]]]]: random cases through every exported function of the
# installed
# package, in child processes: one that dies is reported with the seed of its case. Writes
# bench/reliability-properties.csv.
# Rscript tools/properties.R --replay SEED: one case alone, with what it finds.
root <- normalizePath(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])), ".."))
arguments <- commandArgs(TRUE)
folder <- file.path(root, "tests", "properties")

load_suite <- function() {
  suppressPackageStartupMessages(library(causalsynth))
  options(causalsynth.progress = FALSE, warn = 1)
  for (file in c("frames.R", "steps.R", "properties.R", "effects.R", "quality.R")) source(file.path(folder, file))
}

# A child: cases `seeds`; before each its seed goes to the log, after each its counts.
run_child <- function(from, to, log, until) {
  load_suite()
  con <- file(log, "a")
  on.exit(close(con))
  for (seed in from:to) {
    if (as.numeric(Sys.time()) > until) break
    writeLines(paste("begin", seed), con)
    flush(con)
    done <- run_case(seed, all_properties)
    counts <- table(factor(done$calls))
    writeLines(c(
      if (NROW(done$findings)) sprintf("finding\t%d\t%s\t%s\t%s", done$findings$seed, done$findings$property,
                                       done$findings$fun, done$findings$what),
      sprintf("call\t%s\t%d", names(counts), as.integer(counts)),
      sprintf("end\t%d\t%s\t%d\t%d\t%.3f", seed, done$property, done$returned, done$refused, done$seconds)
    ), con)
    flush(con)
  }
}

# One chunk of cases; a child that died is started again behind its case.
run_chunk <- function(seeds, log, until) {
  self <- file.path(root, "tools", "properties.R")
  from <- min(seeds)
  file.create(log)
  while (from <= max(seeds) && as.numeric(Sys.time()) < until) {
    status <- system2(file.path(R.home("bin"), "Rscript"), c(shQuote(self), "--child", from, max(seeds), shQuote(log),
                                                             until),
                      stdout = FALSE, stderr = paste0(log, ".err"), timeout = 3600)
    if (status == 0) break
    lines <- readLines(log)
    last <- as.integer(sub("begin ", "", utils::tail(grep("^begin ", lines, value = TRUE), 1)))
    if (length(last) == 0) stop("The children do not start: ", paste(readLines(paste0(log, ".err")), collapse = "\n"))
    cat(sprintf("finding\t%d\t?\t?\tthe process died with status %d\n", last, status), file = log, append = TRUE)
    from <- last + 1
  }
  log
}

fields <- function(lines, tag) {
  found <- strsplit(grep(paste0("^", tag, "\t"), lines, value = TRUE), "\t", fixed = TRUE)
  do.call(rbind, found)
}

report_run <- function(lines, cases, seed, minutes) {
  ends <- fields(lines, "end")
  calls <- fields(lines, "call")
  found <- fields(lines, "finding")
  per_call <- tapply(as.integer(calls[, 3]), calls[, 2], sum)
  per_case <- table(ends[, 3])
  functions <- sort(unique(c(names(per_call), names(per_case))))
  findings <- if (is.null(found)) rep(0, length(functions)) else as.integer(table(factor(found[, 4], functions)))
  count <- function(x) ifelse(is.na(x[functions]), 0, as.integer(x[functions]))
  table <- data.frame(what = paste0("properties: ", functions), cases = count(per_case), calls = count(per_call),
                      minutes = round(tapply(as.numeric(ends[, 6]), factor(ends[, 3], functions), sum) / 60, 2),
                      findings = findings, seeds = sprintf("%d to %d", seed, max(as.integer(ends[, 2]))),
                        date = format(Sys.Date()))
  table$minutes[is.na(table$minutes)] <- 0
  unknown <- if (is.null(found)) 0 else sum(!found[, 4] %in% functions)
  total <- data.frame(what = "properties: all functions", cases = nrow(ends), calls = sum(table$calls),
                      minutes = round(minutes, 2),
                      findings = sum(findings) + unknown, seeds = table$seeds[1], date = table$date[1])
  list(table = rbind(total, table), found = found, returned = sum(as.integer(ends[, 4])),
       refused = sum(as.integer(ends[, 5])))
}

main <- function() {
  if (identical(arguments[1], "--child")) {
    return(run_child(as.integer(arguments[2]), as.integer(arguments[3]), arguments[4], as.numeric(arguments[5])))
  }
  if (identical(arguments[1], "--replay")) {
    load_suite()
    done <- run_case(as.integer(arguments[2]), all_properties)
    return(print(done))
  }
  cases <- if (length(arguments) >= 1) as.integer(arguments[1]) else 20000L
  seed <- if (length(arguments) >= 2) as.integer(arguments[2]) else 1L
  processes <- if (length(arguments) >= 3) as.integer(arguments[3]) else 2L
  seeds <- seed + seq_len(cases) - 1L
  chunks <- split(seeds, (seq_along(seeds) - 1L) %/% 250L)
  logs <- file.path(tempdir(), sprintf("cases-%04d.log", seq_along(chunks)))
  began <- proc.time()[[3]]
  until <- round(as.numeric(Sys.time()) + 60 * (if (length(arguments) >= 4) as.numeric(arguments[4]) else 1e5))
  parallel::mcmapply(run_chunk, chunks, logs, until, mc.cores = processes, mc.preschedule = FALSE)
  lines <- unlist(lapply(logs, readLines))
  done <- report_run(lines, cases, seed, (proc.time()[[3]] - began) / 60)
  table <- file.path(root, "bench", "reliability-properties.csv")
  utils::write.csv(done$table, table, row.names = FALSE, quote = TRUE)
  file.copy(table, file.path(root, "vignettes", "reliability"), overwrite = TRUE)
  if (!is.null(done$found)) {
    kinds <- paste(done$found[, 4], substr(done$found[, 5], 1, 150), sep = ": ")
    for (kind in names(sort(table(kinds), decreasing = TRUE))) {
      at <- which(kinds == kind)
      cat(sprintf("%5d x %s (seeds %s)\n", length(at), kind, paste(utils::head(done$found[at, 2], 4), collapse = ", ")))
    }
  }
  cat(sprintf("%d cases, %d calls: %d returned, %d refused with a classed error; %d findings; %.1f minutes\n",
              done$table$cases[1], done$table$calls[1], done$returned, done$refused, done$table$findings[1],
                done$table$minutes[1]))
  quit(status = as.integer(done$table$findings[1] > 0))
}

main()
