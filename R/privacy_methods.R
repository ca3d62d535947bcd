# The object of privacy(): what it holds, says and draws.

new_privacy <- function(found, rows, about) {
  table <- score_table(found$scores, about$conf.level)
  about$notes <- privacy_notes(found, rows, about)
  structure(
    c(list(scores = table, distances = found$distances, roc = found$roc, relations = found$relations,
           released = found$released), about, list(parts = found$scores)),
    class = "causalsynth_privacy"
  )
}

privacy_notes <- function(found, rows, about) {
  c(
    if (about$holdout == "split") c(
      sprintf("No holdout: %s of the real rows were split off as a floor for distances. The generator saw them too:",
              format(about$n_holdout, big.mark = ",")),
      "  nothing can be said of membership or of risks beyond the population's rules (NA)."
    ),
    if (length(found$released)) {
      sprintf("Exact values of single real rows are released in %s: unique_values, singling_out_univariate.",
              some_names(found$released))
    },
    if (length(about$secrets) == 0) "No secrets named: nobody tried to guess a column.",
    if (length(about$secrets) > 0 && length(about$keys) == 0) "No keys named: no disclosure by combinations of keys.",
    if (length(found$cut)) sprintf("Cut at deciles to count combinations: %s.", some_names(found$cut)),
    if (length(rows$constant)) sprintf("Constant in the training rows: %s.", some_names(rows$constant))
  )
}

some_names <- function(names, most = 6) {
  more <- length(names) - most
  paste0(paste(utils::head(names, most), collapse = ", "), if (more > 0) sprintf(" and %d more", more))
}

#' Tables and texts of privacy scores
#'
#' @param x,object An object made by [privacy()].
#' @param conf.level Level of the intervals; `NULL`: that of the call.
#' @param ... Unknown names are an error.
#' @return `tidy()`: a data frame, one row a `metric`, with `estimate`, `conf.low`, `conf.high`, `reference` (the
#'   holdout's value, or what chance yields) and `n`. `glance()`: one row of the main figures. `summary()`: the
#'   whole table
#'   with
#'   definitions.
#' @examples
#' real <- generate(dgp_paper(), 100, seed = 1)
#' synthetic <- generate(dgp_paper(), 100, seed = 2)
#' risks <- privacy(real, synthetic, generate(dgp_paper(), 100, seed = 3), attacks = 50,
#'                  seed = 1)
#' tidy(risks)
#' @name privacy_methods
NULL

#' @rdname privacy_methods
#' @export
tidy.causalsynth_privacy <- function(x, conf.level = NULL, ...) {
  check_dots_empty(...)
  table <- if (is.null(conf.level)) x$scores else score_table(x$parts, check_level(conf.level, "conf.level"))
  table[c("metric", "estimate", "conf.low", "conf.high", "reference", "n")]
}

#' @rdname privacy_methods
#' @export
glance.causalsynth_privacy <- function(x, ...) {
  check_dots_empty(...)
  value <- function(metric) x$scores$estimate[match(metric, x$scores$metric)]
  risks <- x$scores[grepl("_risk", x$scores$metric) & !is.na(x$scores$estimate), ]
  top <- which.max(risks$estimate)
  data.frame(
    copies = value("copies"), dcr_median = value("dcr_median"), dcr_share = value("dcr_share"),
    membership_auc = value("membership_auc"), largest_risk = if (length(top)) risks$estimate[top] else NA_real_,
    largest_risk_metric = if (length(top)) risks$metric[top] else NA_character_, holdout = x$holdout,
    n_real = x$n_real, n_synthetic = x$n_synthetic, n_holdout = x$n_holdout, columns = length(x$columns)
  )
}

# What print shows, in the order of the groups. Of up to two secrets both guesses, of more the larger risk of each, in
# the order in which the secrets were named.
printed_metrics <- function(scores, most = 4) {
  plain <- c("copies", "unique_values", "near_copies", "dcr_median", "nndr_mean", "dcr_share", "membership_auc",
             "membership_tpr", "membership_classifier_auc", "membership_distance_auc", "singling_out_univariate_risk",
             "singling_out_multivariate_risk", "linkability_risk")
  c(intersect(plain, scores$metric), main_guesses(scores, most),
    utils::head(scores$metric[score_stem(scores$metric) == "disco"], 2))
}

main_guesses <- function(scores, most = 4) {
  guesses <- scores[score_stem(scores$metric) %in% c("inference_risk", "attribute_risk"), ]
  secret <- sub(".*?_of_", "", guesses$metric, perl = TRUE)
  if (length(unique(secret)) > most / 2) {
    kept <- vapply(split(seq_along(secret), factor(secret, unique(secret))), function(at) {
      at[c(which.max(guesses$estimate[at]), 1)[1]]
    }, 1L)
    guesses <- guesses[kept, ]
  }
  utils::head(guesses$metric, most)
}

