#' Randomised treatment of a hybrid
#'
#' A trial's assignment for [fit_hybrid()]: any probability, within strata, in blocks.
#'
#' @param probability P(A = 1), above 0 and below 1; for more than two arms (or by name for two) a vector with a
#'   probability for each level, which add up to 1. `NULL`: the seed's shares (within strata, where there are some).
#' @param strata Names of covariates of few values, or a formula of them such as `~ site + sex`. Without `probability`
#'   each stratum has the seed's own shares; with `blocks` each is assigned by itself.
#' @param blocks Size of permuted blocks: within each block of so many rows (in order, within strata) the arms' numbers
#'   are their shares, rounded at random. `TRUE`: all rows of a pool (of a stratum) are one block. `NULL`: each row by
#'   itself, so that rows are independent.
#' @return An assignment for the argument `treatment` of [fit_hybrid()]. Errors are of class
#'   `causalsynth_error_input`.
#' @references Rosenberger and Lachin (2015), Randomization in Clinical Trials, chapters 3 and 5.
#' @examples
#' assign_randomized(.3)
#' assign_randomized(blocks = 4, strata = "W1")
#' @export
assign_randomized <- function(probability = NULL, strata = NULL, blocks = NULL) {
  ok <- is.null(probability) || (is.numeric(probability) && length(probability) >= 1 && !anyNA(probability) &&
                                   all(probability > 0 & probability < 1))
  several <- length(probability) > 1
  if (!ok || several && (abs(sum(probability) - 1) > 1e-8 || is.null(names(probability)))) {
    abort("input", c(
      "{.arg probability} must be one number between 0 and 1, or such a number for each arm, named by it and adding up
       to 1.",
      x = "It is {describe(probability)}."
    ))
  }
  if (inherits(strata, "formula") && length(strata) == 2) strata <- all.vars(strata)
  if (!is.null(strata) && (!is.character(strata) || anyNA(strata))) {
    abort("input", c("{.arg strata} must be names of covariates, or a formula of them.",
                     x = "It is {describe(strata)}."))
  }
  if (!is.null(blocks) && !isTRUE(blocks)) blocks <- check_whole(blocks, "blocks", min = 2)
  structure(list(label = "randomised", probability = probability, strata = strata, blocks = blocks),
            class = "causalsynth_assignment")
}

#' @export
format.causalsynth_assignment <- function(x, ...) {
  p <- x$probability
  shares <- if (is.null(p)) "P = the seed's share"
  else if (length(p) == 1) sprintf("P = %.3g", p)
  else paste(names(p), signif(p, 3), collapse = ", ")
  paste0("<assignment> at random, ", shares,
         if (length(x$strata)) paste0(", within ", paste(x$strata, collapse = " x ")),
         if (isTRUE(x$blocks)) ", in one block" else if (!is.null(x$blocks)) paste0(", in blocks of ", x$blocks))
}

#' @export
print.causalsynth_assignment <- function(x, ...) {
  show_lines(format(x), then = "treatment of fit_hybrid().")
  invisible(x)
}

#' @export
summary.causalsynth_assignment <- function(object, ...) new_spec_summary(object)

most_strata <- 1000

# `treatment` of fit_hybrid() as list(kind, label, and what draws need); `study`, with `several`, of the seed.
resolve_assignment <- function(treatment, study, call) {
  if (is.function(treatment)) return(list(kind = "function", fun = treatment))
  if (!inherits(treatment, "causalsynth_assignment")) {
    choice <- check_choice(treatment, c("fitted", "randomized"), "treatment", call)
    if (choice == "fitted") return(list(kind = "fitted"))
    treatment <- assign_randomized()
  }
  resolve_randomized(treatment, study, call)
}

resolve_randomized <- function(spec, study, call) {
  index <- if (study$several) study$treat else study$treat + 1
  levels <- study$treat_levels
  share <- tabulate(index, length(levels)) / study$n
  if (!is.null(spec$probability)) share <- arm_probabilities(spec$probability, levels, call)
  unknown <- setdiff(spec$strata, study$covariates)
  if (length(unknown)) {
    abort("input", c(
      "{.arg strata} names {length(unknown)} column{?s} that {?is/are} no covariate: {.val {unknown}}.",
      i = "The covariates are {.val {utils::head(study$covariates, 12)}}."
    ), call = call)
  }
  result <- list(kind = "randomized", spec = spec, label = format(spec), share = share, strata = spec$strata,
                 blocks = spec$blocks)
  if (length(spec$strata)) {
    stratum <- stratum_names(study$covs, spec$strata)
    if (length(unique(stratum)) > most_strata) {
      abort("input", "{.arg strata} make {length(unique(stratum))} strata; at most {most_strata} are taken.",
            call = call)
    }
    if (is.null(spec$probability)) {
      counts <- table(stratum, factor(index, seq_along(levels)))
      result$names <- rownames(counts)
      result$table <- unname(matrix(counts, nrow(counts)) / rowSums(counts))
    }
  }
  result
}

