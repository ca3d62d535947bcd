# Study 5: the trial ACTG175, zidovudine + zalcitabine (arm 2, A = 1) against zidovudine + didanosine (arm 1), CD4 count
# at 20 weeks.

actg175_trial <- function() {
  store <- new.env()
  utils::data("ACTG175", package = "speff2trial", envir = store)
  trial <- store$ACTG175[store$ACTG175$arms %in% 1:2, ]
  trial$A <- as.integer(trial$arms == 2)
  categorical <- c("hemo", "homo", "drugs", "oprior", "z30", "zprior", "race", "gender", "str2", "strat", "symptom")
  trial[categorical] <- lapply(trial[categorical], factor)
  trial <- trial[c("age", "wtkg", "karnof", "preanti", "cd40", "cd80", categorical, "A", "cd420")]
  rownames(trial) <- NULL
  trial
}

paper_study_5 <- function(s) {
  formula <- cd420 ~ A | .
  key <- paper_seed(s, "study 5")
  trial <- actg175_trial()
  learner <- learn_forest(trees = 500, min_node_size = 5)
  sets <- lapply(paper_sets(formula, trial, s$pool, derive_key(key, "sets"), s$threads, learner), plain_source_rows)
  estimates <- do.call(rbind, lapply(names(sets), function(name) {
    rows <- paper_estimates(formula, sets[[name]], derive_key(key, name), s$threads,
                            learner = learn_forest(trees = 100))
    cbind(set = name, n = nrow(sets[[name]]), rows, outcome_sd = stats::sd(sets[[name]]$cd420), row.names = NULL)
  }))
  held <- random_permutation(unclass(derive_key(key, "split")), nrow(trial))
  train <- trial[held > 261, ]
  test <- trial[held <= 261, ]
  quality_sets <- lapply(paper_sets(formula, train, s$pool, derive_key(key, "quality"), s$threads, learner),
                         plain_source_rows)
  covariates <- setdiff(names(trial), c("A", "cd420"))
  distances <- paper_distances(train, quality_sets, test, covariates, s$threads)
  quality <- trial_quality(quality_sets, train, test, distances, key, s)
  by_size <- trial_by_size(sets, s, key)
  spread <- data.frame(set = set_order(rep(names(distances), lengths(distances))),
                       distance = unlist(distances, use.names = FALSE))
  list(
    tables = list(estimates = estimates, quality = quality, by_size = paper_measures(by_size)),
    plots = list(
      effects = trial_effect_plot(estimates), by_size = autoplot(by_size, "n", "rmse"),
      dcr = ggplot2::ggplot(spread, ggplot2::aes(.data$distance, .data$set)) +
        ggplot2::geom_boxplot(outlier.size = .3, outlier.alpha = .2, fill = plot_colours[1], alpha = .3) +
        ggplot2::labs(x = "Distance to the closest row of the trial (covariates, standardised)",
                      y = NULL) + study_theme()
    )
  )
}

# The outcome split at its median, as in the paper, and as the number that it is.
trial_quality <- function(sets, train, test, distances, key, s) {
  cut <- stats::median(train$cd420)
  halved <- function(rows) {
    rows$cd420 <- as.integer(rows$cd420 > cut)
    rows
  }
  learner <- learn_forest(trees = 200)
  rows <- lapply(names(sets), function(name) {
    score <- function(change) {
      tstr(change(sets[[name]]), change(test), cd420 ~ A | ., learner = learner, seed = derive_key(key, "tstr"),
           threads = s$threads)$estimate
    }
    own <- if (name == "seed") "fresh real rows" else name
    data.frame(set = name, dcr = mean(distances[[own]]), tstr_auc = score(halved), tstr_r_squared = score(identity))
  })
  do.call(rbind, rows)
}

# Error against sample size: the trial and the pools, each against its own whole's TMLE.
trial_by_size <- function(sets, s, key) {
  sources <- sets[c("seed", "forest targeted hybrid")]
  names(sources) <- c("trial", "targeted hybrid")
  study(sources, paper_methods, cd420 ~ A | ., n = c(100, 200, 400, 600, 800, 1000), reps = s$reps, truth = "tmle",
        seed = derive_key(key, "sizes"), threads = s$threads, learner_treatment = learn_forest(trees = 100,
                                                                                               min_node_size = 5),
        learner_outcome = learn_forest(trees = 100, min_node_size = 5))
}

trial_effect_plot <- function(estimates) {
  estimates$set <- set_order(estimates$set)
  estimates$method <- factor(estimates$method, paper_methods)
  ggplot2::ggplot(estimates, ggplot2::aes(.data$estimate, .data$set, colour = .data$method)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$estimate - 1.96 * .data$std.error,
                                         xmax = .data$estimate + 1.96 * .data$std.error), na.rm = TRUE,
                            position = ggplot2::position_dodge(width = .6)) +
    ggplot2::geom_point(position = ggplot2::position_dodge(width = .6)) +
    method_scale(paper_methods) +
    ggplot2::labs(x = "Effect on the CD4 count at 20 weeks; naive 95 % intervals of each set", y = NULL,
                  colour = NULL) +
    study_theme()
}
