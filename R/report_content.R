# What a report says of each class of object: list(kind, subtitle, lights, sections).

report_content <- function(x, ask) UseMethod("report_content")

#' @exportS3Method
report_content.default <- function(x, ask) {
  abort("input", c(
    "{.fn report} needs a hybrid, a pool, a fidelity, a privacy, a comparison or a study.",
    x = "It is {describe(x)}.",
    i = if (is.data.frame(x)) "Of two data frames: report {.code fidelity(real, synthetic)}."
  ), call = ask$call)
}

#' @exportS3Method
report_content.causalsynth_hybrid <- function(x, ask) {
  real <- ask$real %||% recall_seed(x)
  ask$tick(.02)
  pool <- generate(x, ask$rows %||% max(x$n_seed, 200), derive_key(ask$key, "rows"), threads = ask$threads)
  rows_content(pool, real, ask, "hybrid", if (is.null(ask$real)) "the seed, still in memory" else "given")
}

#' @exportS3Method
report_content.causalsynth_pool <- function(x, ask) {
  if (nrow(x) < 2) abort("data", "{.arg x} has {nrow(x)} row{?s}: nothing can be shown of it.", call = ask$call)
  pool <- if (is.null(ask$rows) || ask$rows >= nrow(x)) x else x[sampled(nrow(x), ask$rows, ask$key, "pool"), ]
  rows_content(pool, ask$real, ask, "pool", "given", of = nrow(x))
}

# Row numbers of a random sample without replacement, in order; all of them where there are no more.
sampled <- function(n, most, key, label) {
  if (n <= most) return(seq_len(n))
  sort(random_permutation(unclass(derive_key(key, label)), n)[seq_len(most)])
}

rows_content <- function(pool, real, ask, kind, whence, of = nrow(pool)) {
  origin <- pool_parts(pool, ask$call)$origin
  rows <- unclass_frame(plain_rows(pool))
  rows <- rows[setdiff(names(rows), hidden_columns(origin))]
  data <- list(pool = pool, origin = origin, rows = rows, kind = kind, of = of)
  if (!is.null(real)) {
    data$whence <- whence
    data$real <- real_columns(real, rows, "real", ask$call)
    if (!is.null(ask$holdout)) data$holdout <- real_columns(ask$holdout, rows, "holdout", ask$call)
    pooled <- pool_rare_levels(data$real, rows)
    # Under names that show no rare level; distances and scores take the columns as they are.
    data$shown <- list(real = pooled$real, synthetic = pooled$synthetic)
    data$pooled <- pooled$pooled
  } else {
    data$shown <- list(synthetic = rows)
  }
  parts <- list(making_part(data, ask), effect_part(data, ask), columns_part(data, ask), associations_part(data, ask),
                scores_part(data, ask, "fidelity"), scores_part(data, ask, "privacy"))
  lights <- do.call(rbind, lapply(parts, `[[`, "lights"))
  # Scores with a holdout beside them say more of columns than the figures do.
  if (sum(lights$section == "fidelity") > 1) lights <- lights[!lights$section %in% c("columns", "associations"), ]
  list(
    kind = kind, lights = lights, sections = unlist(lapply(parts, `[[`, "sections"), recursive = FALSE),
    title = paste0("Synthetic data: effect of ", deparse1(origin$formula[[3]][[2]]), " on ",
                   deparse1(origin$formula[[2]])),
    subtitle = paste0(if (kind == "hybrid") "Report on a hybrid" else "Report on a pool of a hybrid", ": ",
                      count_phrase(nrow(rows), "synthetic row"),
                      if (of > nrow(rows)) paste(" sampled from", thousands(of)),
                      " made from ", count_phrase(origin$n_seed, "real row"), ". ",
                      if (is.null(real)) "The real rows are not at hand: their side is left out."
                      else paste0("Real rows: ", whence, "; shown in aggregates of at least 5 rows only."))
  )
}

# The real rows' columns of the synthetic ones, or an error.
real_columns <- function(real, rows, arg, call) {
  check_data_frame(real, arg, 2, call = call)
  absent <- setdiff(names(rows), names(real))
  if (length(absent)) {
    abort("data", c(
      "{.arg {arg}} lacks {length(absent)} column{?s} of the synthetic rows: {.val {utils::head(absent, 8)}}.",
      i = "Give the data frame that the hybrid was fitted on, or rows of its columns."
    ), call = call)
  }
  real <- unclass_frame(as.data.frame(real)[names(rows)])
  kinds <- function(x) vapply(x, function(v) if (is_text(v)) "text" else "number", "")
  differ <- names(rows)[kinds(real) != kinds(rows)]
  if (length(differ)) {
    abort("data", c(
      "Column{?s} {.val {differ}} {?is/are} text on one side and a number on the other.",
      i = "Bring {.arg {arg}} to the types of the synthetic rows."
    ), call = call)
  }
  real
}

#' @exportS3Method
report_content.causalsynth_study <- function(x, ask) {
  part <- study_results_part(x)
  list(kind = "study", title = paste("Study of estimators of the", x$estimand), lights = part$lights,
       sections = part$sections, subtitle = paste0("Report on a study: ", study_label(x), "."))
}

#' @exportS3Method
report_content.causalsynth_study_comparison <- function(x, ask) {
  part <- comparison_part(x)
  list(kind = "comparison", title = "Comparison of benchmarks", lights = part$lights, sections = part$sections,
       subtitle = paste0("Does ", paste(x$other, collapse = ", "), " size and rank the errors of estimators as ",
                         x$reference, " does?"))
}

#' @exportS3Method
report_content.causalsynth_comparison <- function(x, ask) {
  part <- synthesizers_part(x)
  list(kind = "comparison", title = "Comparison of synthesizers", lights = part$lights, sections = part$sections,
       subtitle = paste0(count_phrase(nrow(x$ranks), "synthesizer"), " against ",
                         count_phrase(x$n[["real"]], "real row"), " and ",
                         count_phrase(x$n[["holdout"]], "holdout row"),
                         if (x$holdout == "split") ", split off the real ones", "."))
}
