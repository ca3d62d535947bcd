# Study 1: what synthetic data do to the effect. Sets made of one seed sample, and what they are worth.

# The seed, then for each generator its full synthetic set and both hybrids: a list of rows (data frames).
paper_sets <- function(formula, data, n, key, threads, learner = paper_forest(), generators = paper_generators()) {
  sets <- list(seed = data)
  for (name in names(generators)) {
    own <- derive_key(key, name)
    spec <- generators[[name]]
    full <- fit_generator(spec, data, seed = derive_key(own, "full"), threads = threads)
    sets[[paste(name, "full")]] <- generate(full, n, seed = derive_key(own, "full rows"), threads = threads)
    for (targeted in c(FALSE, TRUE)) {
      hybrid <- fit_hybrid(formula, data, spec, targeted = targeted, learner_treatment = learner,
                           learner_outcome = learner, seed = derive_key(own, "hybrid"), threads = threads)
      label <- paste(name, if (targeted) "targeted hybrid" else "hybrid")
      sets[[label]] <- generate(hybrid, n, seed = derive_key(own, "hybrid rows"), threads = threads)
    }
  }
  sets
}

# Distances of each set's rows from the seed's, beside fresh real rows; the seed's own would be zero.
paper_distances <- function(seed, sets, test, columns, threads) {
  others <- c(list(`fresh real rows` = test), sets[setdiff(names(sets), "seed")])
  lapply(others, function(rows) dcr(seed, rows, columns = columns, threads = threads)$distance)
}

paper_study_1 <- function(s) {
  formula <- Y ~ A | .
  mechanism <- dgp_paper()
  covariates <- paste0("W", 1:6)
  one <- function(rep) {
    key <- paper_seed(s, "study 1", rep)
    data <- generate(mechanism, 1000, derive_key(key, "seed"))
    test <- generate(mechanism, 1000, derive_key(key, "test"))
    sets <- paper_sets(formula, data, s$pool, derive_key(key, "sets"), s$threads)
    sets[["data without overlap"]] <- generate(dgp_paper("none"), 200, derive_key(key, "none"))
    plain <- lapply(sets, plain_source_rows)
    plain[["data + pairs"]] <- paper_pairs(plain[["data without overlap"]], sets[["forest targeted hybrid"]],
                                           derive_key(key, "pairs"), s$threads)
    methods <- list("iptw", "aipw", iptw_capped = est_iptw(cap = 10), aipw_capped = est_aipw(cap = 10))
    estimates <- do.call(rbind, lapply(names(plain), function(name) {
      cbind(rep = rep, set = name, paper_estimates(formula, plain[[name]], derive_key(key, name), s$threads, methods))
    }))
    scored <- plain[!grepl("^data", names(plain))]
    distances <- paper_distances(data, scored, test, covariates, s$threads)
    list(estimates = estimates, distances = if (rep == 1) distances,
         quality = paper_quality(scored, data, test, distances, key, s, rep),
         errors = paper_subsamples(plain, key, s, rep))
  }
  runs <- lapply(seq_len(s$reps), one)
  gather <- function(what) do.call(rbind, lapply(runs, `[[`, what))
  truth <- truth(mechanism)
  estimates <- paper_errors(gather("estimates"), c("set", "method"), truth)
  quality <- paper_means(gather("quality"), "set", c("dcr", "dcr_record", "tstr"))
  errors <- paper_errors(gather("errors"), c("set", "method"), truth)
  tables <- list(estimates = estimates, quality = quality, errors = errors)
  list(tables = tables, plots = paper_plots_1(tables, runs[[1]]$distances, truth))
}

# The data without overlap and, for rows that are nearly never (or always) treated, their nearest pool row of the other
# arm, as the program makes them.
paper_pairs <- function(data, pool, key, threads) {
  pair <- pair_synthetic(Y ~ A | ., data, pool, outcome = "pool", amount = "threshold", threshold = .001,
                         draw = "random", learner_treatment = paper_forest(), learner_outcome = paper_forest(),
                         seed = key, threads = threads)
  plain_source_rows(pair$data)[names(data)]
}

