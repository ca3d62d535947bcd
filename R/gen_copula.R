#' Gaussian copula generator
#'
#' The transparent baseline: each column has its own law, and all dependence is one correlation matrix of latent
#' normals. Simple to explain and to inspect, quick on any number of rows; blind to interactions and to dependence that
#' is not monotone, for which there is [gen_forest()].
#'
#' @details **Margins** are semiparametric. Values shared by many rows (all, in a column of at most `most_atoms` values,
#' and spikes such as zero) are drawn as they are, with their shares. The rest is smoothed: up to 200 cells of at least
#' five rows, uniform within, whose edges lie at random places between two values of the data; the outermost cells end
#' where their mean is that of their rows, so that tails are capped before the extremes. So no value of a column
#' with more than `most_atoms` values is stored, unless it is a spike of at least `min_count` rows. Decimals are kept.
#'
#' **Latent correlations** solve, for each pair of columns, the equation between the correlation of two normals and the
#' mean product of the scores that are seen of them (Mehler's formula): for two discrete columns the result estimates
#' the polychoric correlation, for a discrete and a continuous one the polyserial one, for two continuous ones it is
#' van der Waerden's. A matrix that is not positive definite is mended by cutting its eigenvalues, one of more than 300
#' latents by shrinking it (Higham, Strabic and Sego 2016); few rows shrink it towards independence. Levels of a factor
#' without an order are laid along the direction in which the other columns' means differ most between them. Whether a
#' value is missing is a latent normal of its own, so that it can depend on the other columns; pairs are compared on
#' rows where both are there.
#'
#' **Rare levels**: levels of fewer than `min_count` rows are drawn all alike, without regard to their own counts or to
#' other columns. If they are fewer than `min_count` rows together they are not drawn at all; those of an ordered factor
#' and rare numbers become their nearest neighbours of more rows. Rare texts are neither drawn nor kept.
#'
#' **Given** columns (see [generate()][generate.causalsynth_generator]) condition the latent normals: values of
#' continuous columns exactly; levels, ranges and values of rounded columns as intervals, drawn exactly by rejection
#' and, where 200 proposals of a row were refused, by 100 sweeps of Gibbs sampling. Values beyond the tails' caps
#' count as the most extreme ones.
#'
#' @param min_count Levels, frequent values and spikes need so many rows to be drawn as such.
#' @param most_atoms A numeric column of at most so many distinct values is drawn by these values.
#' @param atom_share A number shared by at least this share of rows (a spike, such as zero) is drawn as such.
#' @param ... Unknown names are an error.
#' @return A generator spec, an object of class `causalsynth_gen`, for [fit_generator()] and [fit_hybrid()]. The fitted
#'   generator holds `$correlation`, the latent correlation matrix, and `$margins`.
#' @seealso [gen_forest()]
#' @references Nelsen (2006) "An Introduction to Copulas", 2nd edition, Springer; Olsson (1979) "Maximum likelihood
#'   estimation of the polychoric correlation coefficient", Psychometrika 44; Schaefer and Strimmer (2005) for the
#'   shrinkage \doi{10.2202/1544-6115.1175}; Higham, Strabic and Sego (2016) "Restoring definiteness via shrinking",
#'   SIAM Review 58 \doi{10.1137/140996112}; Genz (1992) for the sequential conditionals
#'   \doi{10.1080/10618600.1992.10477010}.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' fit <- fit_generator(gen_copula(), study, seed = 2)
#' round(fit$correlation, 2)
#' generate(fit, 5, seed = 3, given = list(A = 1, W4 = c(0, 2)))
#' @export
gen_copula <- function(min_count = 5, most_atoms = 20, atom_share = 0.05, ...) {
  check_dots_empty(...)
  structure(list(
    label = "Gaussian copula",
    settings = list(
      min_count = check_whole(min_count, "min_count"), most_atoms = check_whole(most_atoms, "most_atoms", 0),
      atom_share = check_number(atom_share, "atom_share", 1e-9, 1)
    )
  ), class = c("gen_copula", "causalsynth_gen"))
}

