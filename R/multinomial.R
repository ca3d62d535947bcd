# Multinomial logistic regression by maximum likelihood: P(arm k) = exp(x b_k) / sum_l exp(x b_l) with b_1 = 0
# (McCullagh and Nelder 1989, section 5.2), for the arms of learn_glm().

#' @exportS3Method
fit_arms.learn_glm <- function(learner, x, arm, key, threads, terms = NULL, weights = NULL,
                               call = rlang::caller_env()) {
  built <- fit_design(terms %||% all_columns_terms(x), x, call)
  n <- nrow(built$x)
  if (n <= ncol(built$x)) {
    abort("data", c(
      "{.fn learn_glm} has {n} row{?s} for {ncol(built$x)} column{?s} of the design; it needs more rows than columns.",
      i = "Use {.code learn_forest()}, or fewer covariates."
    ), call = call)
  }
  fit <- multinomial_core(built$x, as.integer(arm), nlevels(arm), weights)
  if (!is.null(fit$separation)) warn_separated(fit$separation, call)
  else if (!fit$converged) {
    cli::cli_warn("The multinomial regression did not converge in {fit$iterations} iterations.",
                  class = c("causalsynth_warning_fit", "causalsynth_warning"), call = call)
  }
  structure(c(fit, list(design = built$design, x = built$x, arm = as.integer(arm), weights = weights)),
            class = "fit_arms_glm")
}

#' @exportS3Method
fit_report.fit_arms_glm <- function(fit) {
  list(separated = fit$separation$columns, filled = names(fit$design$n_missing),
       aliased = setdiff(names(fit$aliased)[fit$aliased], "(Intercept)"))
}

#' @exportS3Method
predict_arms.fit_arms_glm <- function(fit, newx, threads = NULL) {
  multinomial_shares(design_matrix(fit$design, newx), fit$coefficients)
}

# Rows by arms; `coefficients` has a column for each arm but the first.
multinomial_shares <- function(x, coefficients) {
  eta <- cbind(0, x %*% coefficients)
  e <- exp(eta - eta[cbind(seq_len(nrow(eta)), max.col(eta, "first"))])
  e / rowSums(e)
}

# Newton's method with step-halving on columns scaled to unit root mean square; collinear columns take no part.
multinomial_core <- function(x, arm, arms, weights = NULL, max_iterations = 100) {
  w <- weights %||% rep(1, nrow(x))
  aliased <- linear_least_squares(x, numeric(nrow(x)), as.numeric(weights %||% numeric()))$aliased
  scale <- sqrt(colMeans(x[, !aliased, drop = FALSE]^2))
  z <- sweep(x[, !aliased, drop = FALSE], 2, scale, "/")
  observed <- outer(arm, seq_len(arms)[-1], "==") + 0
  loss <- function(shares) -sum(w * log(pmax(shares[cbind(seq_along(arm), arm)], 1e-300)))
  beta <- matrix(0, ncol(z), arms - 1)
  shares <- multinomial_shares(z, beta)
  current <- loss(shares)
  converged <- FALSE
  last <- step <- matrix(0, 1, arms - 1)
  iteration <- 0
  while (!converged && iteration < max_iterations) {
    iteration <- iteration + 1
    score <- crossprod(z, w * (observed - shares[, -1, drop = FALSE]))
    step <- matrix(solve_information(multinomial_information(z, shares, w), as.vector(score)), ncol(z))
    share <- 1
    repeat {
      trial <- multinomial_shares(z, beta + share * step)
      fresh <- loss(trial)
      if (fresh <= current || share < 1e-9) break
      share <- share / 2
    }
    converged <- current - fresh <= 1e-13 * (abs(fresh) + .1)
    if (fresh <= current) {
      beta <- beta + share * step
      shares <- trial
      last <- share * z %*% step
      current <- fresh
    }
  }
  coefficients <- matrix(0, ncol(x), arms - 1, dimnames = list(colnames(x), NULL))
  coefficients[!aliased, ] <- beta / scale
  list(coefficients = coefficients, aliased = stats::setNames(aliased, colnames(x)), converged = converged,
       iterations = iteration, separation = if (max(abs(last)) > .1) arms_separation(z, step, shares))
}

# Coefficients that still move while probabilities have reached 0: the columns that drive them.
arms_separation <- function(z, step, shares) {
  extreme <- rowSums(shares < 1e-8) > 0
  if (!any(extreme)) return(NULL)
  moving <- rowSums(abs(step)) * apply(z, 2, stats::sd)
  columns <- colnames(z)[moving > .01 * max(moving)]
  list(columns = columns, together = length(columns) > 1, one_class = FALSE, rows = sum(extreme), n = nrow(z))
}

# Minus the Hessian of the log-likelihood in the stacked columns of beta.
multinomial_information <- function(x, shares, w) {
  p <- ncol(x)
  others <- seq_len(ncol(shares))[-1]
  information <- matrix(0, p * length(others), p * length(others))
  for (k in seq_along(others)) for (l in seq_len(k)) {
    slope <- shares[, others[k]] * ((k == l) - shares[, others[l]])
    block <- crossprod(x, w * slope * x)
    information[(k - 1) * p + seq_len(p), (l - 1) * p + seq_len(p)] <- block
    information[(l - 1) * p + seq_len(p), (k - 1) * p + seq_len(p)] <- block
  }
  information
}

# A ridge far below the information's own size keeps separated samples solvable.
solve_information <- function(information, right) {
  ridge <- 1e-12 * max(diag(information), 1e-300)
  solve(information + diag(ridge, nrow(information)), right, tol = 0)
}

# What stacked estimating equations need of one arm's probability.
arm_share_model <- function(fit, arm) structure(list(model = fit, arm = arm), class = "fit_arm_share")

# One column of slopes only: those of the arm. d P_k / d b_l = P_k (1[k = l] - P_l) x; the coefficients' influence is
# n I^-1 x_i w_i (1[A = l] - P_l).
#' @exportS3Method
treatment_influence.fit_arm_share <- function(model, by_ps, n) {
  fit <- model$model
  x <- fit$x[, !fit$aliased, drop = FALSE]
  x <- sweep(x, 2, sqrt(colMeans(x^2)), "/")
  shares <- multinomial_shares(fit$x, fit$coefficients)
  w <- fit$weights %||% rep(1, nrow(x))
  own <- shares[, model$arm]
  others <- seq_len(ncol(shares))[-1]
  gradient <- vapply(others, function(l) {
    drop(crossprod(x, by_ps[, 1] * own * ((l == model$arm) - shares[, l])))
  }, numeric(ncol(x)))
  direction <- matrix(solve_information(multinomial_information(x, shares, w), as.vector(gradient)), ncol(x))
  scores <- w * (outer(fit$arm, others, "==") - shares[, others, drop = FALSE])
  cbind(n * rowSums((x %*% direction) * scores))
}

#' @export
print.fit_arms_glm <- function(x, ...) {
  cat("<multinomial fit>", nrow(x$x), "rows,", ncol(x$coefficients) + 1, "arms,", sum(!x$aliased), "of", ncol(x$x),
      "columns\n")
  invisible(x)
}
