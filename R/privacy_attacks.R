# Attacks on one person at a time, on rows that were in the data and on control rows that were not (the holdout):
# singling out, linking, guessing a secret.

# Rates on either side as two scores: success, and the risk in excess of the control. `holds`, `control`: one a try.
attack_scores <- function(stem, of, holds, control, given, ..., naive = NA, cluster = NULL, control_cluster = NULL,
                          group = "attack", remark = "") {
  suffix <- if (nzchar(of)) paste0("_of_", of) else ""
  known <- !is.na(holds)
  known_control <- !is.na(control)
  train <- success_count(holds[known], cluster[known])
  against <- success_count(control[known_control], control_cluster[known_control])
  guess <- if (is.na(naive)) remark else sprintf("a guess succeeds in %s", format_share(naive))
  success <- privacy_score(paste0(stem, "_success", suffix), group, "share", counts = train, n = train$n,
                           reference = if (given && against$n > 0) against$s / against$n else NA,
                           n_reference = if (given) against$n else 0, detail = guess)
  name <- paste0(stem, "_risk", suffix)
  risk <- if (!given) {
    no_score(name, group, "needs rows that the generator never saw")
  } else if (train$n == 0 || against$n == 0) {
    no_score(name, group, "no try was possible")
  } else {
    weak <- !is.na(naive) && train$s / train$n <= naive
    privacy_score(name, group, "risk", train = train, control = against, reference = 0, n = train$n,
                  n_reference = against$n,
                  detail = if (weak) "no better than a guess: says nothing of stronger attacks" else remark)
  }
  list(success, risk)
}

format_share <- function(x) sprintf("%.1f%%", 100 * x)

# Predicates true of exactly one synthetic row; do they single out one of as many training as control rows?
singling_scores <- function(rows, attacks, given, key) {
  size <- min(nrow(rows$frames$train), nrow(rows$frames$holdout))
  sets <- lapply(c(train = "train", holdout = "holdout"), function(name) {
    frame <- rows$frames[[name]]
    take_rows(frame, sort(draw_rows(nrow(frame), size, derive_key(key, paste("singling", name)))))
  })
  predicates <- list(
    univariate = univariate_predicates(rows$frames$synthetic, attacks, derive_key(key, "univariate")),
    multivariate = multivariate_predicates(rows$frames$synthetic, attacks, derive_key(key, "multivariate"))
  )
  unlist(lapply(names(predicates), function(kind) {
    hit <- lapply(sets, function(frame) vapply(predicates[[kind]], singled_row, 1L, frame = frame))
    attack_scores(paste0("singling_out_", kind), "", !is.na(hit$train), !is.na(hit$holdout), given,
                  cluster = hit$train, control_cluster = hit$holdout,
                  remark = exact_remark(predicates[[kind]][!is.na(hit$train)]))
  }), recursive = FALSE)
}

# How many of the predicates that held are no more than one exact value.
exact_remark <- function(held) {
  exact <- sum(vapply(held, function(p) identical(p$op, "equal"), NA))
  if (exact == 0) return("")
  sprintf("%d of %s by one exact value", exact, count_phrase(length(held), "success", "successes"))
}

# A predicate: list(column, op, value) a condition. The row it is true of, NA unless that is exactly one.
singled_row <- function(predicate, frame) {
  rows <- NULL
  for (k in seq_along(predicate$column)) {
    x <- frame[[predicate$column[k]]]
    if (!is.null(rows)) x <- x[rows]
    value <- predicate$value[k]
    holds <- switch(predicate$op[k], missing = is.na(x), equal = as.numeric(x) == value, least = x >= value,
                    most = x <= value)
    rows <- if (is.null(rows)) which(holds) else rows[which(holds)]
  }
  if (length(rows) == 1) rows else NA_integer_
}

