# Random data frames of every shape a user may bring: types, gaps, constants, copies, extreme magnitudes, odd names,
# no rows, one row, thousands of columns. All draws are R's own: a case is made again from its seed.

pick <- function(...) {
  choices <- c(...)
  choices[[sample.int(length(choices), 1)]]
}
chance <- function(p) stats::runif(1) < p

number_columns <- list(
  normal = function(n) stats::rnorm(n),
  rounded = function(n) round(stats::rnorm(n, 50, 20), 1),
  whole = function(n) as.numeric(sample.int(9, n, TRUE)),
  binary = function(n) as.numeric(stats::runif(n) < .5),
  constant = function(n) rep(pick(0, 1, -3.5, 1e300, 1e-300), n),
  huge = function(n) stats::rnorm(n) * 1e300,
  largest = function(n) sample(c(-1, 1, .5), n, TRUE) * .Machine$double.xmax,
  tiny = function(n) stats::rnorm(n) * 1e-300,
  denormal = function(n) sample(c(-3, -1, 0, 1, 2, 7), n, TRUE) * 4.940656e-324,
  scales = function(n) sample(c(-1, 1), n, TRUE) * 10^stats::runif(n, -300, 300),
  shifted = function(n) 1e15 + sample.int(5, n, TRUE),
  close = function(n) 1 + sample.int(4, n, TRUE) * .Machine$double.eps,
  skewed = function(n) exp(stats::rnorm(n, 0, 4)),
  zeros = function(n) ifelse(stats::runif(n) < .8, 0, stats::rexp(n)),
  signed_zero = function(n) sample(c(0, -0), n, TRUE),
  outlier = function(n) replace(stats::rnorm(n), seq_len(min(n, 1)), 1e12)
)

plain_columns <- list(
  integer = function(n) sample.int(20, n, TRUE) - 10L,
  large_integer = function(n) sample(c(-1L, 1L), n, TRUE) * (.Machine$integer.max - sample.int(3, n, TRUE)),
  logical = function(n) stats::runif(n) < .4,
  factor = function(n) factor(sample(c("a", "b", "c"), n, TRUE), c("c", "a", "b")),
  unused = function(n) factor(sample(c("u", "v"), n, TRUE), c("v", "never", "u")),
  one_level = function(n) factor(rep("only", n)),
  many_levels = function(n) factor(paste0("l", sample.int(max(60, n), n, TRUE))),
  ordered = function(n) factor(sample(c("low", "mid", "high"), n, TRUE), c("low", "mid", "high"), ordered = TRUE),
  odd_levels = function(n) {
    levels <- c("", " ", "NA", "<b>", "a,b", "\"q\"", "\u00e9t\u00e9", "1e5", "TRUE", "line\nbreak", "{x}")
    factor(sample(levels, n, TRUE), levels)
  },
  character = function(n) sample(c("x", "y", "z"), n, TRUE),
  odd_text = function(n) sample(c("", "NA", "a;b", "is 3", "\u4f60", "x\\y", "'", "%s", "{y}", "missing"), n, TRUE),
  identifier = function(n) paste0("id", seq_len(n)),
  date = function(n) as.Date("2020-01-31") + sample.int(400, n, TRUE),
  far_date = function(n) as.Date(sample(c(-700000, 0, 10957, 2900000), n, TRUE), origin = "1970-01-01"),
  moment = function(n) as.POSIXct("2021-03-28 01:30:00", tz = pick("UTC", "Europe/Paris")) + 600 * sample.int(99, n,
      TRUE),
  span = function(n) as.difftime(sample.int(30, n, TRUE) / 2, units = "hours")
)

# What no data frame of a study should hold: refused with a classed error.
wrong_columns <- list(
  infinite = function(n) sample(c(1, Inf, -Inf), n, TRUE),
  nan = function(n) sample(c(1, 2, NaN), n, TRUE),
  complex = function(n) complex(n, stats::rnorm(n), 1),
  raw = function(n) as.raw(sample.int(255, n, TRUE)),
  list = function(n) rep(list(1:2), n),
  matrix = function(n) matrix(stats::rnorm(2 * n), n),
  frame = function(n) data.frame(p = seq_len(n), q = seq_len(n)),
  latin1 = function(n) rep("caf\xe9", n)
)

random_column <- function(n, wrong = .02) {
  from <- if (chance(wrong)) wrong_columns else if (chance(.5)) number_columns else plain_columns
  column <- from[[sample.int(length(from), 1)]](n)
  if (n > 0 && is.null(dim(column)) && !is.list(column) && !is.raw(column) && chance(.25)) {
    share <- pick(.1, .5, 1)
    column[stats::runif(n) < share] <- NA
  }
  column
}