#' @exportS3Method
learn_rows.gen_copula <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  # Only their ratios matter, and their squares must not overflow.
  if (!is.null(weights)) weights <- weights / max(weights)
  blueprint <- column_blueprint(data)
  check_no_identifier(blueprint, nrow(data), call)
  blueprint <- drop_rare_texts(data, blueprint, spec$settings$min_count)
  columns <- encode_known(data, blueprint, call)
  draws <- 0
  jitter <- function(n) {
    draws <<- draws + 1
    random_uniforms(unclass(derive_key(key, "margins", draws)), n)
  }
  state <- copula_state(columns, blueprint, spec$settings, weights, jitter)
  latents <- stack_latents(state)
  correlation <- latent_correlation(latents$scores, latents$seen, latents$hermite, latents$square, weights,
                                    threads)
  dimnames(correlation) <- list(latents$names, latents$names)
  margins <- lapply(state, function(one) {
    list(cum = one$margin$cum, low = one$margin$low, high = one$margin$high, value = one$value, missing = one$missing,
         share_missing = one$share_missing)
  })
  structure(list(margins = stats::setNames(margins, names(blueprint)), correlation = correlation,
                 blueprint = blueprint, notes = copula_notes(columns, blueprint, spec$settings$min_count)),
            class = "fitted_gen_copula")
}

# Texts of few rows, unless there are no others, are left out of what the generator knows.
drop_rare_texts <- function(data, blueprint, min_count) {
  for (name in names(blueprint)) {
    if (!is.character(data[[name]])) next
    count <- tabulate(match(data[[name]], blueprint[[name]]$levels), length(blueprint[[name]]$levels))
    if (any(count >= min_count)) blueprint[[name]]$levels <- blueprint[[name]]$levels[count >= min_count]
  }
  blueprint
}

# As encode_columns(), numbers to the decimals that all of them have: those that differ by a rounding alone are one
# value. Text that the blueprint leaves out is missing, with the attribute "dropped".
encode_known <- function(data, blueprint, call) {
  lapply(stats::setNames(names(blueprint), names(blueprint)), function(name) {
    x <- data[[name]]
    entry <- blueprint[[name]]
    if (!is.character(x)) {
      values <- encode_column(x, entry, name, "data", call)
      return(if (is.na(entry$decimals)) values else round(values, entry$decimals))
    }
    codes <- match(x, entry$levels)
    structure(codes, dropped = which(is.na(codes) & !is.na(x)))
  })
}

# For each column: its margin, scores of rows, which rows are missing; positions of the latents.
copula_state <- function(columns, blueprint, settings, weights, jitter) {
  state <- Map(function(values, entry) column_state(values, entry, settings, weights, jitter), columns, blueprint)
  nominal <- vapply(blueprint, function(b) length(b$levels) > 2 && !is.ordered(b$ptype), NA)
  for (sweep in if (sum(nominal) > 1) 1:3 else 1) for (j in which(nominal)) {
    others <- do.call(cbind, lapply(state[-j], `[[`, "scores"))
    if (is.null(others)) next
    codes <- columns[[j]]
    attributes(codes) <- NULL
    place <- level_places(codes, others, length(blueprint[[j]]$levels), weights)
    state[[j]] <- column_state(columns[[j]], blueprint[[j]], settings, weights, jitter, place)
  }
  at <- 0L
  for (j in seq_along(state)) {
    has <- c(!is.null(state[[j]]$margin), isTRUE(state[[j]]$share_missing < 1 && state[[j]]$share_missing > 0))
    state[[j]]$value <- if (has[1]) at <- at + 1L else 0L
    state[[j]]$missing <- if (has[2]) at <- at + 1L else 0L
  }
  state
}

