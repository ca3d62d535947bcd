# Methods of matched rows and of nearest rows.

#' @export
format.causalsynth_matched <- function(x, ...) {
  about <- attr(x, "causalsynth_matching", exact = TRUE)
  if (is.null(about)) return("Matched rows (what is known of their matching was lost)")
  focal <- if (about$estimand == "ATT") "treated" else "control"
  before <- worst_smd(about$balance, "before")
  after <- worst_smd(about$balance, "after")
  how <- if (about$replace) "with replacement" else paste0("without replacement, ", about$method)
  c(
    paste0("Matched rows for the ", about$estimand, ": ", thousands(about$n_matched), " of ", thousands(about$n_focal),
           " ", focal, " rows, each with ", if (about$k == 1) "its nearest" else paste("up to", about$k, "nearest"),
           " of ", thousands(about$n_partners), " rows of the other arm"),
    paste0(about$distance, " distance, ", how, if (is.finite(about$caliper)) paste0(", caliper ", about$caliper),
           if (length(about$exact)) paste0(", exact on ", paste(about$exact, collapse = ", "))),
    if (about$n_matched < about$n_focal) {
      paste0(count_phrase(about$n_focal - about$n_matched, paste(focal, "row")),
             " without a match: effects are about the others only")
    },
    if (length(about$dropped)) paste("constant, not matched on:", paste(about$dropped, collapse = ", ")),
    paste0("largest |SMD| ", two_decimals(before$smd), " (", before$term, ") before, ", two_decimals(after$smd), " (",
           after$term, ") after")
  )
}

# The largest |SMD| of a balance table's sample.
worst_smd <- function(balance, sample) {
  rows <- balance[balance$sample == sample & !is.na(balance$smd), ]
  if (nrow(rows) == 0) return(list(smd = NA_real_, term = "unknown"))
  at <- which.max(abs(rows$smd))
  list(smd = abs(rows$smd[at]), term = rows$term[at])
}

#' @export
print.causalsynth_matched <- function(x, ..., n = 6) {
  rows <- utils::head(plain_matched(x), n)
  hidden <- max(0, ncol(rows) - 12)
  own <- names(rows) %in% c(".row", "distance", "weights", "subclass")
  if (hidden) rows <- rows[sort(c(utils::head(which(!own), 12 - sum(own)), which(own)))]
  more <- c(if (nrow(x) > n) count_phrase(nrow(x) - n, "more row"), if (hidden) count_phrase(hidden, "more column"))
  show_lines(format(x), utils::capture.output(print(rows, ...)), mark = "# ",
             tail = if (length(more)) paste("... and", paste(more, collapse = ", ")),
             then = "summary(), autoplot() for balance; est_matching() for effects.")
  invisible(x)
}

plain_matched <- function(x) {
  attr(x, "causalsynth_matching") <- NULL
  class(x) <- setdiff(class(x), "causalsynth_matched")
  x
}

#' @export
summary.causalsynth_matched <- function(object, ...) {
  structure(list(about = format(object), balance = tidy(object), distance = summary(object$distance)),
            class = "summary.causalsynth_matched")
}

#' @export
print.summary.causalsynth_matched <- function(x, ...) {
  writeLines(paste("#", wrap_lines(x$about, getOption("width") - 2)))
  numbers <- vapply(x$balance, is.numeric, NA)
  x$balance[numbers] <- lapply(x$balance[numbers], function(v) round(v, 4) + 0)
  print(x$balance, row.names = FALSE)
  cat("Distances within matches:\n")
  print(x$distance)
  invisible(x)
}

#' Tables and figures of matched rows
#'
#' @param x,object Matched rows of [match_nearest()].
#' @param ... Not used; an unknown argument is an error.
#' @return `tidy()`: the balance of the covariates, a row a term and sample (`"before"`, `"after"`), as in
#'   [diagnose_overlap()]. `glance()`: one row of counts. `weights()`: the column `weights`. `autoplot()`: a love plot.
#' @examples
#' study <- generate(dgp_paper("moderate"), 300, seed = 1)
#' pairs <- match_nearest(Y ~ A | ., study, estimand = "ATC")
#' tidy(pairs)
#' ggplot2::autoplot(pairs)
#' @name matched_methods
NULL

#' @rdname matched_methods
#' @export
tidy.causalsynth_matched <- function(x, ...) {
  check_dots_empty(...)
  table <- matching_of(x)$balance
  rownames(table) <- NULL
  table
}

#' @rdname matched_methods
#' @export
glance.causalsynth_matched <- function(x, ...) {
  check_dots_empty(...)
  about <- matching_of(x)
  data.frame(
    estimand = about$estimand, distance = about$distance, n = about$n, n_focal = about$n_focal,
    n_matched = about$n_matched, n_partners = about$n_partners, mean_distance = mean(x$distance),
    max_smd_before = worst_smd(about$balance, "before")$smd, max_smd_after = worst_smd(about$balance, "after")$smd
  )
}

#' @export
weights.causalsynth_matched <- function(object, ...) object$weights

#' @rdname matched_methods
#' @exportS3Method ggplot2::autoplot causalsynth_matched
autoplot.causalsynth_matched <- function(object, ...) {
  check_dots_empty(...)
  love_plot(list(balance = matching_of(object)$balance), 30)
}

#' @export
format.causalsynth_nearest <- function(x, ...) {
  known <- x$distance[!is.na(x$distance)]
  c(
    paste0("<nearest> ", ncol(x$index), " of ", thousands(x$n_pool), " rows for each of ", thousands(nrow(x$index)),
           ": ", x$measure, " distance"),
    if (length(known)) paste0("distances ", signif(min(known), 4), " to ", signif(max(known), 4), ", median ",
                              signif(stats::median(known), 4)),
    if (anyNA(x$index)) paste(count_phrase(sum(is.na(x$index)), "neighbour"), "not found: NA"),
    if (length(x$dropped)) paste("constant, not compared:", paste(x$dropped, collapse = ", "))
  )
}

#' @export
print.causalsynth_nearest <- function(x, ...) {
  show_object(x, then = "their row numbers are $index, their distances $distance.")
  invisible(x)
}

#' @export
summary.causalsynth_nearest <- function(object, ...) {
  structure(list(about = format(object), distance = summary(as.vector(object$distance))),
            class = "summary.causalsynth_nearest")
}

#' @export
print.summary.causalsynth_nearest <- function(x, ...) {
  write_wrapped(x$about)
  print(x$distance)
  invisible(x)
}