paper_quality <- function(sets, data, test, distances, key, s, rep) {
  record <- paper_distances(data, sets, test, NULL, s$threads)
  rows <- lapply(names(sets), function(name) {
    own <- if (name == "seed") "fresh real rows" else name
    score <- tstr(sets[[name]], test, Y ~ A | ., learner = paper_forest(), seed = derive_key(key, "tstr"),
                  threads = s$threads)
    data.frame(rep = rep, set = name, dcr = mean(distances[[own]]), dcr_record = mean(record[[own]]),
               tstr = score$estimate)
  })
  do.call(rbind, rows)
}

# The effect's error in subsamples of 1000 rows of each synthetic set, five a replicate.
paper_subsamples <- function(sets, key, s, rep) {
  sets <- sets[!grepl("^data|^seed", names(sets))]
  found <- study(sets, paper_methods, Y ~ A | ., n = min(1000, s$pool), reps = 5, truth = 0,
                 seed = derive_key(key, "errors"), threads = s$threads, learner_treatment = paper_forest(),
                 learner_outcome = paper_forest())
  rows <- as.data.frame(found)
  data.frame(rep = rep, set = rows$source, method = rows$method, estimate = rows$estimate)
}

# Means over replicates with Monte Carlo errors.
paper_means <- function(rows, keys, columns) {
  group <- do.call(paste, c(rows[keys], sep = "\r"))
  parts <- lapply(unique(group), function(g) {
    part <- rows[group == g, ]
    values <- lapply(columns, function(column) {
      v <- part[[column]][!is.na(part[[column]])]
      stats::setNames(list(mean(v), stats::sd(v) / sqrt(length(v))), c(column, paste0(column, "_mcse")))
    })
    data.frame(part[1, keys, drop = FALSE], reps = nrow(part), do.call(c, values), row.names = NULL)
  })
  do.call(rbind, parts)
}

set_order <- function(x) factor(x, rev(unique(x)))

paper_plots_1 <- function(tables, distances, truth) {
  bars <- tables$estimates
  bars$set <- set_order(bars$set)
  bars$weights <- ifelse(grepl("capped", bars$method), "capped at 10", "plain")
  bars$method <- toupper(sub("_capped", "", bars$method))
  spread <- data.frame(set = set_order(rep(names(distances), lengths(distances))),
                       distance = unlist(distances, use.names = FALSE))
  list(
    ate = ggplot2::ggplot(bars, ggplot2::aes(.data$mean, .data$set, colour = .data$weights)) +
      ggplot2::geom_vline(xintercept = truth, linetype = 2, colour = "grey40") +
      ggplot2::geom_pointrange(ggplot2::aes(xmin = .data$mean - 1.96 * .data$mean_mcse,
                                            xmax = .data$mean + 1.96 * .data$mean_mcse), size = .3,
                               position = ggplot2::position_dodge(width = .5)) +
      ggplot2::facet_wrap("method") +
      ggplot2::scale_colour_manual(values = plot_colours) +
      ggplot2::labs(x = "Mean estimate of the effect, with 95 % Monte Carlo interval; dashed: the mechanism's",
                    y = NULL,
                    colour = "weights") + study_theme(),
    dcr = ggplot2::ggplot(spread, ggplot2::aes(.data$distance, .data$set)) +
      ggplot2::geom_boxplot(outlier.size = .3, outlier.alpha = .2, fill = plot_colours[1], alpha = .3) +
      ggplot2::labs(x = "Distance to the closest seed row (covariates, standardised)", y = NULL) + study_theme(),
    privacy_utility = privacy_utility_plot(tables)
  )
}

# Distance against the effect's squared error, a point a set and estimator.
privacy_utility_plot <- function(tables) {
  rows <- merge(tables$errors, tables$quality[c("set", "dcr_record")], by = "set")
  rows$method <- factor(rows$method, paper_methods)
  ggplot2::ggplot(rows, ggplot2::aes(.data$dcr_record, .data$mse, colour = .data$method, shape = .data$set)) +
    ggplot2::geom_linerange(ggplot2::aes(ymin = pmax(.data$mse - .data$mse_mcse, .data$mse / 10),
                                         ymax = .data$mse + .data$mse_mcse)) +
    ggplot2::geom_point(size = 2.5) + ggplot2::scale_y_log10() + method_scale(paper_methods) +
    ggplot2::labs(x = "Mean distance to the closest seed row (whole record)",
                  y = "MSE of the effect (+/- Monte Carlo error)",
                  colour = NULL, shape = NULL) +
    study_theme() + ggplot2::theme(legend.box = "vertical")
}