odd_names <- c("a b", "if", "NA", "T", "x.y", "_u", "\u00e9", "1st", "w-1", "`tick`", "<i>", "c,d", ".q1", ".row", "n",
               "data", "Y~A", "{z}", "%d", "..1", "weights")

random_names <- function(k) {
  names <- paste0("x", seq_len(k))
  odd <- stats::runif(k) < pick(0, 0, 0, .4)
  names[odd] <- sample(odd_names, sum(odd), TRUE)
  if (chance(.03)) names else make.unique(names, "_")
}

random_shape <- function() {
  u <- stats::runif(1)
  rows <- pick(0, 1, 2, 3, 4, 7, 12, 20, 20, 30, 30, 40)
  columns <- sample.int(6, 1)
  if (u < .002) columns <- 3000 else if (u < .006) columns <- 300 else if (u < .02) columns <- 40
  if (columns > 40) rows <- min(rows, 12)
  c(rows, columns)
}

random_frame <- function(shape = random_shape(), wrong = .02, names = random_names(shape[2])) {
  n <- shape[1]
  columns <- if (shape[2] > 40) {
    same <- random_column(n, wrong)
    rep(list(same, stats::rnorm(n), sample.int(3, n, TRUE)), length.out = shape[2])
  } else lapply(seq_len(shape[2]), function(j) random_column(n, wrong))
  frame <- structure(columns, names = names, row.names = seq_len(n), class = "data.frame")
  if (n > 1 && chance(.1)) frame <- frame[sample.int(max(1, n %/% 2), n, TRUE), , drop = FALSE]
  if (chance(.1) && requireNamespace("tibble", quietly = TRUE) && !anyDuplicated(names)) {
    frame <- tibble::new_tibble(unclass(frame), nrow = n)
  }
  frame
}

# Other rows of the same columns: resampled, perhaps spoiled.
rows_like <- function(frame, n = nrow(frame), spoil = .05) {
  if (nrow(frame) == 0) return(frame)
  out <- frame[sample.int(nrow(frame), n, TRUE), , drop = FALSE]
  if (!inherits(out, "tbl_df")) rownames(out) <- NULL
  if (chance(spoil) && ncol(out) > 1) out <- out[-1]
  if (chance(spoil)) out$extra <- rep(1, n)
  if (chance(spoil) && n > 0) out[[1]] <- random_column(n, 0)
  out
}

# A study Y ~ A | W: mostly one that can be analysed, at times one that cannot.
random_study <- function(wild = chance(.35), outcome = pick("binary", "binary", "number")) {
  n <- if (wild) pick(0, 1, 2, 3, 5, 8, 16, 30) else pick(24, 30, 40, 60)
  w <- random_frame(c(n, sample.int(3, 1)), wrong = if (wild) .05 else 0)
  n <- nrow(w)
  w <- stats::setNames(as.list(w), paste0("w", seq_along(w)))
  if (!wild) w$w1 <- number_columns$normal(n)
  treated <- if (n > 1) sample(rep_len(0:1, n)) else rep_len(0:1, n)
  a <- random_arms(treated, wild)
  y <- if (outcome == "binary") as.numeric(stats::runif(n) < .35 + .3 * treated)
  else treated + stats::rnorm(n)
  if (outcome == "number" && chance(.3)) y <- y * pick(1e-300, 1e-12, 1e8, 1e150, 1e300)
  if (outcome == "binary" && chance(.2)) y <- pick(list(y == 1), list(factor(ifelse(y == 1, "yes", "no"))),
                                                   list(as.integer(y)))
  if (wild && chance(.4)) y <- random_column(n, .1)
  structure(c(w, list(A = a, Y = y)), row.names = seq_len(n), class = "data.frame")
}

random_arms <- function(treated, wild) {
  if (wild && chance(.3)) return(random_column(length(treated), .1))
  if (wild && chance(.1)) return(rep_len(0:2, length(treated)))
  switch(pick("number", "number", "integer", "logical", "factor", "text"),
         number = as.numeric(treated), integer = treated, logical = treated == 1,
         factor = factor(ifelse(treated == 1, "new", "old"), c("old", "new")),
         text = ifelse(treated == 1, "t", "c"))
}

# A wrong value for an argument.
wrong_value <- function() {
  pick(list(NULL), list(NA), list(-1), list(0), list(1e10), list("no"), list(character()), list(NaN), list(Inf),
       list(list(1)), list(c(1, 2, 3)), list(function(x) x), list(TRUE), list(mtcars), list(Y ~ A | .), list(.5))
}
