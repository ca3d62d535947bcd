# Where rows beyond the threshold lie, in words: the leaves of a shallow regression tree (Breiman et al. 1984) of who
# seldom gets which treatment, on the covariates.

region_depth <- 3
# Cuts are looked for among at most so many rows, evenly spaced; leaves are counted on all.
region_rows <- 20000

# A data frame, a row a region, the largest first: region (words), n, treated, control, beyond, rare. Leaves of which at
# least half the rows are beyond; NULL where there are none, or no covariates.
overlap_regions <- function(covs, treat, ps, threshold) {
  status <- (1 - ps < threshold) - (ps < threshold)
  covs <- region_columns(covs)
  if (length(covs) == 0 || !any(status != 0)) return(NULL)
  n <- length(status)
  leaves <- grow_regions(covs, status, seq_len(n), list(), region_depth, max(5, ceiling(.02 * n)))
  rows <- lapply(leaves, function(leaf) {
    own <- status[leaf$rows]
    data.frame(
      region = if (length(leaf$path)) describe_region(leaf$path, covs, leaf$rows) else "everywhere",
      n = length(own), treated = sum(treat[leaf$rows]), control = sum(1 - treat[leaf$rows]), beyond = sum(own != 0),
      rare = if (sum(own < 0) >= sum(own > 0)) "treated" else "control"
    )
  })
  table <- do.call(rbind, rows)
  table <- table[table$beyond >= .5 * table$n, ]
  table <- table[order(-table$beyond, -table$n), ]
  rownames(table) <- NULL
  if (nrow(table)) table
}

# Numbers, and factors as codes, that vary.
region_columns <- function(covs) {
  columns <- lapply(unclass(covs), function(x) {
    if (is.character(x)) x <- factor(x)
    if (is.factor(x)) return(droplevels(x))
    if (is.numeric(x) || is.logical(x) || inherits(x, c("Date", "POSIXct"))) as.numeric(x)
  })
  columns[vapply(columns, function(x) !is.null(x) && length(unique(x[!is.na(x)])) > 1, NA)]
}

# Leaves as list(list(rows, path)); a path's steps are list(name, side ("low", "high"), cut, or levels).
grow_regions <- function(covs, status, rows, path, depth, least) {
  split <- if (depth > 0 && length(rows) >= 2 * least) best_cut(covs, status, rows, least)
  if (is.null(split)) return(list(list(rows = rows, path = path)))
  low <- goes_low(covs[[split$name]][rows], split)
  step <- function(side) c(path, list(c(split, side = side)))
  c(grow_regions(covs, status, rows[low], step("low"), depth - 1, least),
    grow_regions(covs, status, rows[!low], step("high"), depth - 1, least))
}

# Missing values go low.
goes_low <- function(x, split) {
  if (is.factor(x)) is.na(x) | as.character(x) %in% split$levels else is.na(x) | x <= split$cut
}

# The cut that leaves the least squared error, each side of at least `least` rows; NULL where none helps.
best_cut <- function(covs, status, rows, least) {
  step <- max(1, length(rows) %/% region_rows)
  some <- rows[seq(1, length(rows), by = step)]
  y <- status[some]
  if (all(y == y[1])) return(NULL)
  best <- NULL
  for (name in names(covs)) {
    found <- column_cut(covs[[name]][some], y, max(1, least %/% step))
    if (!is.null(found) && (is.null(best) || found$gain > best$gain * (1 + 1e-9))) best <- c(list(name = name), found)
  }
  if (!is.null(best) && best$gain > 1e-9 * length(y)) best
}

# The best cut of one column: list(gain, cut) or list(gain, levels: those that go low).
column_cut <- function(x, y, least) {
  if (is.factor(x)) {
    means <- tapply(y, x, mean)
    ranked <- names(sort(means[!is.na(means)]))
    value <- match(as.character(x), ranked)
  } else value <- x
  value[is.na(value)] <- -Inf
  turn <- order(value)
  value <- value[turn]
  n <- length(y)
  sums <- cumsum(y[turn])
  at <- which(value[-n] < value[-1])
  at <- at[at >= least & n - at >= least]
  if (length(at) == 0) return(NULL)
  gain <- sums[at]^2 / at + (sums[n] - sums[at])^2 / (n - at) - sums[n]^2 / n
  k <- which.max(gain)
  if (is.factor(x)) {
    last <- value[at[k]]
    return(list(gain = gain[k], levels = if (is.finite(last)) ranked[seq_len(last)] else character()))
  }
  list(gain = gain[k], cut = short_cut(value[at[k]], value[at[k] + 1]))
}

# The shortest number between two values.
short_cut <- function(low, high) {
  if (!is.finite(low)) return(low)
  middle <- (low + high) / 2
  for (digits in 1:15) {
    cut <- signif(middle, digits)
    if (cut >= low && cut < high) return(cut)
  }
  low
}

# A path's steps in words, those on one variable together.
describe_region <- function(path, covs, rows) {
  names <- unique(vapply(path, `[[`, "", "name"))
  words <- vapply(names, function(name) {
    steps <- Filter(function(s) s$name == name, path)
    text <- describe_steps(name, steps, covs[[name]])
    if (anyNA(covs[[name]][rows])) paste0("(", text, " or missing)") else text
  }, "")
  paste(words, collapse = " and ")
}

describe_steps <- function(name, steps, x) {
  if (is.factor(x)) {
    kept <- levels(x)
    for (s in steps) kept <- if (s$side == "low") intersect(kept, s$levels) else setdiff(kept, s$levels)
    return(if (length(kept) == 1) paste(name, "=", kept) else paste0(name, " in {", shorten(kept, 5), "}"))
  }
  low <- max(c(-Inf, unlist(lapply(steps, function(s) if (s$side == "high") s$cut))))
  high <- min(c(Inf, unlist(lapply(steps, function(s) if (s$side == "low") s$cut))))
  inside <- unique(x[!is.na(x) & x > low & x <= high])
  if (length(inside) == 1 && length(unique(x[!is.na(x)])) <= 10) return(paste(name, "=", format(inside)))
  if (is.infinite(low)) return(paste(name, "<=", format(high)))
  if (is.infinite(high)) return(paste(name, ">", format(low)))
  paste(format(low), "<", name, "<=", format(high))
}

# For print(): the regions of most rows beyond.
region_lines <- function(x, most = 3) {
  table <- x$regions
  if (is.null(table)) return(NULL)
  shown <- utils::head(table, most)
  count <- ifelse(shown$rare == "treated", shown$treated, shown$control)
  c(
    paste0("Where, by a tree of the covariates",
           if (nrow(table) > most) paste0(" ($regions has ", nrow(table) - most, " more)"), ":"),
    paste0("  ", shown$region, ": ", thousands(count), " of ", thousands(shown$n), " ", shown$rare, " (",
           thousands(shown$beyond), " beyond)")
  )
}
