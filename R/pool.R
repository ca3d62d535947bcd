# A pool: synthetic rows that know their mean outcomes. These live in the attribute "causalsynth", a vector an arm
# (named q0 and q1, or q_<level>), with where the pool comes from; whatever keeps or moves rows keeps or moves them too,
# and what cannot drops the class aloud.

new_pool <- function(rows, means, origin) {
  origin$rows <- origin$rows %||% nrow(rows)
  attr(rows, "causalsynth") <- list(means = means, origin = origin, marks = row_marks(rows))
  class(rows) <- c("causalsynth_pool", setdiff(class(rows), "causalsynth_pool"))
  # data.table's := needs spare room, which setting attributes took away.
  if (inherits(rows, "data.table")) data.table::setalloccol(rows) else rows
}

# Sums of each column, plain and weighted by row number: an order changed by reference (data.table's setorder()) leaves
# the first as it was and changes the second.
row_marks <- function(rows) {
  place <- as.numeric(seq_len(.row_names_info(rows, 2L)))
  marks <- lapply(unclass(rows), function(x) {
    if (is.character(x)) x <- match(x, sort(unique(x)))
    if (is.list(x) || length(dim(x)) > 1 || !typeof(x) %in% c("logical", "integer", "double")) return(NULL)
    x <- as.numeric(x)
    x[is.na(x)] <- 0
    c(sum(x), sum(x * place), sum(abs(x)), sum(abs(x) * place))
  })
  marks[!vapply(marks, is.null, NA)]
}

# Has a column the same values as before in another order?
reordered <- function(rows, marks) {
  now <- row_marks(rows)
  any(vapply(intersect(names(now), names(marks)), function(name) {
    old <- marks[[name]]
    gap <- abs(now[[name]] - old)
    gap[1] <= 1e-9 * old[3] && gap[3] <= 1e-9 * old[3] && gap[2] > 1e-12 * old[4]
  }, NA))
}

is_pool <- function(x) inherits(x, "causalsynth_pool")

# list(means, origin, marks), with two arms also q1 and q0.
pool_parts <- function(x, call = rlang::caller_env()) {
  parts <- attr(x, "causalsynth", exact = TRUE)
  if (is.null(parts$means) && !is.null(parts$q1)) parts$means <- parts[c("q0", "q1")]
  if (is.null(parts) || length(parts$means[[1]]) != nrow(x) || reordered(x, parts$marks)) {
    abort("data", c(
      "This pool's mean outcomes do not fit its {nrow(x)} rows any more.",
      i = "An operation changed the rows without the package's knowledge: start from the original pool."
    ), call = call)
  }
  if (identical(names(parts$means), c("q0", "q1"))) parts[c("q0", "q1")] <- parts$means
  parts
}

# What a pool says of its making; carried along, never recomputed.
pool_origin <- function(hybrid) {
  # The formula's own environment may hold the seed: it must not travel with rows that are shared.
  # Written out, `.` does not take in columns that are added later.
  formula <- hybrid$formula
  formula[[3]][[3]] <- stats::formula(parse_roles(formula, hybrid$template)$terms)[[2]]
  environment(formula) <- globalenv()
  list(
    formula = formula, kind = "hybrid", targeted = hybrid$targeted, treatment = hybrid$treatment,
    generator = hybrid$generator$spec$label, n_seed = hybrid$n_seed, seed_effect = hybrid$seed_effect,
    law_effect = unname(hybrid$law$means[2] - hybrid$law$means[1]), law_means = hybrid$law$means,
    arms = hybrid$arms, treat_levels = hybrid$treat_levels, m = 1, proper = isTRUE(hybrid$proper),
    knobs = hybrid$knobs, certificate = hybrid$certificate
  )
}

plain_rows <- function(x) {
  attr(x, "causalsynth") <- NULL
  class(x) <- setdiff(class(x), "causalsynth_pool")
  x
}

drop_pool <- function(x, what) {
  cli::cli_inform(c(
    "!" = "{what} cannot keep the pool's known mean outcomes: the result is an ordinary data frame.",
    i = "Take {.fn truth} of the pool before."
  ), class = "causalsynth_message_pool")
  plain_rows(x)
}

# The rows at `index` (whole numbers) as a pool.
pool_rows <- function(rows, parts, index) {
  if (anyNA(index)) return(drop_pool(rows, "Selecting rows that do not exist"))
  new_pool(rows, lapply(parts$means, `[`, index), parts$origin)
}

