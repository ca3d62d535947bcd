#' Stacked learners
#'
#' A weighted mean of several learners, its weights non-negative and of sum one, chosen to minimise the squared error
#' (the Brier score, for a probability) of predictions that no row had a part in: out of bag for members that have
#' such predictions (forests), by inner folds for the others.
#'
#' @details Rows are predicted honestly without a further outer loop: the stack's own out-of-bag prediction weights its
#' members' honest predictions. A row's outcome then enters its prediction through the weights alone, which are a few
#' numbers fitted on all rows: their share in a row's error is of order 1/n, and in simulations
#' folds around whole stacks did not cover measurably better (`bench/coverage.csv` in the sources). `crossfit = "folds"`
#' fits whole stacks by fold nevertheless.
#'
#' The squared error is what the remainder of AIPW and TMLE is made of, for outcome and propensity alike. The
#' log-likelihood would forbid a forest whose probability of one row is 0 or 1 any share.
#'
#' @param ... Members: learners such as [learn_forest()] or [learn_glm()], named or not; none: these two. All regress
#'   the outcome alike, by arm or jointly.
#' @param folds Inner folds for members without out-of-bag predictions; at most one fold a row.
#' @param crossfit Default way to honest predictions in [nuisance()]: `"oob"` (see details) or `"folds"`.
#' @return A learner, an object of class `causalsynth_learner`. The weights are kept and printed by [nuisance()].
#' @references Wolpert (1992), Neural Networks 5, 241-259; Breiman (1996), Machine Learning 24, 49-64; van der Laan,
#'   Polley and Hubbard (2007), Statistical Applications in Genetics and Molecular Biology 6(1), article 25; Wolfe
#'   (1976), Mathematical Programming 11, 128-149 (the weights).
#' @examples
#' study <- generate(dgp_paper("moderate"), 300, seed = 1)
#' stack <- learn_stack(forest = learn_forest(trees = 100), glm = learn_glm())
#' nuisance(Y ~ A | ., study, stack, stack, seed = 1)
#' @export
learn_stack <- function(..., folds = 10, crossfit = c("oob", "folds")) {
  call <- rlang::current_env()
  folds <- check_whole(folds, "folds", 2)
  crossfit <- check_choice(crossfit, c("oob", "folds"), "crossfit")
  members <- list(...)
  if (length(members) == 0) members <- list(learn_forest(), learn_glm())
  for (k in seq_along(members)) members[[k]] <- check_learner(members[[k]], stack_place(members, k), call)
  ways <- unique(vapply(members, function(m) m$outcome, ""))
  if (length(ways) > 1) {
    abort("input", c(
      "The members of {.fn learn_stack} regress the outcome in different ways: {.val {ways}}.",
      i = "Give all of them the same {.arg outcome}."
    ))
  }
  labels <- rlang::names2(members)
  labels[labels == ""] <- vapply(members[labels == ""], function(m) m$label, "")
  names(members) <- make.unique(labels, sep = " ")
  structure(
    list(label = paste("stack of", paste(names(members), collapse = ", ")), crossfit = crossfit, outcome = ways,
         folds = folds, members = members),
    class = c("learn_stack", "causalsynth_learner")
  )
}

stack_place <- function(members, k) {
  name <- rlang::names2(members)[k]
  if (name == "") paste0("..", k) else name
}

#' @exportS3Method
fit_learner.learn_stack <- function(learner, x, y, family, key, threads, terms = NULL, weights = NULL,
                                    call = rlang::caller_env()) {
  if (length(unique(y)) == 1) return(fit_constant(y, weights))
  n <- length(y)
  fit_member <- function(k, rows, index) {
    fit_learner(with_groups(learner$members[[k]], learner$groups[rows], weights), x[rows, , drop = FALSE], y[rows],
                family, derive_key(key, paste0("member", k), index), threads, terms, weights[rows], call)
  }
  units <- if (is.null(learner$groups)) n else length(unique(learner$groups))
  fold <- stack_folds(y, family, min(learner$folds, units), derive_key(key, "inner folds"), learner$groups)
  members <- hush_separation(lapply(seq_along(learner$members), function(k) {
    whole <- fit_member(k, seq_len(n), 0)
    honest <- predict_oob(whole)
    if (!is.null(honest)) return(list(whole = whole, honest = honest))
    parts <- lapply(seq_len(max(fold)), function(v) without_training(fit_member(k, which(fold != v), v)))
    member <- list(whole = whole, parts = parts, fold = fold)
    c(member, list(honest = predict_member_oob(member, x, threads)))
  }))
  names(members) <- names(learner$members)
  honest <- vapply(names(members), function(k) {
    check_learner_values(members[[k]]$honest, n, family, paste0("The member ", k, " of a stack"), call)
  }, numeric(n))
  fit <- structure(list(members = members, share = stack_weights(honest, y, weights), family = family),
                   class = "fitted_stack")
  separated <- combine_separated(lapply(unlist(stack_reports(fit), recursive = FALSE), c, nuisance = "within a stack"))
  warn_separations(separated, call)
  fit
}

