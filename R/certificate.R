#' The certificate of a hybrid or of its rows
#'
#' States how the effect of synthetic rows relates to the seed's: what was estimated on the seed, what the law has,
#' every shift that brought them together, the covariates' moments before and after, what was bounded, and what the
#' knobs changed. It is stored with the hybrid, travels with every pool drawn from it, and stands in the file beside the
#' rows that [write_pool()] writes.
#'
#' @param x A hybrid of [fit_hybrid()], or a pool drawn from it.
#' @param ... Unknown names are an error.
#' @return An object of class `causalsynth_certificate`, a list of plain values: `effects` (a data frame of the terms
#'   with the seed's `estimate`, `std.error` and interval, and the `law`), `subgroups` (or `NULL`), `shifts` (by arm and
#'   subgroup, on the logit scale of the outcome's range), `moments` (of the covariates: `seed`, `before`, `after`),
#'   `acceptance` (share of rows accepted, effective sample size), `bounds`, `knobs`, `covariance` (of the seed's arm
#'   means, the variance that intervals for the population rest on), sizes and names. [as.list()] gives the list without
#'   its class, `tidy()` the effects. An object without one is an error of class `causalsynth_error_input`.
#' @examples
#' study <- generate(dgp_paper(), 500, seed = 1)
#' hybrid <- fit_hybrid(Y ~ A | ., study, gen_copula(), seed = 2, learner_treatment = learn_glm(),
#'                      learner_outcome = learn_glm())
#' certificate(hybrid)
#' @export
certificate <- function(x, ...) UseMethod("certificate")

#' @export
certificate.default <- function(x, ...) {
  abort("input", c(
    "{.fn certificate} needs a hybrid of {.fn fit_hybrid}, or a pool drawn from one.",
    x = "It is {describe(x)}."
  ), call = rlang::caller_env())
}

#' @export
certificate.causalsynth_hybrid <- function(x, ...) {
  check_dots_empty(...)
  x$certificate
}

#' @export
certificate.causalsynth_pool <- function(x, ...) {
  check_dots_empty(...)
  pool_parts(x)$origin$certificate
}

make_certificate <- function(hybrid) {
  table <- hybrid$seed_effect$table
  terms <- contrast_names(hybrid$arms)
  law <- hybrid$law$means
  values <- c(law[-1] - law[1], law)
  names(values) <- c(terms, paste0("mean_", hybrid$arms))
  table$drawn <- hybrid$drawn_effect$table$estimate
  table$law <- unname(values[table$term])
  structure(list(
    version = 1L, made_by = paste("causalsynth", own_version()), roles = hybrid$roles[c("outcome", "treatment")],
    covariates = hybrid$roles$covariates, family = hybrid$family, outcome_law = hybrid$outcome_law$kind,
    arms = hybrid$arms, treat_levels = hybrid$treat_levels, n_seed = hybrid$n_seed,
    generator = hybrid$generator$spec$label, targeted = hybrid$targeted, proper = isTRUE(hybrid$proper),
    treatment = assignment_phrase(hybrid$assignment), assignment = hybrid$assignment$kind,
    effects = table,
    covariance = hybrid$seed_effect$covariance, subgroups = hybrid$subgroups, shifts = shift_table(hybrid),
    calibration = told_calibration(hybrid$models$calibration),
    law = list(rows = hybrid$law$n, exact = hybrid$law$exact, sd = hybrid$law$sd, shares = hybrid$law$shares,
               least_share = hybrid$law$least_share, before_knobs = hybrid$law$before_knobs,
               confounding_bias = hybrid$law$confounding_bias),
    moments = hybrid$acceptance$table,
    acceptance = hybrid$acceptance[intersect(c("rate", "ess", "miss", "pairs"), names(hybrid$acceptance))],
    bounds = bounds_text(hybrid), knobs = hybrid$knobs, changed = changed_knobs(hybrid$knobs)
  ), class = "causalsynth_certificate")
}

