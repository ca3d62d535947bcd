#' Draw synthetic rows whose distances to the closest record match real ones'
#'
#' The loop of the paper's flow chart: draw rows, compare the distribution of their distances to the closest record
#' with that of real rows held out, smooth or reject, and repeat, at most `rounds` times.
#'
#' @param fit A fitted generator.
#' @param data Data frame: the seed, to which distances are measured.
#' @param holdout Data frame of real rows that the generator never saw, at least 20.
#' @param ... Unknown names are an error.
#' @param n Number of rows wanted; default: as many as `data` has.
#' @param columns Names of the columns that distances are over; `NULL`: all of the generator.
#' @param adjust What may be done: `"both"`, `"smooth"` or `"reject"` only.
#' @param rounds The most rounds: each draws rows and compares once.
#' @param tolerance The largest Kolmogorov-Smirnov statistic that counts as matched; `NULL`: the two-sample critical
#'   value at 5 %, `1.36 sqrt(1 / n + 1 / n_holdout)`.
#' @param seed A whole number, or `NULL` to draw from R's own generator.
#' @param threads Number of threads, or `NULL` for the default.
#' @details Rows are compared by [dcr()] with the scale of `data`. While they come too close to the seed (the median
#'   distance below the holdout's), continuous columns are *smoothed*: normal noise of h standard deviations is added
#'   and the spread kept (Silverman 1986, section 6.4.1); h is doubled from .05 and then bisected, up to 1. Values
#'   shared by at least 5 % of the seed's rows and columns of up to 20 values are left as they are; no value leaves the
#'   seed's range. Otherwise rows are *rejected*: a row at distance d is kept with a probability in proportion to the
#'   density of the holdout's distances over that of the rows drawn, in groups of the holdout's quantiles. That reaches
#'   a match only where rows at all of the holdout's distances are drawn; and rows selected by their distance no longer
#'   follow the generator's law, so look at their fidelity too. A match of distances is no proof of privacy.
#' @return An object of class `causalsynth_dcr_match`: `rows` (those of the best round: n, or as many as were found),
#'   `reached` (was the tolerance met?), `trace` (a data frame with a row a round: `round`, `action`, `smoothing` (h),
#'   `kept` (share of the rows drawn), `dcr_median`, `ks`, `reached`), `best` (its round), `synthetic` and `holdout`
#'   (the [dcr()] of both), `tolerance`. `tidy()` gives the distances with the holdout's as reference, `autoplot()` the
#'   distributions and the trace.
#' @references Kim, Xu and Lin (2025) \doi{10.48550/arXiv.2511.00318}; Silverman (1986) "Density Estimation".
#' @examples
#' study <- generate(dgp_paper(), 300, seed = 1)
#' fit <- fit_generator(gen_copula(), study, seed = 2)
#' matched <- match_dcr(fit, study, generate(dgp_paper(), 300, seed = 3), seed = 4)
#' matched
#' head(matched$rows)
#' @export
match_dcr <- function(fit, data, holdout, ..., n = nrow(data), columns = NULL, adjust = c("both", "smooth", "reject"),
                      rounds = 10, tolerance = NULL, seed = NULL, threads = NULL) {
  check_dots_empty(...)
  check_present(fit, "fit")
  if (!inherits(fit, "causalsynth_generator")) {
    abort("input", c("{.arg fit} must be a fitted generator.", x = "It is {describe(fit)}.",
                     i = if (inherits(fit, "causalsynth_hybrid")) "A hybrid's own is {.code hybrid$generator}."))
  }
  check_data_frame(data, "data")
  check_data_frame(holdout, "holdout", min_rows = 20)
  n <- check_whole(n, "n", 2)
  adjust <- check_choice(adjust, c("both", "smooth", "reject"), "adjust")
  rounds <- check_whole(rounds, "rounds", max = 1000)
  if (!is.null(tolerance)) tolerance <- check_number(tolerance, "tolerance", 0, 1)
  columns <- columns %||% names(fit$blueprint)
  absent <- setdiff(columns, names(holdout))
  if (length(absent)) abort("data", "{.arg holdout} lacks {length(absent)} column{?s}: {.val {absent}}.")
  reference <- dcr(data, holdout, columns, threads = threads)
  if (all(is.na(reference$distance))) {
    abort("data", c("No row of {.arg holdout} has a distance to a row of {.arg data}.",
                    i = "Leave out the columns in which nothing is known: {.arg columns} names those compared."))
  }
  job <- list(
    fit = fit, data = unclass_frame(as.data.frame(data)), n = n, columns = reference$columns, adjust = adjust,
    wanted = reference$distance[!is.na(reference$distance)], smoothable = smoothable_columns(fit, data),
    tolerance = tolerance %||% (1.36 * sqrt(1 / n + 1 / nrow(holdout))), threads = resolve_threads(threads)
  )
  found <- match_loop(job, rounds, rng_key(seed))
  structure(c(found, list(holdout = reference, tolerance = job$tolerance, n = n, rounds = rounds,
                          generator = fit$spec$label)), class = "causalsynth_dcr_match")
}

