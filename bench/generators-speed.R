# Rscript bench/generators-speed.R [only] [growth]
# Seconds to fit and draw, medians of 3 in turns: gen_forest() with 2 threads against arf (10 trees, its default) and
# synthpop (CART): 50,000 rows from a seed of 1,000 rows of the paper's mechanism; 5,000 rows from SD2011, with all of
# its 35 columns (arf) and without the three factors of 16 to 27 levels on which CART does not end (see
# synthpop (CART): 50,000 rows from a seed of 1,000 rows of the paper mechanism; 5,000 rows from SD2011, with all
# columns. `only`: causalsynth alone. Results: bench/generators-speed.csv.
suppressMessages(library(causalsynth))
source("bench/lib.R")
source("bench/generators-lib.R")
rivals <- if ("only" %in% commandArgs(TRUE)) character() else c("arf 10", "synthpop cart")

whole <- get_data("SD2011", "synthpop")
whole$wkabdur <- as.numeric(whole$wkabdur)
works <- list(
  list(name = "paper, 50,000 rows", seed = generate(dgp_paper(), 1000, seed = 1), n = 50000, rivals = rivals),
  list(name = "SD2011, 35 columns", seed = whole, n = 5000, rivals = setdiff(rivals, "synthpop cart")),
  list(name = "SD2011, 32 columns", seed = whole[setdiff(names(whole), c("eduspec", "emcc", "region"))], n = 5000,
       rivals = rivals)
)
compare <- function(work, times = 3) {
  who <- c("causalsynth", work$rivals)
  seconds <- matrix(NA_real_, times, length(who), dimnames = list(NULL, who))
  for (i in seq_len(times)) for (g in who) {
    gc(FALSE)
    seconds[i, g] <- suppressWarnings(system.time(generator_peers[[g]](work$seed, work$n, i)))[["elapsed"]]
  }
  median <- apply(seconds, 2, stats::median)
  data.frame(work = work$name, generator = who, seconds = median, ratio = median / median[["causalsynth"]],
             runs = times, row.names = NULL)
}
against <- do.call(rbind, lapply(works, compare))
utils::write.csv(cbind(against, machine()), "bench/generators-speed.csv", row.names = FALSE)
if (!("growth" %in% commandArgs(TRUE))) quit(save = "no")

# Columns of three kinds that depend on one another.
table_of <- function(rows, columns) {
  set.seed(1)
  common <- stats::rnorm(rows)
  as.data.frame(lapply(stats::setNames(seq_len(columns), paste0("x", seq_len(columns))), function(j) {
    x <- stats::rnorm(rows) + cos(j) * common
    switch(j %% 3 + 1, x, as.integer(x > 0), cut(x, c(-Inf, -1, 0, 1, Inf), c("a", "b", "c", "d")))
  }))
}
sizes <- data.frame(rows = c(5000, 10000, 20000, 40000, 10000, 10000, 1e5), columns = c(20, 20, 20, 20, 40, 80, 100))
growth <- do.call(rbind, lapply(seq_len(nrow(sizes)), function(i) {
  seed <- table_of(sizes$rows[i], sizes$columns[i])
  time <- system.time(generator_peers$causalsynth(seed, sizes$rows[i], 1))[["elapsed"]]
  status <- if (file.exists("/proc/self/status")) readLines("/proc/self/status") else character()
  peak <- as.numeric(gsub("\\D", "", grep("VmHWM", status, value = TRUE))) / 1024
  data.frame(work = sprintf("%s rows x %d columns, as many drawn; peak so far %.0f MB",
                            format(sizes$rows[i], big.mark = ",", scientific = FALSE), sizes$columns[i], peak),
             generator = "causalsynth", seconds = time, ratio = NA, runs = 1)
}))
result <- rbind(against, growth)
utils::write.csv(cbind(result, machine()), "bench/generators-speed.csv", row.names = FALSE)
print(result, digits = 3)