# Without the design, which belongs to the model.
told_calibration <- function(calibration) {
  if (is.null(calibration)) return(NULL)
  columns <- calibration$columns$coefficients
  c(calibration[c("intercept", "slope")], if (!is.null(columns)) list(columns = as.list(columns)))
}

calibration_lines <- function(calibration) {
  if (is.null(calibration)) return(NULL)
  slopes <- unlist(calibration$columns)
  c(
    if (any(unlist(calibration$slope) != 1)) {
      paste0("Slope of the outcome on its regression, set right by arm: ", paste(signif(unlist(calibration$slope), 3),
                                                                             collapse = ", "))
    },
    if (length(slopes)) {
      paste0("The regression left part of ", paste(names(slopes), collapse = ", "),
             " unused; added to all arms' means, a unit: ", paste(signif(slopes, 3), collapse = ", "))
    }
  )
}

bounds_text <- function(hybrid) {
  if (length(hybrid$arms) > 2) arm_bounds_phrase(hybrid$bounds, hybrid$n_seed)
  else bounds_phrase(hybrid$bounds, hybrid$n_seed)
}

assignment_phrase <- function(assignment) {
  switch(assignment$kind, fitted = "drawn from the fitted propensity", "function" = "drawn from a function of the user",
         randomized = sub("<assignment> ", "", assignment$label, fixed = TRUE))
}

shift_table <- function(hybrid) {
  target <- hybrid$fluctuation
  if (is.null(target)) return(NULL)
  parts <- lapply(target$subgroups, function(s) {
    data.frame(arm = rep(hybrid$arms, each = length(s$levels)), subgroup = paste(s$variable, s$levels, sep = " = "),
               epsilon = NA_real_, shift = as.vector(s$shift))
  })
  rbind(data.frame(arm = hybrid$arms, subgroup = "all", epsilon = target$epsilon, shift = target$shift),
        do.call(rbind, parts))
}

#' @export
format.causalsynth_certificate <- function(x, ...) {
  c(
    sprintf("<certificate> of a %s hybrid: %s on %s, %s rows of seed", if (x$targeted) "targeted" else "plain",
            x$roles$treatment, x$roles$outcome, format(x$n_seed, big.mark = ",")),
    effect_lines(x),
    subgroup_lines(x$subgroups),
    sprintf("Law seen on %s rows%s; rows' effects differ by sd %s: a pool of k rows misses it by sd / sqrt(k)",
            format(x$law$rows, big.mark = ",", scientific = FALSE), if (x$law$exact) " (all there are)" else "",
            paste(signif(x$law$sd, 3), collapse = ", ")),
    shift_lines(x),
    moment_lines(x),
    paste("Propensity bounds:", x$bounds),
    paste0("Covariates: ", x$generator, "; treatment: ", x$treatment, "; outcome: ", outcome_phrase(x$outcome_law)),
    calibration_lines(x$calibration),
    knob_lines(x),
    if (x$proper) "Proper: all of it was fitted on a bootstrap resample of the seed (column drawn of $effects)"
  )
}

effect_lines <- function(x) {
  table <- x$effects
  shown <- utils::head(table[!grepl("^mean_", table$term), ], 4)
  lines <- sprintf("  %s: seed's TMLE %s (SE %s, 95 %% CI %s to %s); law %s", shown$term, signif(shown$estimate, 5),
                   signif(shown$std.error, 3), signif(shown$conf.low, 4), signif(shown$conf.high, 4),
                   signif(shown$law, 5))
  means <- table[grepl("^mean_", table$term), ]
  arms <- arm_levels(x, sub("mean_", "", means$term))
  c(lines, paste0("  means: seed's ", arm_values(x$roles$treatment, arms, means$estimate, 4),
                  "; law ", paste(signif(means$law, 4), collapse = ", ")))
}

# The treatment's own levels of the arms "0" and "1".
arm_levels <- function(x, arms) {
  at <- match(arms, x$arms)
  if (anyNA(at)) arms else x$treat_levels[at]
}