match_loop <- function(job, rounds, key) {
  state <- list(h = 0, low = 0, high = NA, keep = NULL, action = "draw")
  trace <- list()
  best <- NULL
  for (round in seq_len(rounds)) {
    drawn <- draw_candidates(job, state, derive_key(key, "round", round))
    ks <- ks_distance(drawn$dcr$distance, job$wanted)
    enough <- nrow(drawn$rows) == job$n && ks <= job$tolerance
    trace[[round]] <- data.frame(round = round, action = state$action, smoothing = state$h, kept = drawn$kept,
                                 dcr_median = drawn$dcr$median %||% NA_real_, ks = ks, reached = enough)
    if (is.null(best) || ks < best$ks) {
      best <- list(ks = ks, round = round, rows = drawn$rows, dcr = drawn$dcr)
    }
    if (enough) break
    state <- next_step(job, state, drawn)
    if (is.null(state)) break
  }
  trace <- do.call(rbind, trace)
  list(rows = best$rows, reached = any(trace$reached), trace = trace, best = best$round, synthetic = best$dcr)
}

# Largest difference of the two empirical distribution functions.
ks_distance <- function(a, b) {
  a <- sort(a[!is.na(a)])
  b <- sort(b)
  if (length(a) == 0) return(1)
  at <- sort(unique(c(a, b)))
  max(abs(findInterval(at, a) / length(a) - findInterval(at, b) / length(b)))
}

# n rows under the state: smoothed, then kept by their distance; drawn in up to five batches. `all`: the distances of
# all that were drawn.
draw_candidates <- function(job, state, key) {
  share <- state$keep$share %||% 1
  parts <- distances <- list()
  have <- total <- 0
  for (batch in seq_len(if (share < 1) 5 else 1)) {
    size <- if (share < 1) ceiling((job$n - have) / share * 1.1) + 20 else job$n
    one <- keep_candidates(job, state, size, derive_key(key, "batch", batch))
    parts[[batch]] <- one$rows
    distances[[batch]] <- one$all
    have <- have + nrow(one$rows)
    total <- total + size
    if (have >= job$n) break
  }
  rows <- do.call(rbind, parts)
  rows <- rows[seq_len(min(have, job$n)), , drop = FALSE]
  attr(rows, "row.names") <- .set_row_names(nrow(rows))
  list(rows = rows, dcr = if (nrow(rows)) dcr(job$data, rows, job$columns, threads = job$threads),
       all = unlist(distances), kept = have / total)
}

keep_candidates <- function(job, state, size, key) {
  rows <- generate.causalsynth_generator(job$fit, size, derive_key(key, "rows"), threads = job$threads)
  rows <- smooth_rows(rows, job, state$h, derive_key(key, "noise"))
  distances <- dcr(job$data, rows, job$columns, threads = job$threads)$distance
  if (!is.null(state$keep)) {
    chance <- state$keep$chance[findInterval(distances, state$keep$edges) + 1]
    chance[is.na(chance)] <- 0
    rows <- rows[random_uniforms(unclass(derive_key(key, "keep")), size) < chance, , drop = FALSE]
  }
  list(rows = rows, all = distances)
}

