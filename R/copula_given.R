# Draws of gen_copula() given some columns: what is given as points and intervals of latent normals.

#' @exportS3Method
draw_given.fitted_gen_copula <- function(fit, n, given, key, threads) {
  latents <- list()
  for (name in names(given)) {
    margin <- fit$margins[[name]]
    if (margin$value == 0) abort("input", "The column {.val {name}} is always missing: nothing can be given of it.")
    latents <- c(latents, list(given_latent(margin, given[[name]], fit$blueprint[[name]], name)))
    if (margin$missing) {
      latents <- c(latents, list(list(latent = margin$missing, low = matrix(-Inf), width = 1 - margin$share_missing,
                                      high = matrix(stats::qnorm(1 - margin$share_missing)))))
    }
  }
  is_point <- vapply(latents, function(one) !is.null(one$point), NA)
  points <- latents[is_point]
  # The rarest first: the first interval costs no rejection.
  rest <- latents[!is_point]
  rest <- rest[order(vapply(rest, `[[`, 0, "width"))]
  first <- vapply(c(points, rest), `[[`, 1L, "latent")
  order <- c(first, setdiff(seq_len(ncol(fit$correlation)), first))
  precision <- solve(fit$correlation[first, first, drop = FALSE])
  dimnames(precision) <- NULL
  known <- no_latents()
  if (length(points)) known$points <- do.call(cbind, lapply(points, `[[`, "point"))
  if (length(rest)) {
    same <- all(vapply(rest, function(one) nrow(one$low) == 1, NA))
    wide <- function(x) if (same || nrow(x) == n) x else x[rep(1, n), , drop = FALSE]
    known$low <- do.call(cbind, lapply(rest, function(one) wide(one$low)))
    known$high <- do.call(cbind, lapply(rest, function(one) wide(one$high)))
    known$pieces <- c(0, cumsum(vapply(rest, function(one) ncol(one$low), 1)))
  }
  known$precision <- precision
  columns <- copula_rows(fit, n, order, known, key, threads)
  for (name in names(given)) {
    if (!is.null(given[[name]]$value)) columns[[match(name, names(fit$margins))]] <- as.double(given[[name]]$value)
  }
  columns
}

# One column's part: latent, and either `point` (n numbers) or `low`, `high` (rows x pieces) with their mean `width`.
given_latent <- function(margin, one, entry, name) {
  margin$group <- seq_along(margin$low)
  step <- if (entry$kind == "factor" || is.na(entry$decimals)) 0 else 10^-entry$decimals
  if (!is.null(one$codes)) {
    pieces <- joined_pieces(margin_interval(margin, as.double(unique(one$codes))))
  } else if (is.null(one$value)) {
    pieces <- range_piece(margin, one, step)
  } else {
    pieces <- value_piece(margin, as.double(one$value), step, entry, name)
    if (!is.null(pieces$point)) return(c(list(latent = margin$value), pieces))
  }
  width <- if (is.null(one$value)) sum(pieces$to - pieces$from) else mean(pieces$to - pieces$from)
  if (nrow(pieces) == 0 || width <= 0) {
    abort("input", "What is given of the column {.val {name}} never occurs in the rows of this generator.")
  }
  shape <- function(p) matrix(stats::qnorm(p), nrow = if (is.null(one$value)) 1 else length(p))
  list(latent = margin$value, low = shape(pieces$from), high = shape(pieces$to), width = width)
}

# Intervals side by side as one.
joined_pieces <- function(pieces) {
  pieces <- pieces[!is.na(pieces$from), ]
  pieces <- pieces[order(pieces$from), ]
  new <- c(TRUE, pieces$from[-1] > utils::head(pieces$to, -1))
  data.frame(from = pieces$from[new], to = pieces$to[c(which(new)[-1] - 1, nrow(pieces))])[seq_len(sum(new)), ]
}

# P(X < low) and P(X <= high); rounded columns reach half a step beyond.
range_piece <- function(margin, one, step) {
  half <- step / 2
  atom <- margin$low == margin$high
  below <- sum(ifelse(atom & margin$low < one$low, diff(margin$cum), 0))
  cells <- function(x) {
    if (all(atom) || is.infinite(x)) return(if (x > 0) sum(diff(margin$cum)[!atom]) else 0)
    width <- margin$high - margin$low
    share <- ifelse(atom, 0, pmin(pmax((x - margin$low) / ifelse(atom, 1, width), 0), 1))
    sum(share * diff(margin$cum))
  }
  upto <- sum(ifelse(atom & margin$low <= one$high, diff(margin$cum), 0))
  data.frame(from = below + cells(one$low - half), to = upto + cells(one$high + half))
}

# Values of rows: points of a continuous column, intervals of atoms and of values rounded from a wide interval.
value_piece <- function(margin, values, step, entry, name) {
  pieces <- margin_interval(margin, values, step)
  if (all(margin$low == margin$high)) {
    lost <- sum(is.na(pieces$from))
    if (lost && entry$kind == "factor") {
      abort("input", "{lost} of the {length(values)} level{?s} given of {.val {name}} never occur{?s/} in the fit.")
    }
    # A number between those that are kept is its nearest.
    if (lost) pieces <- margin_interval(margin, nearest_value(values, margin$low))
    return(pieces)
  }
  centre <- (pieces$from + pieces$to) / 2
  least <- 1e-4
  if (mean(pieces$to - pieces$from) < .01) {
    return(list(point = stats::qnorm(pmin(pmax(centre, least), 1 - least))))
  }
  narrow <- pieces$to - pieces$from < least
  pieces$from[narrow] <- pmin(pmax(centre[narrow] - least / 2, 0), 1 - least)
  pieces$to[narrow] <- pieces$from[narrow] + least
  pieces
}
