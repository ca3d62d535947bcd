# Methods of diagnoses of overlap.

#' Diagnoses of overlap as text, tables and figures
#'
#' @param x,object A diagnosis made by [diagnose_overlap()].
#' @param type `"propensity"`: a mirror histogram, the treated arm above and the control arm below, as shares of each
#'   arm; bars are the rows, the line is what the weights make of them, dashed lines are the threshold.
#'   `"balance"`: a love plot of absolute standardised mean differences, with a dashed line at .1. `"weights"`: the
#'   weights of each arm relative to their mean, on a logarithmic axis. `"remedies"`: the effective sizes that each
#'   remedy would leave.
#' @param terms Largest number of terms that the love plot shows: those of the largest differences.
#' @param ... Not used; an unknown argument is an error.
#' @return `tidy()`: the balance table, a row a term, sample and metric: columns `term`, `variable`, `level`, `type`
#'   (`"numeric"`, `"level"`, `"binary"`, `"missing"`), `sample` (`"before"`, `"after"`, or the methods'
#'   names), `metric` (`"smd"`, `"variance_ratio"`, `"ks"`, `"mean_treated"`, `"mean_control"`) and
#'   `estimate`. `glance()`: a row for each set of weights, with the counts of rows beyond the threshold, effective
#'   sample sizes, the largest share that one row has of its arm's weight, and the largest absolute SMD before and
#'   after. `summary()`: everything. `autoplot()`: a ggplot. `weights()`: the weights diagnosed. `nobs()`: rows.
#' @examples
#' study <- generate(dgp_paper("weak"), 500, seed = 1)
#' overlap <- diagnose_overlap(Y ~ A | ., study, learner_treatment = learn_glm())
#' glance(overlap)
#' head(tidy(overlap))
#' ggplot2::autoplot(overlap, "balance")
#' @name overlap_methods
NULL

# |SMD| above which arms are called unlike, as is usual (Austin 2009).
smd_limit <- .1

samples_of <- function(x) unique(x$ess$sample)

# The largest |SMD| of a sample and of which term, and how many covariates have one above the limit.
worst_balance <- function(x, sample) {
  rows <- x$balance[x$balance$sample == sample & !is.na(x$balance$smd), ]
  if (nrow(rows) == 0) return(list(smd = NA_real_, term = NA_character_, above = NA_integer_))
  at <- which.max(abs(rows$smd))
  above <- unique(rows$variable[abs(rows$smd) > smd_limit])
  list(smd = abs(rows$smd[at]), term = rows$term[at], above = length(above))
}

#' @rdname overlap_methods
#' @export
tidy.causalsynth_overlap <- function(x, ...) {
  check_dots_empty(...)
  metrics <- c("smd", "variance_ratio", "ks", "mean_treated", "mean_control")
  keys <- x$balance[c("term", "variable", "level", "type", "sample")]
  long <- keys[rep(seq_len(nrow(keys)), each = length(metrics)), ]
  long$metric <- rep(metrics, nrow(keys))
  long$estimate <- as.vector(t(as.matrix(x$balance[metrics])))
  rownames(long) <- NULL
  long
}

#' @rdname overlap_methods
#' @export
glance.causalsynth_overlap <- function(x, ...) {
  check_dots_empty(...)
  before <- worst_balance(x, "before")
  rows <- lapply(samples_of(x), function(sample) {
    ess <- x$ess[x$ess$sample == sample, ]
    top <- x$largest$share[x$largest$sample == sample]
    after <- worst_balance(x, sample)
    data.frame(
      sample = sample, estimand = x$estimand, n = x$n, n_treated = sum(x$treat), n_control = sum(x$treat == 0),
      n_omitted = x$n_omitted, threshold = x$threshold, n_beyond = nrow(x$beyond),
      share_beyond = nrow(x$beyond) / x$n, n_matters = sum(x$beyond$matters), n_bounded = x$n_bounded,
      n_infinite = x$n_infinite[[sample]], ess_treated = ess$after[1], ess_control = ess$after[2],
      max_weight_share = if (anyNA(top)) NA_real_ else max(top), max_smd_before = before$smd,
      max_smd_after = after$smd, n_above_before = before$above, n_above_after = after$above
    )
  })
  do.call(rbind, rows)
}

#' @export
nobs.causalsynth_overlap <- function(object, ...) object$n

#' @export
weights.causalsynth_overlap <- function(object, ...) object$weights

percent <- function(share) {
  ifelse(is.na(share), "?", ifelse(share > 0 & share < .001, "<0.1 %", paste(signif(100 * share, 2), "%")))
}