#' @export
`[.causalsynth_pool` <- function(x, i, j, ..., drop) {
  if (inherits(x, "data.table")) return(index_table(x, sys.call(), parent.frame()))
  parts <- pool_parts(x)
  plain <- plain_rows(x)
  by_row <- nargs() - as.integer(!missing(drop)) >= 3
  result <- if (by_row) {
    if (missing(drop)) plain[i, j, ...] else plain[i, j, ..., drop = drop]
  } else {
    if (missing(i)) plain[] else plain[i]
  }
  if (!is.data.frame(result)) return(result)
  if (!by_row || missing(i)) return(new_pool(result, parts$means, parts$origin))
  index <- data.frame(row = seq_len(nrow(plain)), row.names = row.names(plain))[i, "row"]
  pool_rows(result, parts, index)
}

# data.table's `[`, evaluated where it was written: `i` alone, `with = FALSE` and := keep the rows' means, any other
# `j` cannot.
index_table <- function(x, call, env) {
  if (length(call) == 2 || length(call) == 3 && rlang::is_missing(call[[3]])) return(x)
  method <- utils::getS3method("[", "data.table")
  args <- as.list(match.call(method, call, expand.dots = FALSE, envir = env))
  if (is.call(args$j) && as.character(args$j[[1]])[1] %in% c(":=", "let")) {
    # By reference, so on the object that the caller named.
    call[[1]] <- method
    return(invisible(eval(call, env)))
  }
  parts <- pool_parts(x)
  call[[1]] <- as.name("[")
  call[[2]] <- plain_rows(x)
  result <- eval(call, env)
  if (!is.data.frame(result)) return(result)
  index <- table_index(call, args, env)
  if (length(index) != nrow(result)) return(drop_pool(result, "Computing with data.table's j"))
  pool_rows(result, parts, index)
}

# The row numbers that data.table's i picks, or NULL when the rows of the result are not the pool's.
table_index <- function(call, args, env) {
  rows <- call[[2]]
  by_columns <- isFALSE(args$with) || !table_aware(rows, env)
  has_j <- !is.null(args$j) && !rlang::is_missing(args$j)
  if ((has_j && !by_columns) || !is.null(args$by) || !is.null(args$keyby)) return(NULL)
  if (!has_j && !table_aware(rows, env) && length(call) == 3) return(seq_len(nrow(rows)))
  rows$.causalsynth_row <- seq_len(nrow(rows))
  args$j <- args$with <- args$drop <- NULL
  args[[1]] <- as.name("[")
  args$x <- rows
  if (!table_aware(call[[2]], env)) {
    if (rlang::is_missing(args$i)) return(rows$.causalsynth_row)
    return(rows$.causalsynth_row[eval(args$i, env) %||% TRUE])
  }
  eval(as.call(args), env)$.causalsynth_row
}

# Does `[` mean data.table's own in this frame? A data frame's `[` picks columns.
table_aware <- function(rows, env) {
  probe <- as.call(list(as.name("["), rows[0, ], 0L))
  ncol(eval(probe, env)) == ncol(rows)
}

#' @export
rbind.causalsynth_pool <- function(..., deparse.level = 1) {
  given <- Filter(Negate(is.null), list(...))
  flags <- rlang::names2(given) %in% c("make.row.names", "stringsAsFactors", "factor.exclude", "use.names", "fill",
                                       "idcol")
  plain <- lapply(given, function(x) if (is_pool(x)) plain_rows(x) else x)
  result <- do.call(rbind, c(plain, list(deparse.level = deparse.level)))
  given <- given[!flags]
  if (!all(vapply(given, is_pool, NA))) return(drop_pool(result, "Binding a pool to other rows"))
  parts <- lapply(given, pool_parts)
  same <- vapply(parts, function(p) identical(p$origin$law_effect, parts[[1]]$origin$law_effect) &&
                   identical(p$origin$seed_effect, parts[[1]]$origin$seed_effect), NA)
  if (!all(same)) return(drop_pool(result, "Binding pools of different hybrids"))
  origin <- parts[[1]]$origin
  origin$rows <- sum(vapply(parts, function(p) p$origin$rows, 1))
  names <- names(parts[[1]]$means)
  means <- lapply(stats::setNames(nm = names), function(name) unlist(lapply(parts, function(p) p$means[[name]])))
  new_pool(result, means, origin)
}