# A probability for each level, in their order.
arm_probabilities <- function(probability, levels, call) {
  if (length(probability) == 1 && length(levels) == 2) return(unname(c(1 - probability, probability)))
  if (!setequal(names(probability), levels)) {
    abort("input", c(
      "{.arg probability} must have a number for each arm: {.val {levels}}.",
      x = if (is.null(names(probability))) "It is one number." else "Its names are {.val {names(probability)}}."
    ), call = call)
  }
  unname(probability[levels])
}

stratum_names <- function(rows, strata) {
  do.call(paste, c(lapply(strata, function(name) {
    text <- as.character(rows[[name]])
    ifelse(is.na(text), "(missing)", text)
  }), list(sep = " / ")))
}

# Rows by arms: P(A = a | W) of the law that is released, before any unmeasured cause. `ps`: the fitted ones.
assignment_shares <- function(assignment, rows, ps, call = rlang::caller_env()) {
  n <- nrow(rows)
  arms <- ncol(ps)
  switch(
    assignment$kind,
    fitted = overlap_shares(assignment, ps),
    "function" = checked_shares(assignment$fun(unclass_frame(rows)), n, arms, call),
    randomized = {
      if (is.null(assignment$table)) return(matrix(rep(assignment$share, each = n), n))
      at <- match(stratum_names(rows, assignment$strata), assignment$names)
      shares <- assignment$table[at, , drop = FALSE]
      # A stratum that the seed has no row of takes the shares of all.
      shares[is.na(at), ] <- rep(assignment$share, each = sum(is.na(at)))
      shares
    }
  )
}

checked_shares <- function(values, n, arms, call) {
  if (is.data.frame(values)) values <- as.matrix(values)
  if (arms == 2 && is.numeric(values) && is.null(dim(values))) {
    if (length(values) == 1) values <- rep(values, n)
    values <- cbind(1 - values, values)
  }
  ok <- is.matrix(values) && is.numeric(values) && nrow(values) == n && ncol(values) == arms
  if (!ok) {
    abort("input", c(
      "The function {.arg treatment} must give P(A = 1) of each of {n} row{?s}, or a matrix with a column an arm.",
      x = "It gave {describe(values)}."
    ), call = call)
  }
  bad <- sum(!is.finite(values) | values < 0 | values > 1)
  if (bad || any(abs(rowSums(values) - 1) > 1e-6)) {
    abort("input", c(
      "The function {.arg treatment} gave what are no probabilities.",
      x = "{bad} value{?s} {?is/are} outside [0, 1], {sum(!(abs(rowSums(values) - 1) <= 1e-6))} row{?s} do not add up
           to 1."
    ), call = call)
  }
  unname(values)
}

# Codes of arms drawn with the shares; the last arm takes the lowest numbers, as a single P(A = 1) would.
draw_assignment <- function(assignment, rows, shares, key) {
  n <- nrow(shares)
  u <- random_uniforms(unclass(derive_key(key, "treatment")), n)
  if (assignment$kind == "randomized" && !is.null(assignment$blocks)) u <- block_positions(assignment, rows, u, key)
  arm <- rep(ncol(shares), n)
  top <- shares[, ncol(shares)]
  for (a in rev(seq_len(ncol(shares) - 1))) {
    arm[u >= top] <- a
    top <- top + shares[, a]
  }
  arm
}

# Within a block the places (rank - v) / size, v uniform: each is uniform by itself, and any share p of (0, 1) holds
# p times the block's rows, rounded at random.
block_positions <- function(assignment, rows, u, key) {
  n <- length(u)
  stratum <- if (length(assignment$strata)) {
    names <- stratum_names(rows, assignment$strata)
    match(names, unique(names))
  } else rep(1, n)
  place <- stats::ave(seq_len(n), stratum, FUN = seq_along)
  size <- if (isTRUE(assignment$blocks)) n else assignment$blocks
  block <- stratum * (n + 1) + (place - 1) %/% size
  block <- match(block, unique(block))
  rank <- integer(n)
  order <- order(block, u)
  counts <- tabulate(block)
  rank[order] <- sequence(counts)
  v <- random_uniforms(unclass(derive_key(key, "blocks")), length(counts))
  (rank - v[block]) / counts[block]
}