# Inner folds with the same share of each value of a binary outcome.
stack_folds <- function(y, family, folds, key, groups = NULL) {
  stratified_folds(list(treat = numeric(length(y)), outcome = y, family = family, folds = folds, groups = groups), key)
}

# Weights on the simplex with the smallest squared error of the weighted mean of columns of `honest`. As they sum to
# one, the error is the weighted mean of the columns' errors: the point of least norm in the hull of the columns of
# errors, found by Wolfe's (1976) algorithm. Members within rounding of each other: the first of them.
stack_weights <- function(honest, y, weights = NULL) {
  honest <- matrix(honest, nrow = length(y), dimnames = list(NULL, colnames(honest)))
  errors <- (y - honest) * sqrt((weights %||% rep(1, length(y))) / sum(weights %||% rep(1, length(y))))
  gram <- crossprod(errors)
  share <- numeric(ncol(gram))
  used <- which.min(diag(gram))
  share[used] <- 1
  tolerance <- 1e-10 * max(diag(gram))
  for (round in seq_len(100 * ncol(gram))) {
    slope <- drop(gram %*% share)
    add <- which.min(slope)
    if (slope[add] >= sum(share * slope) - tolerance || add %in% used) break
    used <- c(used, add)
    repeat {
      aim <- numeric(length(share))
      aim[used] <- affine_minimum(gram[used, used, drop = FALSE])
      if (all(aim[used] > 0)) break
      falling <- used[aim[used] <= 0]
      step <- min(1, share[falling] / (share[falling] - aim[falling]))
      share <- share + step * (aim - share)
      gone <- used[share[used] <= 1e-14]
      if (length(gone) == 0) gone <- falling[which.min(share[falling])]
      share[gone] <- 0
      used <- setdiff(used, gone)
    }
    share <- aim
  }
  stats::setNames(share / sum(share), colnames(honest))
}

# The weights of sum one, of any sign, with the least w'Gw.
affine_minimum <- function(gram) {
  gram <- gram + diag(1e-13 * max(diag(gram)), nrow(gram))
  ones <- solve(gram, rep(1, nrow(gram)), tol = 0)
  ones / sum(ones)
}

# Rows each predicted by the fits of a member that did not see them.
predict_member_oob <- function(member, newx, threads) {
  if (is.null(member$parts)) return(predict_oob(member$whole, newx, threads))
  values <- numeric(length(member$fold))
  for (v in seq_along(member$parts)) {
    rows <- which(member$fold == v)
    part <- predict_fit(member$parts[[v]], newx[rows, , drop = FALSE], threads)
    # A wrong length is found out by check_learner_values().
    if (length(part) != length(rows)) return(part)
    values[rows] <- part
  }
  values
}

#' @exportS3Method
predict_fit.fitted_stack <- function(fit, newx, threads = NULL) {
  weighted_members(fit, nrow(newx), function(member) predict_fit(member$whole, newx, threads))
}

#' @exportS3Method
predict_oob.fitted_stack <- function(fit, newx = NULL, threads = NULL) {
  weighted_members(fit, length(fit$members[[1]]$honest), function(member) {
    if (is.null(newx)) member$honest else predict_member_oob(member, newx, threads)
  })
}

# Members of weight 0 are not asked.
weighted_members <- function(fit, n, predict) {
  values <- numeric(n)
  for (k in which(fit$share > 0)) {
    label <- paste0("The member ", names(fit$members)[k], " of a stack")
    values <- values + fit$share[[k]] * check_learner_values(predict(fit$members[[k]]), n, fit$family, label, NULL)
  }
  if (fit$family == "binomial") pmin(values, 1) else values
}

#' @exportS3Method
fit_report.fitted_stack <- function(fit) {
  reports <- stack_reports(fit)
  named <- function(reports, part) unique(unlist(lapply(reports, `[[`, part)))
  list(weights = fit$share, separated = named(unlist(reports, recursive = FALSE), "separated"),
       filled = named(reports$whole, "filled"), aliased = named(reports$whole, "aliased"))
}

# What the members' fits have to say: on all rows (`whole`), and those of inner folds.
stack_reports <- function(fit) {
  members <- unname(fit$members)
  list(whole = lapply(members, function(m) fit_report(m$whole)),
       inner = lapply(unlist(lapply(members, `[[`, "parts"), recursive = FALSE), fit_report))
}

#' @exportS3Method
without_training.fitted_stack <- function(fit) {
  fit$members <- lapply(fit$members, function(m) list(whole = without_training(m$whole)))
  fit
}