# What to do next; NULL where nothing is left to try.
next_step <- function(job, state, drawn) {
  known <- drawn$all[!is.na(drawn$all)]
  if (length(known) == 0) return(NULL)
  close <- stats::median(known) < stats::median(job$wanted)
  can_smooth <- job$adjust != "reject" && length(job$smoothable) && is.null(state$keep) && state$h < 1
  if (can_smooth && (close || state$h > 0)) {
    if (close) state$low <- state$h else state$high <- state$h
    narrow <- !is.na(state$high) && state$high - state$low < .01
    if (!narrow) {
      state$h <- if (is.na(state$high)) min(1, max(.05, 2 * state$h)) else (state$low + state$high) / 2
      state$action <- "smooth"
      return(state)
    }
  }
  if (job$adjust == "smooth") return(NULL)
  state$keep <- keep_by_distance(known, job$wanted)
  if (is.null(state$keep)) return(NULL)
  state$action <- "reject"
  state
}

# Chances of being kept in groups of the wanted distances' quantiles; NULL where fewer than one row in fifty would be.
keep_by_distance <- function(drawn, wanted) {
  groups <- max(4, min(40, floor(length(wanted) / 15)))
  edges <- unique(stats::quantile(wanted, seq_len(groups - 1) / groups, names = FALSE))
  target <- tabulate(findInterval(wanted, edges) + 1, length(edges) + 1) / length(wanted)
  have <- (tabulate(findInterval(drawn, edges) + 1, length(edges) + 1) + .5) / (length(drawn) + .5 * length(target))
  ratio <- target / have
  chance <- ratio / max(ratio)
  share <- sum(chance * have)
  if (share < .02) return(NULL)
  list(edges = edges, chance = chance, share = share)
}

# Continuous columns, with the values that are left as they are.
smoothable_columns <- function(fit, data) {
  names <- names(fit$blueprint)
  found <- lapply(stats::setNames(names, names), function(name) {
    entry <- fit$blueprint[[name]]
    x <- as.numeric(if (entry$kind == "numeric") data[[name]] else NA)
    x <- x[!is.na(x)]
    if (length(unique(x)) <= 20) return(NULL)
    count <- table(x)
    list(sd = stats::sd(x), range = range(x), spikes = as.numeric(names(count)[count >= .05 * length(x)]))
  })
  found[!vapply(found, is.null, NA)]
}

smooth_rows <- function(rows, job, h, key) {
  if (h == 0) return(rows)
  for (name in names(job$smoothable)) {
    about <- job$smoothable[[name]]
    x <- as.numeric(rows[[name]])
    free <- which(!is.na(x) & !x %in% about$spikes)
    if (length(free) < 2) next
    noise <- stats::qnorm(random_uniforms(unclass(derive_key(key, name)), length(free)))
    centre <- mean(x[free])
    x[free] <- centre + (x[free] - centre + h * about$sd * noise) / sqrt(1 + h^2)
    x <- pmin(pmax(x, about$range[1]), about$range[2])
    rows[[name]] <- decode_column(x, job$fit$blueprint[[name]])
  }
  rows
}

#' @export
format.causalsynth_dcr_match <- function(x, digits = 3, ...) {
  number <- function(v) format(v, digits = digits)
  best <- x$trace[x$best, ]
  c(
    sprintf("<dcr match> Distances to the closest record, %s against %s: %s",
            count_phrase(nrow(x$rows), "synthetic row"), count_phrase(x$holdout$n, "holdout row"),
            if (x$reached) sprintf("matched in round %d", x$best) else "NOT matched"),
    sprintf("  Largest difference of distributions (KS): %s; allowed %s", number(best$ks), number(x$tolerance)),
    sprintf("  Median distance: synthetic %s, holdout %s", number(x$synthetic$median), number(x$holdout$median)),
    sprintf("  Copies of real rows: synthetic %d, holdout %d", x$synthetic$copies, x$holdout$copies),
    sprintf("  Smoothing: %s standard deviations; %s %% of rows kept", number(best$smoothing),
            format(100 * best$kept, digits = 3)),
    if (!x$reached) {
      sprintf("After %s the best is round %d: use its rows knowing that they are %s the seed than real rows are.",
              count_phrase(nrow(x$trace), "round"), x$best,
              if (x$synthetic$median < x$holdout$median) "closer to" else "farther from, or spread otherwise around,")
    },
    "Matched distances are no proof of privacy."
  )
}

