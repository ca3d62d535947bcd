# Values that one training row alone has, found among the synthetic ones: whoever knows that value has found the person,
# whatever the rest of the row says.

# TRUE, for each cell of `rows` (a matrix of codes), where exactly one row of `train` has its value; NA where missing.
single_cells <- function(rows, train) {
  found <- vapply(seq_len(ncol(rows)), function(j) {
    known <- train[!is.na(train[, j]), j]
    ifelse(is.na(rows[, j]), NA, occurs(rows[, j], known) == 1)
  }, logical(nrow(rows)))
  matrix(found, nrow(rows))
}

# Without a holdout both halves were in the data.
value_sets <- function(rows, given) {
  train <- if (given) rows$codes$train else rbind(rows$codes$train, rows$codes$holdout)
  list(synthetic = single_cells(rows$codes$synthetic, train),
       holdout = if (given) single_cells(rows$codes$holdout, train))
}

unique_values_score <- function(sets) {
  shares <- lapply(sets, function(x) if (!is.null(x)) rowMeans(x, na.rm = TRUE))
  score <- normal_score("unique_values", "copies", shares$synthetic, shares$holdout)
  score$limits <- 0:1
  # Where no row or every row has them, one further row of the other kind bounds the interval.
  if (score$kind == "normal" && score$estimate %in% 0:1) {
    score$std.error <- 1 / (score$n + 1) / stats::qnorm(.975)
  }
  score
}

# Names of the columns whose synthetic values are those of single training rows clearly more often than a holdout's are:
# by five points, and by three standard errors.
released_columns <- function(sets, names) {
  rate <- function(x) {
    known <- colSums(!is.na(x))
    share <- colSums(x, na.rm = TRUE) / pmax(known, 1)
    list(share = share, variance = share * (1 - share) / pmax(known, 1))
  }
  own <- rate(sets$synthetic)
  other <- if (is.null(sets$holdout)) list(share = 0, variance = 0) else rate(sets$holdout)
  gap <- own$share - other$share
  names[gap > .05 & gap > 3 * sqrt(own$variance + other$variance)]
}