# What the picture shows: shares and AUCs of which more is worse.
drawn_metrics <- function(scores) {
  plain <- c("copies", "near_copies", "replicated_uniques", "unique_values", "dcr_share", "identifiability",
             "membership_auc", "membership_tpr", "membership_classifier_auc", "membership_distance_auc",
             "singling_out_univariate_risk", "singling_out_multivariate_risk", "linkability_risk")
  c(plain, main_guesses(scores), utils::head(scores$metric[score_stem(scores$metric) == "attribute_auc"], 2), "rep_u",
    utils::head(scores$metric[score_stem(scores$metric) == "disco"], 2))
}

#' @export
format.causalsynth_privacy <- function(x, ...) unlist(privacy_lines(x, ...), use.names = FALSE)

privacy_lines <- function(x, digits = 3, ...) {
  shown <- x$scores[match(printed_metrics(x$scores), x$scores$metric), ]
  # Without a holdout the notes say what cannot be known.
  if (x$holdout == "split") shown <- shown[!is.na(shown$estimate), ]
  number <- function(v) ifelse(is.na(v), "NA", sprintf(paste0("%.", digits, "f"), v))
  interval <- ifelse(is.na(shown$conf.low), "", sprintf("%s to %s", number(shown$conf.low), number(shown$conf.high)))
  cells <- cbind(shown$metric, number(shown$estimate), interval, number(shown$reference),
                 format(shown$n, big.mark = ",", trim = TRUE))
  cells <- rbind(c("", "estimate", sprintf("%g %% interval", 100 * x$conf.level), "reference", "n"), cells)
  width <- apply(nchar(cells), 2, max)
  lines <- apply(cells, 1, function(row) {
    paste(c(formatC(row[1], width = -width[1]), sprintf("%*s", width[-1], row[-1])), collapse = "  ")
  })
  hidden <- nrow(x$scores) - nrow(shown)
  head <- sprintf(
    "<privacy> %s against %s (%s, %s distance); holdout: %s", count_phrase(x$n_synthetic, "synthetic row"),
    count_phrase(x$n_real, "real row"), count_phrase(length(x$columns), "column"),
    c(gower = "Gower's", euclidean = "Euclidean")[[x$distance]],
    if (x$holdout == "given") count_phrase(x$n_holdout, "row") else "none given"
  )
  list(head = head, table = trimws(lines, "right"),
       notes = c(if (hidden > 0) sprintf("%d more and all definitions: summary().", hidden), x$notes))
}

#' @export
print.causalsynth_privacy <- function(x, ...) {
  parts <- privacy_lines(x, ...)
  show_lines(parts$head, parts$table, parts$notes,
             then = "autoplot(), report(x, file). No score is a proof of privacy.")
  invisible(x)
}

#' @rdname privacy_methods
#' @export
summary.causalsynth_privacy <- function(object, ...) {
  structure(list(table = object$scores, label = format(object)[1], notes = object$notes),
            class = "summary.causalsynth_privacy")
}

#' @export
print.summary.causalsynth_privacy <- function(x, digits = 3, ...) {
  write_wrapped(x$label, "")
  columns <- c("metric", "estimate", "conf.low", "conf.high", "reference", "n")
  for (group in unique(x$table$group)) {
    rows <- x$table[x$table$group == group, ]
    cat(group, ":\n", sep = "")
    print(rows[columns], digits = digits, row.names = FALSE)
    stems <- !duplicated(score_stem(rows$metric))
    said <- sprintf("  %s: %s", score_stem(rows$metric), rows$definition)[stems]
    writeLines(wrap_lines(said))
    told <- nzchar(rows$detail)
    if (any(told)) write_wrapped(sprintf("  * %s: %s", rows$metric, rows$detail)[told])
    cat("\n")
  }
  if (length(x$notes)) write_wrapped(x$notes)
  invisible(x)
}

#' Plot privacy scores
#'
#' @param object An object made by [privacy()].
#' @param what `"scores"`: the main scores, of which more is worse, with intervals beside the holdout's value; `"all"`:
#'   all shares and AUCs, some 35 rows, for tall pictures; `"distances"`: distribution of the distances to the closest
#'   training row, of synthetic and holdout rows; `"membership"`: ROC curves of the membership attacks.
#' @param ... Unknown names are an error.
#' @return A ggplot.
#' @examples
#' real <- generate(dgp_paper(), 100, seed = 1)
#' synthetic <- generate(dgp_paper(), 100, seed = 2)
#' risks <- privacy(real, synthetic, generate(dgp_paper(), 100, seed = 3), attacks = 50,
#'                  seed = 1)
#' ggplot2::autoplot(risks)
#' @exportS3Method ggplot2::autoplot causalsynth_privacy
autoplot.causalsynth_privacy <- function(object, what = c("scores", "all", "distances", "membership"), ...) {
  check_dots_empty(...)
  what <- check_choice(what, c("scores", "all", "distances", "membership"), "what")
  switch(what, distances = plot_distances(object), membership = plot_membership(object),
         plot_scores(object, what == "all"))
}

