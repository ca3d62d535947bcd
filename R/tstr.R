#' Train on synthetic rows, test on real ones
#'
#' The outcome is regressed on treatment and covariates in the synthetic rows; the fitted model then predicts the
#' outcome of real rows it never saw.
#'
#' @param synthetic data frame to train on.
#' @param test data frame of real rows that the generator never saw; they may all be of one arm.
#' @param formula roles, `Y ~ A | W1 + W2`, or `Y ~ A | .` for all other columns.
#' @param learner how the outcome is regressed: a learner such as [learn_forest()].
#' @param seed one whole number, or NULL to draw from R's own generator.
#' @param threads number of threads; the result does not depend on it.
#' @param ... must be empty.
#' @return An object of class `causalsynth_tstr`: a list of `metric` ("auc" for an outcome of 0 and 1, else "r2",
#'   the share of the test outcome's variance explained), `estimate`, `std.error` (DeLong's for the AUC, NA for R2),
#'   `prediction` and `outcome` (one number a row of `test`), `n_train`, `n_test`, `learner`. [tidy()][tidy_metric]
#'   gives a table.
#'   A treatment or outcome with other levels in `synthetic` than in `test` is an error of class
#'   `causalsynth_error_data`.
#' @details The AUC is the share of pairs of a row with Y = 1 and one with Y = 0 that the prediction puts in the right
#'   order, ties counting one half. A good score does not mean that the treatment effect survived: read it beside
#'   [estimate_effect()].
#' @references DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845.
#' @examples
#' train <- generate(dgp_paper(), 500, seed = 1)
#' test <- generate(dgp_paper(), 500, seed = 2)
#' tstr(train, test, Y ~ A | ., learner = learn_forest(trees = 100), seed = 1)
#' @export
tstr <- function(synthetic, test, formula, ..., learner = learn_forest(), seed = NULL, threads = NULL) {
  check_dots_empty(...)
  check_data_frame(synthetic, "synthetic")
  check_data_frame(test, "test")
  check_present(formula, "formula")
  learner <- check_learner(learner, "learner")
  threads <- resolve_threads(threads)
  train <- study_data(formula, synthetic)
  scored <- scored_study(formula, test, train)
  check_same_study(train, scored)
  # A 0/1 outcome is so in both sets; a number that happens to be 0/1 in one is not.
  family <- if (train$family == "binomial" && scored$family == "binomial") "binomial" else "gaussian"
  with_treatment <- stats::reformulate(c(".", sprintf("`%s`", train$treatment)))
  terms <- stats::terms(stats::update(stats::formula(train$terms), with_treatment))
  fit <- fit_learner(learner, joint_design(train), train$outcome_values, family, rng_key(seed), threads, terms)
  prediction <- check_learner_values(predict_fit(fit, joint_design(scored), threads), scored$n, family, learner$label)
  new_tstr(scored$outcome_values, prediction, family, learner, train$n)
}

# The test set as a study. It may have one arm only: a row of the other arm is lent to it while it is read.
scored_study <- function(formula, test, train, call = rlang::caller_env()) {
  arm <- test[[train$treatment]]
  text <- unique(as.character(arm))
  if (length(text) != 1 || is.na(text)) return(study_data(formula, test, call = call))
  if (is.numeric(arm) && !is.factor(arm)) {
    lent <- c(arm, 1 - arm[1])
  } else if (is.logical(arm)) {
    lent <- c(arm, !arm[1])
  } else if (text %in% train$treat_levels) {
    lent <- factor(c(as.character(arm), setdiff(train$treat_levels, text)), train$treat_levels)
  } else {
    return(study_data(formula, test, call = call))
  }
  n <- nrow(test)
  class(test) <- "data.frame"
  test <- test[c(seq_len(n), 1), , drop = FALSE]
  test[[train$treatment]] <- lent
  study <- study_data(formula, test, call = call)
  study[c("treat", "outcome_values")] <- lapply(study[c("treat", "outcome_values")], utils::head, n)
  study$covs <- study$covs[seq_len(n), , drop = FALSE]
  study$n <- n
  study
}

# Covariates and the treatment (0/1) as one table.
joint_design <- function(study) {
  x <- study$covs
  x[[study$treatment]] <- study$treat
  x
}

check_same_study <- function(train, scored, call = rlang::caller_env()) {
  only <- list(synthetic = setdiff(train$covariates, scored$covariates),
               test = setdiff(scored$covariates, train$covariates))
  for (arg in names(only)) {
    if (length(only[[arg]]) == 0) next
    abort("data", c(
      "{.arg synthetic} and {.arg test} must have the same covariates: only {.arg {arg}} has {.val {only[[arg]]}}.",
      i = "Name the covariates in {.arg formula}, or drop what the other lacks."
    ), call = call)
  }
  for (name in train$covariates) check_same_column(train$covs[[name]], scored$covs[[name]], name, call)
  for (part in c("treat_levels", "outcome_levels")) {
    if (identical(train[[part]], scored[[part]])) next
    name <- if (part == "treat_levels") train$treatment else train$outcome
    abort("data", c(
      "Column {.val {name}} has other levels in {.arg synthetic} than in {.arg test}.",
      x = "They are {.val {train[[part]]}} and {.val {scored[[part]]}}."
    ), call = call)
  }
}

