# What keys that an intruder knows give away: combinations of levels, counted (Raab, Nowok and Dibben 2024).

# Numbers of many values are cut at the training rows' deciles; a missing value is a level of its own.
key_groups <- function(frames, columns, most = 20, bins = 10) {
  cut_columns <- character()
  grouped <- lapply(columns, function(name) {
    parts <- lapply(frames, `[[`, name)
    train <- parts$train
    if (is.factor(train) || length(unique(train[!is.na(train)])) <= most) {
      values <- lapply(parts, as.numeric)
      known <- unique(unlist(values))
      return(lapply(values, match, known))
    }
    cut_columns <<- c(cut_columns, name)
    edges <- unique(stats::quantile(train, seq(0, 1, length.out = bins + 1), na.rm = TRUE, names = FALSE))
    lapply(parts, function(x) {
      bin <- findInterval(x, edges, rightmost.closed = TRUE, all.inside = TRUE)
      ifelse(is.na(x), 0L, bin)
    })
  })
  names(grouped) <- columns
  list(codes = grouped, cut = cut_columns)
}

# A number for each combination of the columns' groups, over train, synthetic and holdout rows.
combine_groups <- function(codes) {
  sets <- names(codes[[1]])
  id <- rep(1, sum(lengths(codes[[1]])))
  for (column in codes) {
    value <- unlist(column, use.names = FALSE) + 1
    mixed <- id * (max(value) + 1) + value
    id <- match(mixed, unique(mixed))
  }
  split(id, rep(factor(sets, sets), lengths(codes[[1]])))
}

disclosure_scores <- function(rows, keys, secrets, given) {
  groups <- key_groups(rows$frames, c(keys, secrets))
  q <- combine_groups(groups$codes[keys])
  scores <- list(replicated_score(q, given, "rep_u", "disclosure"))
  for (secret in secrets) {
    t <- combine_groups(groups$codes[secret])
    scores <- c(scores, secret_scores(q, t, secret, given))
  }
  list(scores = scores, cut = groups$cut)
}

# q, t: keys and secret of every row, in each set. For a row with (t, q): s_tq / s_q among the synthetic rows.
secret_scores <- function(q, t, secret, given) {
  base <- max(unlist(t)) + 1
  tq <- Map(function(q, t) q * base + t, q, t)
  among <- function(name, set) {
    s_q <- occurs(q[[name]], q[[set]])
    ifelse(s_q == 0, NA, occurs(tq[[name]], tq[[set]]) / s_q)
  }
  own <- among("train", "synthetic")
  others <- if (given) among("holdout", "synthetic")
  certain <- certain_keys(q$synthetic, t$synthetic)
  zero <- function(x) replace(x, is.na(x), 0)
  name <- function(stem) paste0(stem, "_of_", secret)
  sure <- function(set) q[[set]] %in% certain
  list(
    share_score(name("disco"), "disclosure", own %in% 1, if (given) others %in% 1),
    share_score(name("dorig"), "disclosure", among("train", "train") == 1, if (given) among("holdout", "train") %in% 1),
    normal_score(name("dcap"), "disclosure", zero(own), if (given) zero(others)),
    tcap_score(name("tcap"), own[sure("train")] == 1, if (given) others[sure("holdout")] == 1)
  )
}

# Combinations of keys that have one secret only.
certain_keys <- function(q, t) {
  pairs <- unique(data.frame(q = q, t = t))
  counts <- table_values(pairs$q)
  counts$value[counts$count == 1]
}

tcap_score <- function(metric, holds, reference) {
  if (length(holds) == 0) return(no_score(metric, "disclosure", "no key of a training row has one secret"))
  share_score(metric, "disclosure", holds, reference)
}