# Values that one synthetic row has, what lies beyond all values, and a single missing one.
univariate_predicates <- function(frame, attacks, key) {
  found <- unlist(lapply(seq_along(frame), function(j) {
    x <- frame[[j]]
    values <- as.numeric(x[!is.na(x)])
    if (length(values) == 0) return(list())
    counts <- table_values(values)
    single <- counts$value[counts$count == 1]
    made <- lapply(single, function(v) list(column = j, op = "equal", value = v))
    if (!is.factor(x)) {
      ends <- range(values)
      made <- c(made, if (ends[1] %in% single) list(list(column = j, op = "most", value = ends[1])),
                if (ends[2] %in% single) list(list(column = j, op = "least", value = ends[2])))
    }
    c(made, if (sum(is.na(x)) == 1) list(list(column = j, op = "missing", value = NA_real_)))
  }), recursive = FALSE)
  found[draw_rows(length(found), attacks, key)]
}

table_values <- function(values) {
  distinct <- sort(unique(values))
  list(value = distinct, count = tabulate(match(values, distinct), length(distinct)))
}

# Two to five columns of a random synthetic row: its level, or a number's side of the median from the row's value on
# outwards.
multivariate_predicates <- function(frame, attacks, key) {
  n <- .row_names_info(frame, 2L)
  p <- length(frame)
  medians <- vapply(frame, function(x) if (is.factor(x)) NA_real_ else stats::median(x, na.rm = TRUE), 1)
  # Few of the tries are unique; in large sets each costs more.
  tries <- attacks * max(1, min(10, round(50000 / n)))
  drawn <- with_r_seed(key, lapply(seq_len(tries), function(i) {
    width <- min(1 + sample.int(4, 1), p)
    list(row = sample.int(n, 1), columns = sort(sample.int(p, width)))
  }))
  made <- unique(lapply(drawn, function(try) {
    op <- vapply(try$columns, function(j) {
      x <- frame[[j]][try$row]
      if (is.na(x)) "missing" else if (is.factor(x)) "equal" else if (x >= medians[j]) "least" else "most"
    }, "")
    list(column = try$columns, op = op,
         value = vapply(try$columns, function(j) as.numeric(frame[[j]][try$row]), 1))
  }))
  found <- list()
  for (predicate in made) {
    if (is.na(singled_row(predicate, frame))) next
    found[[length(found) + 1]] <- predicate
    if (length(found) == attacks) break
  }
  found
}

# Do the halves of a person's columns lead to the same synthetic row?
linkability_scores <- function(rows, attacks, given, run, key) {
  p <- length(rows$is_factor)
  if (p < 2) return(lapply(paste0("linkability_", c("success", "risk")), no_score, group = "attack",
                           detail = "needs at least 2 columns"))
  # Dealt in turn, those of most values first: either half tells people apart as well as can be.
  values <- vapply(rows$frames$train, function(x) length(unique(x)), 1L)
  turn <- order(-values)
  halves <- list(sort(turn[seq_len(p) %% 4 %in% 0:1]), sort(turn[seq_len(p) %% 4 %in% 2:3]))
  linked <- function(name, size) {
    queries <- attacked(rows$codes[[name]], size, derive_key(key, paste("link", name)))
    near <- lapply(halves, function(columns) {
      two_nearest(queries, rows$codes$synthetic, rows, run, columns = columns)$index
    })
    near[[1]] == near[[2]]
  }
  size <- attack_size(rows, attacks)
  naive <- 1 / nrow(rows$codes$synthetic)
  attack_scores("linkability", "", linked("train", size), linked("holdout", size), given, naive = naive)
}

attack_size <- function(rows, attacks) min(attacks, nrow(rows$codes$train), nrow(rows$codes$holdout))

attacked <- function(x, size, key) x[draw_rows(nrow(x), size, key), , drop = FALSE]