# Text and factors are one kind, everything else numbers; a factor's levels in `x` (synthetic) must be known to `y`
# (test).
check_same_column <- function(x, y, name, call) {
  is_text <- function(v) is.factor(v) || is.character(v)
  if (is_text(x) != is_text(y)) {
    abort("data", c(
      "Column {.val {name}} is {class(x)[1]} in {.arg synthetic} and {class(y)[1]} in {.arg test}.",
      i = "Let {.fn gen_data} clean the synthetic rows against the real ones."
    ), call = call)
  }
  if (!is.factor(y)) return(invisible())
  unknown <- setdiff(unique(as.character(x[!is.na(x)])), levels(y))
  if (length(unknown)) {
    abort("data", c(
      "Column {.val {name}} of {.arg synthetic} has {length(unknown)} level{?s} that {.arg test} lacks:
       {.val {unknown}}.",
      i = "Let {.fn gen_data} clean the synthetic rows against the real ones."
    ), call = call)
  }
}

new_tstr <- function(y, prediction, family, learner, n_train) {
  score <- if (family == "binomial") auc_delong(prediction, y) else c(r_squared(prediction, y), NA)
  structure(
    list(
      metric = if (family == "binomial") "auc" else "r2", estimate = score[[1]], std.error = score[[2]],
      prediction = prediction, outcome = y, n_train = n_train, n_test = length(y), learner = learner$label
    ),
    class = "causalsynth_tstr"
  )
}

# Mann and Whitney's statistic over the number of pairs, with mid-ranks for ties. `y` is 0/1.
auc <- function(prob, y) {
  n1 <- sum(y == 1)
  n0 <- sum(y == 0)
  if (n1 == 0 || n0 == 0) return(NA_real_)
  (sum(rank(prob)[y == 1]) - n1 * (n1 + 1) / 2) / n1 / n0
}

# The AUC and its standard error from placements: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845.
auc_delong <- function(prob, y) {
  n1 <- sum(y == 1)
  n0 <- sum(y == 0)
  all_ranks <- rank(prob)
  above <- (all_ranks[y == 1] - rank(prob[y == 1])) / n0
  below <- 1 - (all_ranks[y == 0] - rank(prob[y == 0])) / n1
  c(auc(prob, y), sqrt(stats::var(above) / n1 + stats::var(below) / n0))
}

r_squared <- function(prediction, y) 1 - sum((y - prediction)^2) / sum((y - mean(y))^2)

#' @export
format.causalsynth_tstr <- function(x, digits = 4, ...) {
  name <- if (x$metric == "auc") "AUC" else "R2"
  se <- if (is.na(x$std.error)) "" else sprintf(" (SE %s)", format(x$std.error, digits = 2))
  c(
    sprintf("<tstr> Trained on synthetic, tested on real: %s %s%s", name, format(x$estimate, digits = digits), se),
    sprintf("%s, %s; %s", count_phrase(x$n_train, "synthetic row"), count_phrase(x$n_test, "test row"), x$learner)
  )
}

#' @export
print.causalsynth_tstr <- function(x, ...) {
  show_metric(x, ..., then = "compare with tstr(real, test, formula), of real rows; autoplot().")
  invisible(x)
}

#' @export
summary.causalsynth_tstr <- function(object, ...) {
  summary.causalsynth_metric(object)
}

#' @rdname tidy_metric
#' @export
tidy.causalsynth_tstr <- function(x, conf.level = .95, ...) {
  check_dots_empty(...)
  conf.level <- check_level(conf.level, "conf.level")
  half <- stats::qnorm((1 + conf.level) / 2) * x$std.error
  limits <- pmin(pmax(x$estimate + c(-half, half), 0), 1)
  rows <- stats::setNames(list(c(x$estimate, limits)), paste0("tstr_", x$metric))
  metric_table(rows, x$n_test)
}

#' @rdname tidy_metric
#' @export
glance.causalsynth_tstr <- function(x, ...) {
  check_dots_empty(...)
  data.frame(metric = x$metric, estimate = x$estimate, std.error = x$std.error, n_train = x$n_train, n_test = x$n_test,
             learner = x$learner)
}

#' Plot how synthetic rows predict real ones
#'
#' The ROC curve of a 0/1 outcome, or the observed against the predicted outcome.
#'
#' @param object an object made by [tstr()].
#' @param ... must be empty.
#' @return A ggplot.
#' @examples
#' train <- generate(dgp_paper(), 200, seed = 1)
#' test <- generate(dgp_paper(), 200, seed = 2)
#' ggplot2::autoplot(tstr(train, test, Y ~ A | ., learner = learn_glm()))
#' @exportS3Method ggplot2::autoplot causalsynth_tstr
autoplot.causalsynth_tstr <- function(object, ...) {
  check_dots_empty(...)
  if (object$metric == "r2") {
    plot <- identity_plot(object$prediction, object$outcome, "predicted from synthetic rows", "observed in real rows")
    return(plot + ggplot2::labs(subtitle = format(object)[1]))
  }
  curve <- roc_curve(object$prediction, object$outcome)
  ggplot2::ggplot(curve, ggplot2::aes(.data$false_positive, .data$true_positive)) +
    ggplot2::geom_abline(linetype = 2, colour = "grey60") +
    ggplot2::geom_step(colour = plot_colours[1], direction = "vh") +
    ggplot2::coord_equal() +
    ggplot2::labs(x = "false positive rate", y = "true positive rate", subtitle = format(object)[1]) +
    ggplot2::theme_minimal()
}

# From (0, 0) to (1, 1), one point a distinct prediction.
roc_curve <- function(prob, y) {
  cuts <- sort(unique(prob), decreasing = TRUE)
  above <- function(values) 1 - stats::ecdf(values)(cuts) + vapply(cuts, function(cut) mean(values == cut), 0)
  data.frame(false_positive = c(0, above(prob[y == 0])), true_positive = c(0, above(prob[y == 1])))
}