#' @export
cbind.causalsynth_pool <- function(..., deparse.level = 1) {
  given <- list(...)
  asked <- as.list(substitute(list(...)))[-1]
  unnamed <- rlang::names2(given) == "" & !vapply(given, function(x) length(dim(x)) == 2, NA)
  names(given) <- rlang::names2(given)
  if (length(asked) == length(given)) names(given)[unnamed] <- vapply(asked[unnamed], rlang::as_label, "")
  pools <- vapply(given, is_pool, NA)
  plain <- lapply(given, function(x) if (is_pool(x)) plain_rows(x) else x)
  result <- do.call(cbind, plain)
  if (sum(pools) > 1) return(drop_pool(result, "Binding the columns of several pools"))
  keep_rows(result, pool_parts(given[[which(pools)]]), "Binding columns of more rows")
}

#' @export
transform.causalsynth_pool <- function(`_data`, ...) {
  rows <- plain_rows(`_data`)
  values <- eval(substitute(list(...)), rows, parent.frame())
  for (name in setdiff(names(values), "")) rows[[name]] <- values[[name]]
  assign_in_pool(`_data`, rows)
}

#' @export
within.causalsynth_pool <- function(data, expr, ...) {
  call <- match.call()
  call[[1]] <- quote(base::within)
  call$data <- plain_rows(data)
  assign_in_pool(data, eval(call, parent.frame()))
}

# A result whose rows are the pool's own, in their order.
keep_rows <- function(rows, parts, what) {
  if (nrow(rows) != length(parts$means[[1]])) return(drop_pool(rows, what))
  new_pool(rows, parts$means, parts$origin)
}

#' @export
merge.causalsynth_pool <- function(x, y, ...) {
  parts <- pool_parts(x)
  rows <- plain_rows(x)
  rows$.causalsynth_row <- seq_len(nrow(rows))
  result <- merge(rows, if (is_pool(y)) plain_rows(y) else y, ...)
  index <- result$.causalsynth_row
  result$.causalsynth_row <- NULL
  pool_rows(result, parts, index)
}

#' @export
`[<-.causalsynth_pool` <- function(x, i, j, ..., value) {
  by_row <- nargs() >= 4
  columns <- seq_along(x)
  names(columns) <- names(x)
  if (by_row) {
    if (!missing(j)) columns <- columns[j]
  } else if (!missing(i)) {
    columns <- if (length(dim(i)) == 2) integer() else columns[i]
  }
  whole <- all(seq_along(x) %in% columns)
  index <- seq_len(nrow(x))
  if (by_row && !missing(i)) index <- data.frame(row = index, row.names = row.names(x))[i, "row"]
  after <- if (inherits(x, "data.table")) {
    frame <- structure(plain_rows(x), class = "data.frame", .internal.selfref = NULL)
    plain <- if (is_pool(value)) plain_rows(value) else value
    if (!by_row) {
      if (missing(i)) frame[] <- plain else frame[i] <- plain
    } else if (missing(i)) frame[, j] <- plain else frame[i, j] <- plain
    structure(frame, class = class(x))
  } else {
    NextMethod()
  }
  if (whole && length(index)) assign_rows(x, after, index, value) else assign_in_pool(x, after)
}

#' @export
`[[<-.causalsynth_pool` <- function(x, i, j, value) assign_in_pool(x, NextMethod())

#' @export
`$<-.causalsynth_pool` <- function(x, name, value) assign_in_pool(x, NextMethod())

# Assigning values keeps the rows and so the means of the law they were drawn from; other values of treatment or outcome
# are no draws from it.
assign_in_pool <- function(before, after) {
  after <- plain_rows(after)
  parts <- pool_parts(before)
  if (nrow(after) == nrow(before) && !keeps_roles(before, after, parts$origin)) {
    return(drop_pool(after, "Changing treatment or outcome"))
  }
  keep_rows(after, parts, "Changing the number of rows")
}

keeps_roles <- function(before, after, origin) {
  formula <- origin$formula
  if (!inherits(formula, "formula")) return(TRUE)
  roles <- intersect(c(all.vars(formula[[2]]), all.vars(formula[[3]][[2]])), intersect(names(before), names(after)))
  all(vapply(roles, function(name) same_draws(before[[name]], after[[name]]), NA))
}

# The same values, or of two values the same in their order: 0 and 1 as a factor, say.
same_draws <- function(old, new) {
  if (identical(old, new)) return(TRUE)
  if (length(unique(old)) > 2 && is.numeric(old)) return(is.numeric(new) && isTRUE(all.equal(c(old), c(new))))
  length(old) == length(new) && identical(as.integer(factor(old)), as.integer(factor(new)))
}