#' @export
format.causalsynth_overlap <- function(x, ...) {
  g <- glance(x)
  paste0(
    "<overlap> ", x$estimand, " of ", x$roles$treatment, ": ", nrow(x$beyond), " of ", x$n, " rows beyond ",
    signif(x$threshold, 3), "; ", g$sample, ": effective sizes ", signif(g$ess_treated, 3), " and ",
    signif(g$ess_control, 3), if (nrow(x$balance)) paste0(", largest |SMD| ", two_decimals(g$max_smd_before), " to ",
                                                        two_decimals(g$max_smd_after))
  )
}

#' @export
print.causalsynth_overlap <- function(x, ...) {
  lines <- overlap_sections(x)
  for (most in 3:0) if (length(lines) > 25) lines <- overlap_sections(x, most)
  show_lines(character(), tail = lines)
  invisible(x)
}

# `most`: terms of the balance table.
overlap_sections <- function(x, most = 4) {
  c(wrap_lines(overlap_head(x)), overlap_propensity(x), wrap_lines(overlap_beyond(x)),
    wrap_lines(region_lines(x, max(1, most - 1))), wrap_lines(overlap_sizes(x)), overlap_balance(x, most),
    overlap_advice(x))
}

overlap_head <- function(x) {
  how <- c(oob = "out of bag", folds = "by folds", none = "in sample", given = "given")[[x$crossfit]]
  learner <- if (x$learner == "given") "as given" else paste0("by ", x$learner, ", ", how)
  c(
    paste0("<overlap> ", x$estimand, " of ", x$roles$treatment, ": ", x$treat_levels[2], " (treated) against ",
           x$treat_levels[1], " (control)"),
    paste0("n = ", thousands(x$n), ": ", thousands(sum(x$treat)), " treated, ", thousands(sum(x$treat == 0)),
           " control", if (x$n_omitted) paste0("; ", count_phrase(x$n_omitted, "row"), " omitted (missing A or Y)"),
           if (!is.null(x$s.weights)) "; case weights used throughout"),
    paste0("Propensity, ", learner, ":")
  )
}

overlap_propensity <- function(x) {
  table <- x$propensity[c("arm", "min", "q05", "q25", "median", "q75", "q95", "max")]
  names(table)[c(3:4, 6:7)] <- c("5 %", "25 %", "75 %", "95 %")
  table[-1] <- lapply(table[-1], function(v) formatC(v, digits = 3, format = "f"))
  table_lines(table)
}

overlap_beyond <- function(x) {
  rule <- paste0(signif(x$threshold, 3), if (x$rule == "gruber") " (gruber)")
  k <- nrow(x$beyond)
  rare <- c(treated = sum(x$beyond$rare == "treated"), control = sum(x$beyond$rare == "control"))
  rare <- paste0(thousands(rare), " seldom ", names(rare))[rare > 0]
  bounded <- if (x$bounds$rule == "none") "no bounds"
             else paste0(count_phrase(x$n_bounded, "row"), " bounded")
  paste0("Beyond ", rule, ": ", count_phrase(k, "row"),
         if (k) paste0(" (", percent(k / x$n), "), ", paste(rare, collapse = ", ")), "; ", bounded)
}

overlap_sizes <- function(x) {
  unlist(lapply(samples_of(x), function(sample) {
    ess <- x$ess[x$ess$sample == sample, ]
    top <- x$largest[x$largest$sample == sample, ]
    top <- top[which.max(top$share), ]
    size <- function(a) {
      if (is.na(ess$after[a])) return(paste(ess$arm[a], "unknown"))
      paste0(ess$arm[a], " ", signif(ess$after[a], 3), " of ", thousands(ess$n[a]), " (", percent(ess$share[a]), ")")
    }
    c(
      paste0("Effective sample size", of_sample(x, sample), ": ", size(1), ", ", size(2)),
      if (nrow(top) && sample == "after") {
        paste0("Largest weight: row ", top$row, " (", top$arm, ", P = ", signif(top$ps, 2), ") has ",
               percent(top$share), " of its arm's weight")
      }
    )
  }))
}

# Names the set of weights where there are several, or the methods it is of.
of_sample <- function(x, sample) {
  if (sample != "after") return(paste0(" (", sample, ")"))
  if (length(x$methods)) paste0(" (", x$methods, ")") else ""
}

