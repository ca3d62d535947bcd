# Hybrids in model files (R/model_file.R): what goes in, what older files lacked.

#' @exportS3Method
pack_model.causalsynth_hybrid <- function(x, keep_rows, call) {
  if (!keep_rows) x$models <- without_rows(x$models)
  # How it was fitted serves to fit it anew, which needs the seed: no receiver of a file has it.
  x["recipe"] <- list(NULL)
  x$token <- NULL
  x$generator <- pack_model(x$generator, keep_rows, call)
  x
}

#' @exportS3Method
unpack_model.causalsynth_hybrid <- function(x, version) {
  check_parts(x)
  if (version < 3) x <- hybrid_of_version_2(x)
  missing <- setdiff(c("arms", "models", "generator", "outcome_law", "law", "assignment", "knobs", "certificate",
                       "template", "role_blueprint", "treat_levels"), names(x))
  if (length(missing)) stop("the hybrid lacks ", toString(missing))
  if (length(x$law$means) != length(x$arms)) stop("the hybrid's means do not fit its arms")
  x
}

# Versions 1 and 2 knew two arms, no acceptance, knobs, subgroups or certificate; its residuals had bins, but no spread.
hybrid_of_version_2 <- function(x) {
  x$arms <- c("0", "1")
  x$knobs <- knob_defaults
  x$proper <- FALSE
  share <- c(1 - x$share_treated, x$share_treated)
  x$assignment <- if (x$treatment == "fitted") list(kind = "fitted")
  else list(kind = "randomized", label = format(assign_randomized()), share = share)
  x$outcome_law <- if (x$family == "binomial") list(kind = "binary") else {
    list(kind = "continuous", range = x$residuals$range, spread = c(NA_real_, NA_real_),
         arms = lapply(x$residuals[c("control", "treated")], function(part) {
           list(spikes = numeric(), spread = list(), cuts = part$cuts, residuals = unname(part$residuals))
         }))
  }
  old <- x$fluctuation
  if (!is.null(old)) {
    x$fluctuation <- list(epsilon = c(old$epsilon_0, old$epsilon_1), low = old$low, high = old$high, bound = old$bound,
                          shift = c(old$shift_0, old$shift_1), subgroups = list())
  }
  law <- x$law
  x$law <- c(list(means = c(`0` = law$mean_0, `1` = law$mean_1)), law,
             list(confounding_bias = 0, shares = NULL))
  seed <- x$seed_effect
  x$seed_effect$means <- c(`0` = seed$mean_0, `1` = seed$mean_1)
  x$seed_effect$covariance <- seed$variance[2:1, 2:1]
  error <- sqrt(c(seed$std.error^2, diag(seed$variance)))
  estimate <- c(seed$estimate, seed$mean_1, seed$mean_0)
  z <- stats::qnorm(.975)
  x$seed_effect$table <- data.frame(term = c("ATE", "mean_1", "mean_0"), estimate = estimate, std.error = error,
                                    conf.low = estimate - z * error, conf.high = estimate + z * error)
  x$residuals <- NULL
  x$certificate <- make_certificate(x)
  x
}