# Whole rows replaced: by rows of a pool of the same hybrid, which bring their means, or by others.
assign_rows <- function(before, after, index, value) {
  parts <- pool_parts(before)
  after <- plain_rows(after)
  # The columns put back, as write.csv() does, change nothing.
  same <- identical(index, seq_along(parts$means[[1]])) && identical(as.list(plain_rows(before)), as.list(after))
  if (same) return(keep_rows(after, parts, "Replacing whole rows"))
  if (!is_pool(value)) return(drop_pool(after, "Replacing whole rows"))
  given <- pool_parts(value)
  fits <- nrow(after) == length(parts$means[[1]]) && !anyNA(index) && nrow(value) > 0 &&
    length(index) %% nrow(value) == 0 && identical(names(value), names(before)) &&
    identical(given$origin$law_effect, parts$origin$law_effect)
  if (!fits) return(drop_pool(after, "Replacing whole rows"))
  for (name in names(parts$means)) parts$means[[name]][index] <- rep_len(given$means[[name]], length(index))
  keep_rows(after, parts, "Replacing whole rows")
}

#' @exportS3Method dplyr::group_by
group_by.causalsynth_pool <- function(.data, ...) dplyr::group_by(drop_pool(.data, "Grouping"), ...)

#' @exportS3Method dplyr::summarise
summarise.causalsynth_pool <- function(.data, ...) dplyr::summarise(drop_pool(.data, "Summarising"), ...)

#' @exportS3Method dplyr::dplyr_row_slice
dplyr_row_slice.causalsynth_pool <- function(data, i, ...) {
  parts <- pool_parts(data)
  index <- if (is.logical(i)) which(i) else i
  pool_rows(dplyr::dplyr_row_slice(plain_rows(data), i, ...), parts, index)
}

#' @exportS3Method dplyr::dplyr_reconstruct
dplyr_reconstruct.causalsynth_pool <- function(data, template) {
  shared <- intersect(names(data), names(template))
  kept <- nrow(data) == nrow(template) && length(shared) > 0 &&
    identical(unclass_frame(data[shared]), unclass_frame(plain_rows(template)[shared]))
  result <- dplyr::dplyr_reconstruct(data, plain_rows(template))
  if (!kept && !same_columns_changed(data, template)) return(drop_pool(result, "This operation"))
  if (!kept) return(assign_in_pool(template, result))
  parts <- pool_parts(template)
  new_pool(result, parts$means, parts$origin)
}

# mutate() and the like: same number of rows, and every column either untouched or one that was assigned anew. Row
# order can only
# be trusted while at least one column of more than one value is as it was.
same_columns_changed <- function(data, template) {
  if (nrow(data) != nrow(template)) return(FALSE)
  shared <- intersect(names(data), names(template))
  for (name in shared) {
    old <- template[[name]]
    if (identical(data[[name]], old) && length(unique(old)) > min(20, nrow(template) / 2)) return(TRUE)
  }
  FALSE
}

#' @export
print.causalsynth_pool <- function(x, ..., n = 6) {
  rows <- utils::head(plain_rows(x), n)
  wide <- min(ncol(rows), 12)
  table <- function() utils::capture.output(print(if (wide < ncol(rows)) rows[seq_len(wide)] else rows, ...))
  # No more columns than go into two blocks.
  while (wide > 1 && length(table()) > 2 * nrow(rows) + 2) wide <- wide - 1
  hidden <- ncol(rows) - wide
  more <- c(if (nrow(x) > n) count_phrase(nrow(x) - n, "more row"), if (hidden) count_phrase(hidden, "more column"))
  show_lines(format(x), table(), mark = "# ",
             tail = if (length(more)) paste("... and", paste(more, collapse = ", ")),
             then = "estimate_effect(pool), truth(pool), write_pool(pool, path).")
  invisible(x)
}

#' @export
summary.causalsynth_pool <- function(object, ...) {
  pool_parts(object)
  structure(list(pool = format(object), data = summary(plain_rows(object), ...)), class = "summary.causalsynth_pool")
}

#' @export
print.summary.causalsynth_pool <- function(x, ...) {
  writeLines(paste("#", wrap_lines(x$pool, getOption("width") - 2)))
  print(x$data, ...)
  invisible(x)
}

#' @export
as.data.frame.causalsynth_pool <- function(x, ...) as.data.frame(plain_rows(x), ...)