column_state <- function(values, entry, settings, weights, jitter, order = NULL) {
  dropped <- attr(values, "dropped")
  lost <- is.na(values)
  lost[dropped] <- FALSE
  n <- length(values)
  share <- if (is.null(weights)) mean(lost) else sum(weights[lost]) / sum(weights)
  known <- which(!is.na(values))
  if (length(known) && !is.null(weights) && sum(weights[known]) == 0) known <- integer()
  if (length(known) == 0) {
    return(list(margin = NULL, scores = numeric(n), lost = lost, share_missing = 1))
  }
  w <- weights[known]
  margin <- if (entry$kind == "numeric") {
    numeric_margin(values[known], w, entry, settings, jitter)
  } else {
    factor_margin(as.integer(values[known]), w, length(entry$levels), settings, is.ordered(entry$ptype),
                  is.character(entry$ptype), order)
  }
  if (entry$kind == "numeric" && all(margin$low == margin$high)) values <- nearest_value(values, margin$low)
  latent <- latent_scores(margin, values, length(known))
  list(margin = margin, scores = latent$scores, hermite = latent$hermite, square = latent$square, lost = lost,
       share_missing = share,
       seen = as.numeric(!is.na(values)))
}

nearest_value <- function(values, known) {
  edges <- (utils::head(known, -1) + known[-1]) / 2
  known[findInterval(values, edges, left.open = TRUE) + 1]
}

# All latents side by side: names, scores, hermite, square, seen (NULL: all).
stack_latents <- function(state) {
  n <- length(state[[1]]$scores)
  found <- list()
  for (name in names(state)) {
    one <- state[[name]]
    if (one$value) found <- c(found, list(c(list(name = name), one[c("scores", "hermite", "square", "seen")])))
    if (one$missing) {
      margin <- new_margin(c(1 - one$share_missing, one$share_missing), 0:1, 0:1)
      latent <- latent_scores(margin, as.numeric(one$lost), n)
      found <- c(found, list(c(list(name = paste(name, "missing"), seen = rep(1, n)), latent)))
    }
  }
  bind <- function(part, rows) matrix(as.double(unlist(lapply(found, `[[`, part))), rows)
  all_seen <- all(vapply(found, function(one) all(one$seen == 1), NA))
  list(names = vapply(found, `[[`, "", "name"), scores = bind("scores", n), hermite = bind("hermite", hermite_terms),
       square = as.double(unlist(lapply(found, `[[`, "square"))), seen = if (!all_seen) bind("seen", n))
}

copula_notes <- function(columns, blueprint, min_count) {
  rare <- vapply(names(blueprint), function(name) {
    if (blueprint[[name]]$kind != "factor") return(0)
    count <- tabulate(columns[[name]], length(blueprint[[name]]$levels))
    sum(count > 0 & count < min_count) + length(attr(columns[[name]], "dropped"))
  }, 0)
  rare <- rare[rare > 0]
  if (length(rare) == 0) return(NULL)
  shown <- utils::head(rare, 6)
  text <- paste0(names(shown), " (", shown, ")", collapse = ", ")
  paste0("Levels of fewer than ", count_phrase(min_count, "row"), ", drawn alike or not at all: ", text,
         if (length(rare) > 6) ", ...")
}

no_latents <- function() {
  none <- matrix(0, 1, 0)
  list(points = none, low = none, high = none, pieces = 0, precision = matrix(0, 0, 0))
}

#' @exportS3Method
draw_columns.fitted_gen_copula <- function(fit, n, key, threads) {
  copula_rows(fit, n, seq_len(ncol(fit$correlation)), no_latents(), key, threads)
}

# `order`: the latents, those that are given first.
copula_rows <- function(fit, n, order, given, key, threads) {
  factor <- fit$correlation[order, order, drop = FALSE]
  if (length(order)) factor <- t(chol(factor))
  columns <- lapply(fit$margins, function(one) {
    one$value <- match(one$value, order, nomatch = 0L)
    one$missing <- match(one$missing, order, nomatch = 0L)
    one
  })
  dimnames(factor) <- NULL
  copula_draw(factor, columns, n, given, unclass(key), run_control(threads, "Drawing rows"))
}