#' @export
print.causalsynth_dcr_match <- function(x, ...) {
  show_object(x, ..., then = "the rows are $rows; privacy(real, synthetic, holdout) attacks them.")
  invisible(x)
}

#' @export
summary.causalsynth_dcr_match <- function(object, ...) {
  structure(list(label = format(object), trace = object$trace), class = "summary.causalsynth_dcr_match")
}

#' @export
print.summary.causalsynth_dcr_match <- function(x, ...) {
  write_wrapped(x$label, "")
  print(x$trace, digits = 3, row.names = FALSE)
  invisible(x)
}

#' @rdname tidy_metric
#' @export
tidy.causalsynth_dcr_match <- function(x, conf.level = .95, ...) {
  check_dots_empty(...)
  table <- tidy(x$synthetic, conf.level = conf.level)
  table$reference <- c(x$holdout$mean, x$holdout$median, x$holdout$nndr_mean)
  table
}

#' @rdname tidy_metric
#' @export
glance.causalsynth_dcr_match <- function(x, ...) {
  check_dots_empty(...)
  best <- x$trace[x$best, ]
  data.frame(reached = x$reached, rounds = nrow(x$trace), best = x$best, ks = best$ks, tolerance = x$tolerance,
             smoothing = best$smoothing, kept = best$kept, n = nrow(x$rows), n_holdout = x$holdout$n)
}

#' Plot how distances were matched
#'
#' @param object Made by [match_dcr()].
#' @param type `"distances"`: distribution functions of both sets of distances; `"trace"`: the largest difference round
#'   by round, with what is allowed as a dashed line.
#' @param ... Unknown names are an error.
#' @return A ggplot.
#' @examples
#' study <- generate(dgp_paper(), 200, seed = 1)
#' fit <- fit_generator(gen_copula(), study, seed = 2)
#' matched <- match_dcr(fit, study, generate(dgp_paper(), 200, seed = 3), seed = 4)
#' ggplot2::autoplot(matched)
#' @exportS3Method ggplot2::autoplot causalsynth_dcr_match
autoplot.causalsynth_dcr_match <- function(object, type = c("distances", "trace"), ...) {
  check_dots_empty(...)
  type <- check_choice(type, c("distances", "trace"), "type")
  if (type == "trace") {
    return(ggplot2::ggplot(object$trace, ggplot2::aes(.data$round, .data$ks)) +
      ggplot2::geom_hline(yintercept = object$tolerance, linetype = 2) +
      ggplot2::geom_line(colour = "grey60") +
      ggplot2::geom_point(ggplot2::aes(colour = .data$action), size = 2) +
      ggplot2::scale_colour_manual(values = plot_colours) +
      ggplot2::expand_limits(y = 0) +
      ggplot2::labs(x = "round", y = "largest difference (KS)", colour = NULL) + ggplot2::theme_minimal())
  }
  sets <- list(synthetic = object$synthetic$distance, "held out" = object$holdout$distance)
  rows <- data.frame(set = factor(rep(names(sets), lengths(sets)), names(sets)),
                     distance = unlist(sets, use.names = FALSE))
  rows <- rows[!is.na(rows$distance), ]
  ggplot2::ggplot(rows, ggplot2::aes(.data$distance, colour = .data$set)) +
    ggplot2::stat_ecdf(pad = FALSE) +
    ggplot2::scale_colour_manual(values = plot_colours[2:1]) +
    ggplot2::labs(x = "distance to the closest real row", y = "share of rows", colour = NULL,
                  subtitle = if (object$reached) "matched" else "not matched") +
    ggplot2::theme_minimal()
}
