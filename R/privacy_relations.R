# Secrets that keys give away because the population has it so: a level of the secret that nearly all disclosed rows
# have ("one-way"), a level of a key that nearly always goes with one level of the secret ("two-way"). Raab, Nowok and
# Dibben (2024) name them, so that what is common knowledge is not taken for a leak.

# At least this many disclosed rows, and this share of all disclosed ones, or of those with the key's level.
relation_limits <- list(one_way = c(rows = 50, share = .9), two_way = c(rows = 5, share = .8))

# A row a relation: secret, level, key, key_level (NA where one-way), rows (disclosed training rows), share.
# `disclosed`: TRUE for training rows whose secret their keys give away.
secret_relations <- function(groups, train, keys, secret, disclosed) {
  t <- groups$codes[[secret]]$train
  label <- function(name, code) group_label(train[[name]], groups$codes[[name]]$train, code, name %in% groups$cut)
  relation <- function(code, key, key_code, rows, share) {
    data.frame(secret = secret, level = label(secret, code), key = key,
               key_level = if (is.na(key)) NA_character_ else label(key, key_code), rows = rows, share = share)
  }
  found <- list()
  by_level <- table_values(t[disclosed])
  top <- which.max(by_level$count)
  if (length(top)) {
    share <- by_level$count[top] / sum(disclosed)
    limit <- relation_limits$one_way
    if (by_level$count[top] >= limit[["rows"]] && share >= limit[["share"]]) {
      found <- list(relation(by_level$value[top], NA_character_, NA, by_level$count[top], share))
    }
  }
  limit <- relation_limits$two_way
  for (key in keys) {
    q <- groups$codes[[key]]$train
    pairs <- unique(data.frame(q = q[disclosed], t = t[disclosed]))
    for (i in seq_len(nrow(pairs))) {
      both <- q == pairs$q[i] & t == pairs$t[i]
      share <- sum(both) / sum(q == pairs$q[i])
      if (sum(both & disclosed) < limit[["rows"]] || share < limit[["share"]]) next
      found <- c(found, list(relation(pairs$t[i], key, pairs$q[i], sum(both & disclosed), share)))
    }
  }
  found <- do.call(rbind, found)
  if (is.null(found)) NULL else found[order(!is.na(found$key), -found$rows), ]
}

# Groups of numbers that were cut have no ends here: those would be values of real rows.
group_label <- function(x, codes, code, cut) {
  value <- as.character(x[match(code, codes)])
  if (is.na(value)) "missing" else if (cut) paste("group", code, "of its deciles") else value
}

relation_remark <- function(found, most = 2) {
  if (is.null(found)) return("")
  said <- ifelse(
    is.na(found$key),
    sprintf("%s of its rows have %s", format_share(found$share), found$level),
    sprintf("%s of %s = %s have %s", format_share(found$share), found$key, found$key_level, found$level)
  )
  more <- length(said) - most
  paste0("much by relations in the real rows: ", paste(utils::head(said, most), collapse = "; "),
         if (more > 0) sprintf("; and %d more", more))
}
