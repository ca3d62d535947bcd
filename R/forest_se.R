# Standard errors of a forest's predictions: the infinitesimal jackknife, from bag counts and trees' predictions alone.

# As predict(), a list of fit and se.fit of the same shape.
predict_forest_se <- function(object, newdata, type, threads, call = rlang::caller_env()) {
  check_forest_se(object, newdata, type, call)
  encoded <- encode_forest_rows(object, newdata, call = call)
  run <- run_control(threads)
  fit <- forest_values(object, forest_predict(object$model, encoded, nrow(newdata), FALSE, run))
  variance <- forest_jackknife(object$model, encoded, nrow(newdata), run)
  bad <- sum(rowSums(variance < 0) > 0)
  if (bad) {
    n <- nrow(newdata)
    cli::cli_warn(c(
      "{bad} of {n} standard error{?s} {?is/are} NA: the variance estimated is negative.",
      i = "Grow more {.arg trees} (now {object$options$trees}): about as many as rows, or more."
    ), class = c("causalsynth_warning_fit", "causalsynth_warning"), call = call)
  }
  variance[variance < 0] <- NA
  list(fit = forest_response(object, fit, type), se.fit = forest_se_values(object, sqrt(variance), type))
}

check_forest_se <- function(object, newdata, type, call) {
  if (is.null(newdata)) {
    abort("input", "{.arg newdata} is needed for {.code se.fit = TRUE}; out-of-bag predictions have none.", call = call)
  }
  if (type == "leaf" || (type == "response" && !is.null(object$classes))) {
    abort("input", "Standard errors are of means or probabilities: use {.code type = \"prob\"} for classes.",
          call = call)
  }
  if (object$options$trees < 2) abort("input", "Standard errors need at least two trees.", call = call)
  check_out_of_bag(object$options, "standard errors", call)
  if (!object$options$replace && !is.null(object$weights)) {
    abort("input", c("Standard errors of forests with {.arg weights} need bags drawn with replacement.",
                     i = "Fit the forest with {.code replace = TRUE}."), call = call)
  }
}

# Of two classes both have the same standard error.
forest_se_values <- function(object, values, type) {
  if (is.null(object$classes) && type == "response") return(values[, 1])
  if (length(object$classes) == 1) values <- matrix(0, nrow(values), 1)
  if (object$kind == "binary") values <- cbind(values[, 1], values[, 1])
  colnames(values) <- object$classes %||% c("0", "1")
  values
}
