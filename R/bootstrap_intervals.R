# Percentile and BCa intervals from replicates.

# Lower and upper limits of each term, a matrix of two columns.
bootstrap_limits <- function(fit, level, type) {
  boot <- fit$bootstrap
  limits <- vapply(seq_len(nrow(fit$estimates)), function(j) {
    values <- boot$values[!is.na(boot$values[, j]), j]
    alpha <- c((1 - level) / 2, (1 + level) / 2)
    if (length(values) < 2) return(c(NA, NA))
    if (type == "bca") {
      left_out <- boot$jackknife[!is.na(boot$jackknife[, j]), j]
      alpha <- bca_levels(alpha, values, fit$estimates$estimate[j], acceleration(left_out))
    }
    interpolated_quantile(values, alpha)
  }, numeric(2))
  t(limits)
}

# Efron's (1987) acceleration from leave-one-group-out estimates: skewness of the groups' influences over 6.
acceleration <- function(left_out) {
  influence <- mean(left_out) - left_out
  size <- sum(influence^2)
  if (length(left_out) < 2 || size == 0) return(0)
  sum(influence^3) / (6 * size^1.5)
}

# BCa levels (Efron 1987; Davison and Hinkley 1997, 5.21); NA where the estimate lies beyond all replicates.
bca_levels <- function(alpha, values, estimate, a) {
  z0 <- stats::qnorm((sum(values < estimate) + .5 * sum(values == estimate)) / length(values))
  if (!is.finite(z0)) return(c(NA, NA))
  z <- z0 + stats::qnorm(alpha)
  stats::pnorm(z0 + z / (1 - a * z))
}

# Order statistics at (R + 1) alpha, between two of them on the normal scale (Davison and Hinkley 1997, 5.8); the
# extreme ones where there is none beyond.
interpolated_quantile <- function(values, alpha) {
  count <- length(values)
  values <- sort(values)
  vapply(alpha, function(a) {
    if (is.na(a)) return(NA_real_)
    k <- floor((count + 1) * a + 1e-10)
    if (k < 1) return(values[1])
    if (k >= count) return(values[count])
    z <- stats::qnorm(c(k, k + 1) / (count + 1))
    values[k] + (stats::qnorm(a) - z[1]) / (z[2] - z[1]) * (values[k + 1] - values[k])
  }, 1)
}

# The kind of interval to show: the first that was made, unless another of them is asked for.
interval_type <- function(fit, type, call = rlang::caller_env()) {
  made <- if (is.null(fit$bootstrap)) "normal" else c(fit$bootstrap$type, "normal")
  if (is.null(type)) return(made[1])
  if (!(is.character(type) && length(type) == 1 && type %in% made)) {
    abort("input", c(
      "{.arg conf.type} must be {.or {.val {made}}} for this effect.",
      x = "It is {describe(type)}.",
      i = if (is.null(fit$bootstrap)) "Bootstrap intervals need {.code se = \"bootstrap\"}."
    ), call = call)
  }
  type
}

# Limits of all terms by any type.
effect_limits <- function(fit, level, type) {
  if (type != "normal") return(bootstrap_limits(fit, level, type))
  fit$estimates$estimate + fit$estimates$std.error %o% stats::qnorm(c((1 - level) / 2, (1 + level) / 2))
}

# Lines for print(): what failed and what limits rest on too few replicates.
bootstrap_phrases <- function(fit) {
  boot <- fit$bootstrap
  if (is.null(boot)) return(NULL)
  unknown <- colSums(is.na(boot$values))
  edge <- nrow(boot$values) * (if (fit$bootstrap$type[1] == "bca") .01 else .025) < 1
  c(
    paste0("bootstrap: ", boot$n_failed, " of ", count_phrase(boot$asked, "resample"), " failed",
           if (boot$n_failed) paste0(" (", boot$failures[[1]], " x ", names(boot$failures)[1], ")"),
           if (boot$n_warned) paste0("; ", boot$n_warned, " with warnings"),
           if (isTRUE(boot$n_jackknife_failed > 0)) paste0("; ", boot$n_jackknife_failed, " of the jackknife failed")),
    if (length(boot$folds)) {
      paste0("  in resamples the ", paste(boot$folds, collapse = " and "),
             " was cross-fitted: out of bag, copies of a row would predict each other")
    },
    if (any(unknown > 0)) {
      paste0("  not finite in some resamples: ", paste0(names(unknown)[unknown > 0], " (", unknown[unknown > 0], ")",
                                                         collapse = ", "))
    },
    if (edge) "  so few resamples put the limits at the extreme ones: ask for more"
  )
}
