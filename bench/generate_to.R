# Ten million rows of the paper's eight columns into shards: rows a second, the most memory of all processes together,
# and whether the files say what the generator drew. Linux only, for the memory.
# Rscript bench/generate_to.R [rows [folder]]; the csv keeps one row a case.
library(causalsynth)
source("bench/lib.R")
args <- commandArgs(TRUE)
n <- if (length(args) > 0) as.numeric(args[1]) else 1e7
home <- if (length(args) > 1) args[2] else tempfile("shards")
threads <- 2

study <- generate(dgp_paper(), 1000, seed = 1)
models <- list(
  gen_copula = fit_generator(gen_copula(), study, seed = 2),
  gen_forest = fit_generator(gen_forest(), study, seed = 2)
)

# The largest sum of the resident memory of this process and its children, seen every 20 ms by a child that is not
# counted.
watch_memory <- function(file) {
  parent <- Sys.getpid()
  script <- sprintf(paste(
    "m=0; while [ ! -e %s.stop ]; do s=0; for p in %d $(pgrep -P %d -f 'R' | grep -v $$); do",
    "r=$(awk '/^VmRSS/ {print $2}' /proc/$p/status 2>/dev/null); s=$((s + ${r:-0})); done;",
    "[ $s -gt $m ] && m=$s; sleep 0.02; done; echo $m > %s"), file, parent, parent, file)
  system2("sh", c("-c", shQuote(script)), wait = FALSE)
}

run_case <- function(case) {
  folder <- paste0(home, "-", case$generator, "-", case$format)
  unlink(folder, recursive = TRUE)
  peak_file <- tempfile()
  watch_memory(peak_file)
  invisible(gc())
  seconds <- system.time(
    made <- generate_to(models[[case$generator]], case$rows, folder, case$format, seed = 3, threads = threads)
  )[["elapsed"]]
  file.create(paste0(peak_file, ".stop"))
  while (!file.exists(peak_file) || !length(peak <- readLines(peak_file))) Sys.sleep(.05)
  last <- nrow(made)
  read <- if (case$format == "parquet") nanoparquet::read_parquet(made$file[last]) else read.csv(made$file[last])
  drawn <- generate(models[[case$generator]], made$rows[last],
                    causalsynth:::derive_key(causalsynth:::rng_key(3), "shard", last))
  counted <- if (case$format == "parquet") {
    sum(vapply(made$file, function(f) as.numeric(nanoparquet::read_parquet_info(f)$num_rows), 0))
  } else {
    NA
  }
  if (length(args) < 2) unlink(folder, recursive = TRUE)
  data.frame(
    seconds = round(seconds, 2), rows_a_second = round(case$rows / seconds), peak_mb = round(as.numeric(peak) / 1024),
    shards = last, bytes_a_row = round(sum(made$bytes) / case$rows, 1), rows_read = counted,
    last_shard_same = isTRUE(all.equal(as.data.frame(read), drawn, tolerance = 0)), threads = threads, machine()
  )
}

cells <- expand.grid(generator = names(models), format = c("parquet", "csv"), stringsAsFactors = FALSE)
cells$rows <- ifelse(cells$format == "csv", n / 10, n)
print(run_cells(cells, "bench/generate_to.csv", run_case))