# Shares and AUCs alone: distances have units of their own.
plot_scores <- function(x, all) {
  rows <- x$scores[!is.na(x$scores$estimate) & !grepl("^(dcr_mean|dcr_median|dcr_q05|nndr)", x$scores$metric), ]
  rows <- rows[!grepl("_success", rows$metric) | x$holdout == "split", ]
  if (!all) rows <- rows[rows$metric %in% drawn_metrics(rows) | grepl("_success", rows$metric), ]
  rows$metric <- factor(rows$metric, rev(rows$metric))
  titles <- c(copies = "copies", distance = "distances", membership = "membership", attack = "attacks",
              disclosure = "keys and secrets")
  rows$group <- factor(titles[rows$group], titles)
  series <- c("synthetic rows", "reference (holdout, or chance)")
  own <- data.frame(rows, series = factor(series[1], series))
  reference <- data.frame(rows[!is.na(rows$reference), ], series = factor(series[2], series))
  ggplot2::ggplot(own, ggplot2::aes(.data$estimate, .data$metric)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high, colour = .data$series)) +
    ggplot2::geom_point(ggplot2::aes(colour = .data$series, shape = .data$series), size = 2) +
    ggplot2::geom_point(ggplot2::aes(.data$reference, colour = .data$series, shape = .data$series), reference,
                        size = 2.5) +
    ggplot2::facet_grid(ggplot2::vars(.data$group), scales = "free_y", space = "free_y") +
    ggplot2::scale_colour_manual(NULL, values = plot_colours[1:2], drop = FALSE) +
    ggplot2::scale_shape_manual(NULL, values = c(16, 5), drop = FALSE) +
    ggplot2::coord_cartesian(xlim = 0:1) +
    ggplot2::labs(x = "share or AUC", y = NULL) +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom", legend.margin = ggplot2::margin(),
                   panel.spacing = ggplot2::unit(4, "pt"), axis.text.y = ggplot2::element_text(size = 7.5),
                   strip.text.y = ggplot2::element_text(angle = 0, hjust = 0, size = 8.5))
}

# Shares of rows in 30 bins: no single distance is drawn.
plot_distances <- function(x) {
  sets <- lapply(x$distances, function(d) d[!is.na(d)])
  edges <- seq(0, max(unlist(sets), 1e-9), length.out = 31)
  rows <- do.call(rbind, lapply(names(sets), function(name) {
    bins <- tabulate(findInterval(sets[[name]], edges, rightmost.closed = TRUE), 30)
    data.frame(set = name, at = (edges[-1] + edges[-31]) / 2, share = bins / max(length(sets[[name]]), 1))
  }))
  rows$set <- factor(rows$set, names(sets), paste(names(sets), "rows"))
  ggplot2::ggplot(rows, ggplot2::aes(.data$at, .data$share, colour = .data$set, linetype = .data$set)) +
    ggplot2::geom_step(direction = "mid", linewidth = .7) +
    ggplot2::scale_colour_manual(NULL, values = plot_colours[1:2]) +
    ggplot2::scale_linetype_manual(NULL, values = 1:2) +
    ggplot2::labs(x = "distance to the closest training row", y = "share of rows") +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom")
}

plot_membership <- function(x) {
  curves <- Filter(Negate(is.null), x$roc)
  if (length(curves) == 0) {
    abort("data", c("There is no membership attack to draw.", i = "Give {.arg holdout} to {.fn privacy}."))
  }
  titles <- c(ratio = "density ratio", classifier = "classifier", distance = "distance")
  rows <- do.call(rbind, lapply(names(curves), function(name) data.frame(attack = titles[[name]], curves[[name]])))
  rows$attack <- factor(rows$attack, titles)
  ggplot2::ggplot(rows, ggplot2::aes(.data$false_positive, .data$true_positive, colour = .data$attack,
                                     linetype = .data$attack)) +
    ggplot2::geom_abline(linetype = 3, colour = "grey50") +
    ggplot2::geom_step(direction = "vh") +
    ggplot2::coord_equal() +
    ggplot2::scale_colour_manual(NULL, values = plot_colours[1:3], drop = FALSE) +
    ggplot2::scale_linetype_manual(NULL, values = c(1, 2, 4), drop = FALSE) +
    ggplot2::labs(x = "others taken for members", y = "members found") +
    ggplot2::theme_minimal() +
    ggplot2::theme(legend.position = "bottom")
}
