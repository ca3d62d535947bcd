# privacy() where the truth is known. 40 runs each of: synthetic rows that are fresh real rows (each attack's unclipped
# 95 % interval should contain 0, each AUC's .5, in at least 35 runs); training rows with 1 % noise (each membership
# attack should exceed the holdout's); half such rows, half rows far from everyone, so that the mean distance looks
# normal; columns shuffled independently; the same where numbers are grouped, so that no value is one person's alone;
# training rows themselves.
# Shuffled columns of exact numbers do single out: each value is that of one training row, and of no other person.
# Rscript bench/privacy-null.R [runs] [cases, such as fresh,grouped; all]. Results: bench/privacy-null.csv, a row a
# metric and case; rows of other cases stay.
library(causalsynth)
source("bench/lib.R")

arguments <- commandArgs(TRUE)
runs <- if (length(arguments)) as.integer(arguments[1]) else 40L
asked <- if (length(arguments) > 1) strsplit(arguments[2], ",")[[1]]
n <- 400

# Numbers, a factor, a date-like count, missing values, binary treatment and outcome.
draw <- function(seed) {
  rows <- generate(dgp_paper("weak"), n, seed = seed)
  set.seed(seed)
  rows$site <- factor(sample(letters[1:6], n, TRUE, 6:1))
  rows$visits <- stats::rpois(n, exp(rows$W1 / 2))
  rows$lab <- ifelse(stats::runif(n) < .1, NA, stats::rlnorm(n, rows$W2 / 2))
  rows
}
noisy <- function(x, seed) {
  set.seed(seed)
  for (name in names(x)) {
    if (is.numeric(x[[name]]) && length(unique(x[[name]])) > 2) {
      x[[name]] <- x[[name]] + stats::rnorm(n, sd = .01 * stats::sd(x[[name]], na.rm = TRUE))
    }
  }
  x
}
# Every second row is noise around a training row, the others lie apart: numbers drawn evenly over a wider range.
masked <- function(x, seed) {
  x <- noisy(x, seed)
  apart <- seq(2, n, 2)
  for (name in names(x)) {
    if (is.numeric(x[[name]]) && length(unique(x[[name]])) > 2) {
      ends <- range(x[[name]], na.rm = TRUE)
      x[[name]][apart] <- stats::runif(length(apart), ends[1], ends[2])
    }
  }
  x
}
shuffled <- function(x, seed) {
  set.seed(seed)
  x[] <- lapply(x, function(column) column[sample(n)])
  x
}
# By fixed steps and ends, which owe nothing to the rows.
grouped <- function(x) {
  for (name in c("W4", "W5", "W6")) x[[name]] <- pmin(pmax(round(x[[name]]), -1), 1)
  x$lab <- pmin(round(x$lab), 3)
  x$visits <- pmin(x$visits, 3)
  x
}
one <- function(run) {
  real <- draw(10 * run)
  holdout <- draw(10 * run + 1)
  cases <- list(fresh = draw(10 * run + 2), noise = noisy(real, run), masked = masked(real, run),
                shuffled = shuffled(real, run), grouped = shuffled(grouped(real), run), copies = real)
  do.call(rbind, lapply(if (is.null(asked)) names(cases) else asked, function(case) {
    change <- if (case == "grouped") grouped else identity
    scores <- privacy(change(real), cases[[case]], change(holdout), formula = Y ~ A | .,
                      keys = c("W4", "W5", "site"), attacks = 400, seed = run, threads = 2)$scores
    data.frame(case = case, run = run, scores[c("group", "metric", "estimate", "reference", "unclipped.low",
                                               "unclipped.high")])
  }))
}
all <- do.call(rbind, lapply(seq_len(runs), one))
# What the interval should hold if the synthetic rows know no more than the population.
all$null <- ifelse(grepl("_auc|dcr_share", all$metric), .5, ifelse(grepl("_risk", all$metric), 0, NA))
all <- all[!is.na(all$null) | all$metric %in% c("copies", "near_copies", "unique_values", "dcr_mean", "dcr_median"), ]
cell <- interaction(factor(all$metric, unique(all$metric)), factor(all$case, unique(all$case)), drop = TRUE)
table <- do.call(rbind, lapply(split(all, cell), function(x) {
  data.frame(
    case = x$case[1], metric = x$metric[1], runs = nrow(x), estimate = mean(x$estimate, na.rm = TRUE),
    reference = mean(x$reference, na.rm = TRUE),
    contains_null = sum(x$unclipped.low <= x$null & x$null <= x$unclipped.high, na.rm = TRUE),
    above_null = sum(x$unclipped.low > x$null, na.rm = TRUE), missing = sum(is.na(x$estimate))
  )
}))
numbers <- c("estimate", "reference")
table[numbers] <- lapply(table[numbers], signif, 3)
table[is.na(all$null[match(table$metric, all$metric)]), c("contains_null", "above_null")] <- NA
table <- cbind(table, machine())
file <- "bench/privacy-null.csv"
if (!is.null(asked)) {
  kept <- utils::read.csv(file, colClasses = c(r = "character"))
  table <- rbind(kept[!kept$case %in% asked, ], table)
}
utils::write.csv(table, file, row.names = FALSE)
print(table, row.names = FALSE)