overlap_balance <- function(x, most = 4) {
  if (nrow(x$balance) == 0) return("Balance: no covariates were kept with the nuisances")
  variables <- length(unique(x$balance$variable))
  before <- worst_balance(x, "before")
  lines <- unlist(lapply(samples_of(x), function(sample) {
    after <- worst_balance(x, sample)
    if (is.na(after$smd)) {
      return(paste0("Balance", of_sample(x, sample), ": largest |SMD| ", two_decimals(before$smd),
                    " before, unknown after weighting"))
    }
    paste0("Balance", of_sample(x, sample), ": largest |SMD| ", two_decimals(before$smd), " before, ",
           two_decimals(after$smd), " after weighting; above ", smd_limit, ": ", before$above, " of ",
           count_phrase(variables, "covariate"), " before, ", after$above, " after")
  }))
  c(
    wrap_lines(lines), balance_lines(x, most),
    if (length(x$fallback)) {
      wrap_lines(paste0("SMD over the standard deviation of all rows (none in the target's arm): ",
                        shorten(x$fallback, 4)))
    }
  )
}

# The terms of the largest differences after weighting (before, where there is no after).
balance_lines <- function(x, most) {
  if (most == 0) return(NULL)
  sets <- setdiff(samples_of(x), names(x$n_infinite)[x$n_infinite > 0])
  wide <- wide_balance(x)
  key <- do.call(pmax, c(lapply(paste0("smd_", if (length(sets)) sets else "before"), function(s) abs(wide[[s]])),
                         list(na.rm = TRUE)))
  # Equal to two decimals: by the difference before weighting.
  wide <- utils::head(wide[order(-round(key, 2), -abs(wide$smd_before)), ], most)
  columns <- paste0("smd_", c("before", utils::head(sets, 4)))
  if (length(sets) < 2) columns <- c(columns, paste0(c("variance_ratio_", "ks_"), c(sets, "before")[1]))
  table <- data.frame(term = formatC(clipped(wide$term, 30), flag = "-"),
                      lapply(wide[columns], two_decimals), check.names = FALSE)
  names(table) <- gsub("_", " ", sub("^variance_ratio", "var. ratio", names(table)))
  table_lines(table)
}

# Two decimals, without a zero's minus; "-" where missing.
two_decimals <- function(v) ifelse(is.na(v), "-", formatC(round(v, 2) + 0, digits = 2, format = "f"))

# A row a term; smd, variance_ratio and ks of each sample side by side.
wide_balance <- function(x) {
  samples <- unique(x$balance$sample)
  wide <- x$balance[x$balance$sample == "before", c("term", "variable", "type")]
  for (sample in samples) {
    own <- x$balance[x$balance$sample == sample, ]
    for (metric in c("smd", "variance_ratio", "ks")) wide[[paste0(metric, "_", sample)]] <- own[[metric]]
  }
  rownames(wide) <- NULL
  wide
}

thousands <- function(n) format(n, big.mark = ",", trim = TRUE, scientific = FALSE)

# Long names without their middle, which tells numbered columns apart.
clipped <- function(names, width) {
  half <- (width - 2) %/% 2
  ifelse(nchar(names) <= width, names, paste0(substr(names, 1, half), "..", substring(names, nchar(names) - half + 1)))
}

shorten <- function(names, most) {
  paste0(paste(clipped(utils::head(names, most), 40), collapse = ", "), if (length(names) > most) ", ...")
}

#' @export
summary.causalsynth_overlap <- function(object, ...) {
  structure(
    list(overlap = object, glance = glance(object), alternatives = object$alternatives, largest = object$largest,
         balance = wide_balance(object), regions = object$regions, remedies = object$remedies),
    class = "summary.causalsynth_overlap"
  )
}

#' @export
print.summary.causalsynth_overlap <- function(x, ...) {
  writeLines(overlap_sections(x$overlap))
  show <- function(title, table) {
    cat("\n", title, "\n", sep = "")
    print(table, row.names = FALSE, digits = 3)
  }
  show("Effective sample sizes by estimand:", x$alternatives)
  show("Largest weights:", do.call(rbind, by(x$largest, x$largest[c("arm", "sample")], utils::head, 3)))
  if (!is.null(x$regions)) show("Regions with rows beyond the threshold:", x$regions)
  show("What each remedy would leave, twins included:", x$remedies)
  # Four decimals: what is left of exact balance is rounding, other on other machines.
  numbers <- vapply(x$balance, is.numeric, NA)
  x$balance[numbers] <- lapply(x$balance[numbers], function(v) round(v, 4) + 0)
  if (nrow(x$balance)) show("Balance, a row a term:", x$balance)
  invisible(x)
}
