# Subgroups whose effects a hybrid keeps: levels of covariates of few values.

most_subgroup_levels <- 10

# Names of covariates, or a one-sided formula of them; as a character vector.
check_subgroups <- function(subgroups, study, call) {
  if (is.null(subgroups)) return(NULL)
  if (inherits(subgroups, "formula") && length(subgroups) == 2) subgroups <- all.vars(subgroups)
  if (!is.character(subgroups) || anyNA(subgroups)) {
    abort("input", c(
      "{.arg subgroups} must be names of covariates, or a formula such as {.code ~ sex + prior}.",
      x = "It is {describe(subgroups)}."
    ), call = call)
  }
  unknown <- setdiff(subgroups, study$covariates)
  if (length(unknown)) {
    abort("input", c(
      "{.arg subgroups} names {length(unknown)} column{?s} that {?is/are} no covariate: {.val {unknown}}.",
      i = "The covariates are {.val {utils::head(study$covariates, 12)}}."
    ), call = call)
  }
  unique(subgroups)
}

# Each value's place among `levels`, 0 for others.
subgroup_places <- function(x, levels) {
  text <- as.character(x)
  text[is.na(text)] <- "(missing)"
  found <- match(text, levels)
  found[is.na(found)] <- 0L
  found
}

# TMLE of the arms' means within each level: a list by variable of variable, levels, n, means, std.error and effect
# (one a contrast).
seed_subgroups <- function(names, nuisance, covs, call) {
  view <- arm_view(nuisance)
  lapply(names, function(name) {
    levels <- sort(unique(as.character(covs[[name]])))
    if (is.factor(covs[[name]])) levels <- intersect(levels(covs[[name]]), levels)
    if (anyNA(covs[[name]])) levels <- c(levels, "(missing)")
    if (length(levels) > most_subgroup_levels || length(levels) < 2) {
      abort("data", c(
        "The subgroups of {.val {name}} are {length(levels)}; from 2 to {most_subgroup_levels} can be kept.",
        i = "Cut a number into a factor first."
      ), call = call)
    }
    code <- subgroup_places(covs[[name]], levels)
    fits <- lapply(seq_along(levels), function(l) {
      rows <- which(code == l)
      counts <- tabulate(view$index[rows], length(view$arms))
      if (min(counts) < 5) {
        abort("data", c(
          "The subgroup {.code {name} = {levels[l]}} has {min(counts)} row{?s} in an arm: at least 5 are needed.",
          i = "Merge levels, or leave {.val {name}} out of {.arg subgroups}."
        ), call = call)
      }
      c(target_arms(nuisance, rows), list(n = length(rows)))
    })
    subgroup_entry(name, levels, fits)
  })
}

subgroup_entry <- function(name, levels, fits) {
  arms <- length(fits[[1]]$means)
  contrast <- function(f) f$means[-1] - f$means[1]
  error <- function(f) {
    v <- f$covariance
    sqrt(vapply(seq_len(arms)[-1], function(k) v[k, k] + v[1, 1] - 2 * v[1, k], 1))
  }
  list(
    variable = name, levels = levels, n = vapply(fits, function(f) f$n, 1),
    means = do.call(rbind, lapply(fits, `[[`, "means")),
    effect = matrix(unlist(lapply(fits, contrast)), length(fits), byrow = TRUE),
    std.error = matrix(unlist(lapply(fits, error)), length(fits), byrow = TRUE)
  )
}

# The law's subgroup codes, one vector a variable.
subgroup_codes <- function(target, rows) {
  lapply(target, function(s) subgroup_places(rows[[s$variable]], s$levels))
}

# Seed's and law's effects by subgroup, for certificates.
subgroup_table <- function(subgroups, q, groups, w, contrasts) {
  parts <- lapply(seq_along(subgroups), function(v) {
    s <- subgroups[[v]]
    do.call(rbind, lapply(seq_along(s$levels), function(l) {
      rows <- groups[[v]] == l
      mean_of <- function(k) sum(w[rows] * q[rows, k]) / sum(w[rows])
      law <- vapply(seq_len(ncol(q))[-1], function(k) mean_of(k) - mean_of(1), 1)
      data.frame(variable = s$variable, level = s$levels[l], n = s$n[l], term = contrasts, seed = s$effect[l, ],
                 std.error = s$std.error[l, ], law = law, share = sum(w[rows]) / sum(w))
    }))
  })
  do.call(rbind, parts)
}