# The secret of the synthetic row that is closest in the known columns.
inference_scores <- function(rows, secret, known, attacks, given, run, key) {
  size <- attack_size(rows, attacks)
  synthetic <- which(!is.na(rows$frames$synthetic[[secret]]))
  target <- rows$frames$synthetic[[secret]][synthetic]
  stem <- c("inference_success_of_", "inference_risk_of_")
  if (length(synthetic) == 0) return(lapply(paste0(stem, secret), no_score, group = "attack",
                                            detail = "all synthetic rows lack it"))
  columns <- match(known, names(rows$frames$train))
  guess <- function(name) {
    picked <- draw_rows(nrow(rows$codes[[name]]), size, derive_key(key, paste("infer", secret, name)))
    near <- two_nearest(rows$codes[[name]][picked, , drop = FALSE], rows$codes$synthetic[synthetic, , drop = FALSE],
                        rows, run, columns = columns)$index
    guessed_right(target[near], rows$frames[[name]][[secret]][picked])
  }
  blind <- with_r_seed(derive_key(key, paste("guess", secret)), sample.int(length(target), size, TRUE))
  picked <- draw_rows(nrow(rows$codes$train), size, derive_key(key, paste("infer", secret, "train")))
  naive <- mean(guessed_right(target[blind], rows$frames$train[[secret]][picked]), na.rm = TRUE)
  attack_scores("inference", secret, guess("train"), guess("holdout"), given, naive = naive)
}

# A level must be the same, a number within 5 % of the guess; NA where the truth is missing.
guessed_right <- function(guess, truth, tolerance = .05) {
  if (is.factor(truth)) return(as.character(guess) == as.character(truth))
  abs(guess - truth) <= tolerance * abs(guess)
}

# A forest grown on synthetic rows guesses the secret from the other columns: how often is it right, and does it predict
# those who were in the data better?
attribute_scores <- function(rows, secret, known, given, run, key) {
  names <- paste0("attribute_", c("success", "risk", "auc"), "_of_", secret)
  synthetic <- rows$frames$synthetic
  usable <- which(!is.na(synthetic[[secret]]))
  usable <- usable[draw_rows(length(usable), most_classified, derive_key(key, paste("attribute", secret)))]
  y <- synthetic[[secret]][usable]
  if (is.factor(y)) y <- droplevels(y) else if (all(y %in% 0:1)) y <- factor(y)
  if (length(usable) < 2 || length(unique(y)) < 2) {
    return(lapply(names, no_score, group = "attack", detail = "the secret does not vary in the synthetic rows"))
  }
  fit <- forest(take_rows(synthetic[known], usable), y, trees = 100, seed = derive_key(key, paste("forest", secret)),
                threads = run$threads)
  judged <- lapply(rows$frames[c("train", "holdout")], function(frame) judge_forest(fit, y, frame, secret, known, run))
  blind <- with_r_seed(derive_key(key, paste("blind", secret)), y[sample.int(length(y), nrow(rows$frames$train), TRUE)])
  naive <- mean(guessed_right(as_truth(blind, y), as_truth(rows$frames$train[[secret]], y)), na.rm = TRUE)
  better <- if (given) {
    roc_scores(paste0("attribute_auc_of_", secret), judged$train$score, judged$holdout$score, "attack", FALSE)$scores
  } else {
    list(no_score(names[3], "attack", "needs rows that the generator never saw"))
  }
  better[[1]]$metric <- names[3]
  c(attack_scores("attribute", secret, judged$train$right, judged$holdout$right, given, naive = naive), better)
}

# 0/1 numbers were made classes for the forest.
as_truth <- function(x, y) if (is.factor(y)) factor(as.character(x), levels(y)) else x

judge_forest <- function(fit, y, frame, secret, known, run) {
  truth <- frame[[secret]]
  if (!is.factor(y)) {
    guess <- stats::predict(fit, frame[known], threads = run$threads)
    return(list(right = guessed_right(guess, truth), score = -abs(guess - truth)))
  }
  prob <- stats::predict(fit, frame[known], type = "prob", threads = run$threads)
  at <- match(as.character(truth), colnames(prob))
  best <- max.col(prob, ties.method = "first")
  missing <- is.na(truth)
  own <- prob[cbind(seq_along(at), at)]
  own[is.na(at) & !missing] <- 0
  right <- best == at
  right[is.na(at) & !missing] <- FALSE
  list(right = right, score = own)
}