subgroup_lines <- function(table) {
  if (is.null(table)) return(NULL)
  shown <- utils::head(table, 6)
  c(sprintf("  %s = %s (n %s): seed %s (SE %s); law %s", shown$variable, shown$level, shown$n, signif(shown$seed, 4),
            signif(shown$std.error, 2), signif(shown$law, 4)),
    if (nrow(table) > 6) paste0("  ... ", count_phrase(nrow(table) - 6, "more subgroup"), " in $subgroups"))
}

shift_lines <- function(x) {
  if (is.null(x$shifts)) return("Nothing was shifted: a plain hybrid does not aim at the seed's estimate")
  own <- x$shifts[x$shifts$subgroup == "all", ]
  others <- sum(x$shifts$subgroup != "all")
  paste0("Shifts on the logit scale: ", paste0("arm ", own$arm, " ", signif(without_rounding(own$shift), 3),
                                               " (epsilon ", signif(own$epsilon, 3), ")", collapse = ", "),
         if (others) paste0("; ", others, " of subgroups"))
}

moment_lines <- function(x) {
  if (is.null(x$moments)) return("Covariates' moments: not compared")
  scale <- pmax(x$moments$seed_sd, 1e-12)
  worst <- function(column) {
    miss <- abs(x$moments[[column]] - x$moments$seed) / scale
    k <- which.max(miss)
    paste0(signif(miss[k], 2), " sd (", x$moments$column[k], ")")
  }
  if (nrow(x$moments) == 0) return("Covariates' moments: none to compare")
  if (x$acceptance$rate == 1 && x$acceptance$ess == 1) {
    return(paste0("Covariates' means are within ", worst("before"), " of the seed's: no row was refused"))
  }
  paste0("Covariates' means: off by ", worst("before"), " before, ", worst("after"), " after acceptance",
         spread_phrase(x$moments), " (rate ", signif(x$acceptance$rate, 2), ", effective sample size ",
         round(100 * x$acceptance$ess), " %, ", if (isTRUE(x$acceptance$pairs)) "with" else "without",
         " cross-products)")
}

# The largest miss of a standard deviation, which acceptance mends too; nothing where there are shares only.
spread_phrase <- function(moments) {
  before <- spread_miss(moments, "before_sd")
  if (!any(is.finite(before))) return("")
  k <- which.max(ifelse(is.finite(before), before, -1))
  sprintf("; standard deviations by %s %% (%s) before, %s %% after", signif(100 * before[k], 2), moments$column[k],
          signif(100 * spread_miss(moments, "after_sd")[k], 2))
}

outcome_phrase <- function(kind) {
  switch(kind, binary = "drawn with its probability",
         discrete = "the seed's values, tilted to the mean",
         continuous = "drawn about its regression from the seed's conditional law")
}

knob_lines <- function(x) {
  if (length(x$changed) == 0) return(NULL)
  bias <- x$law$confounding_bias
  c(paste0("Knobs: ", knob_phrase(x$knobs)),
    if (any(bias != 0)) paste0("  adjusting for the covariates alone finds ", paste(signif(bias, 3), collapse = ", "),
                               " too much"),
    if (length(effect_knobs(x$knobs))) "  no interval for the population can be had from its rows")
}

#' @export
print.causalsynth_certificate <- function(x, ..., lines = 25) {
  show_object(x, lines = lines,
              then = "summary() has its tables; generate(hybrid, n, seed).")
  invisible(x)
}

#' @export
summary.causalsynth_certificate <- function(object, ...) {
  structure(list(certificate = object), class = "summary.causalsynth_certificate")
}

#' @export
print.summary.causalsynth_certificate <- function(x, ...) {
  print(x$certificate, lines = Inf)
  parts <- unclass(x$certificate)
  for (name in c("effects", "subgroups", "shifts", "moments")) {
    if (is.null(parts[[name]])) next
    cat("\n", name, ":\n", sep = "")
    print(utils::head(parts[[name]], 40), row.names = FALSE, digits = 4)
  }
  invisible(x)
}

#' @export
as.list.causalsynth_certificate <- function(x, ...) unclass(x)

#' @export
tidy.causalsynth_certificate <- function(x, ...) {
  check_dots_empty(...)
  x$effects
}
