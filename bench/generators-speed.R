# Rscript bench/generators-speed.R [only]
# Seconds to fit and draw, medians of 3 in turns: gen_forest() with 2 threads against arf (10 trees, its default) and
# synthpop (CART): 50,000 rows from a seed of 1,000 rows of the paper's mechanism; 5,000 rows from SD2011, with all of
# its 35 columns (arf) and without the three factors of 16 to 27 levels on which CART does not end (all three).
# `only`: causalsynth alone. Results: bench/generators-speed.csv; time against rows and columns: generators-growth.R.
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
print(against, digits = 3)
