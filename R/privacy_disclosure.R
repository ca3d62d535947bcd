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
  scores <- list(
    share_score("uio", "disclosure", occurs(q$train, q$train) == 1, if (given) occurs(q$holdout, q$train) == 0),
    replicated_score(q, given, "rep_u", "disclosure")
  )
  relations <- NULL
  for (secret in secrets) {
    t <- combine_groups(groups$codes[secret])
    found <- secret_relations(groups, rows$frames$train, keys, secret, own_share(q, t, "train") %in% 1)
    scores <- c(scores, secret_scores(q, t, secret, given, relation_remark(found)))
    relations <- rbind(relations, found)
  }
  list(scores = scores, cut = groups$cut, relations = relations)
}

# s_tq / s_q of each row of `set`: the share of its secret among the rows of `among` with its keys; NA where there are
# none.
own_share <- function(q, t, set, among = "synthetic") {
  base <- max(unlist(t)) + 1
  s_q <- occurs(q[[set]], q[[among]])
  ifelse(s_q == 0, NA, occurs(q[[set]] * base + t[[set]], q[[among]] * base + t[[among]]) / s_q)
}

# q, t: keys and secret of every row, in each set.
secret_scores <- function(q, t, secret, given, remark) {
  own <- own_share(q, t, "train")
  others <- if (given) own_share(q, t, "holdout")
  certain <- certain_keys(q$synthetic, t$synthetic)
  zero <- function(x) replace(x, is.na(x), 0)
  name <- function(stem) paste0(stem, "_of_", secret)
  sure <- function(set) q[[set]] %in% certain
  list(
    share_score(name("disco"), "disclosure", own %in% 1, if (given) others %in% 1, detail = remark),
    share_score(name("dorig"), "disclosure", own_share(q, t, "train", "train") == 1,
                if (given) own_share(q, t, "holdout", "train") %in% 1),
    normal_score(name("dcap"), "disclosure", zero(own), if (given) zero(others)),
    tcap_score(name("tcap"), own[sure("train")] == 1, if (given) others[sure("holdout")] == 1),
    protection_score(name("disclosure_protection"), own, others, length(unique(t$train)))
  )
}

# SDMetrics' DisclosureProtection: 1 - CAP over the rows whose keys occur, over that of a guess among all levels.
protection_score <- function(metric, own, others, levels) {
  if (levels < 2) return(no_score(metric, "disclosure", "the secret has one value in the training rows"))
  baseline <- 1 - 1 / levels
  score <- normal_score(metric, "disclosure", (1 - own) / baseline, if (!is.null(others)) (1 - others) / baseline)
  score$limits <- 0:1
  score$reference <- min(score$reference, 1)
  score
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
