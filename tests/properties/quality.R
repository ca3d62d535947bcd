# Properties of metrics, reports, rows as text, files, and the generics over objects.

within01 <- function(x) all(is.na(x) | x >= -1e-12 & x <= 1 + 1e-12)

# Real rows and rows to compare with them.
two_sets <- function(wrong = .01) {
  real <- random_frame(wrong = wrong)
  list(real = real, synthetic = rows_like(real, pick(nrow(real), 1, 3, 15)), holdout = if (chance(.4)) rows_like(real,
      pick(1, 10)))
}

metric_property <- function(fun, args = function() list(), holds = function(value, sets) NULL, weight = 2) {
  force(fun)
  property(weight = weight, run = function() {
    sets <- two_sets()
    columns <- if (chance(.2)) sample(names(sets$real), 1)
    value <- do.call(step, c(list(fun, sets$real, sets$synthetic, columns), args(sets)))
    table <- guarded(tidy(value))
    claim(is.data.frame(table), "tidy() is a table")
    claim(!any(is.infinite(table$estimate)), "no score is infinite")
    holds(value, sets, table)
  })
}

quality_properties <- list(
  dcr = metric_property("dcr", function(sets) list(scale = pick("real", "real", "synthetic", "none"),
                                                   threads = any_threads()), function(value, sets, table) {
    claim(length(value$distance) == nrow(sets$synthetic) && all(value$distance >= 0 | is.na(value$distance)),
          "a distance a row, none negative")
    claim(within01(value$nndr), "ratios lie in [0, 1]")
  }),
  nndr = metric_property("nndr", function(sets) list(holdout = sets$holdout, threads = any_threads()),
                         function(value, sets, table) claim(within01(table$estimate), "ratios lie in [0, 1]")),
  pmse = metric_property("pmse", function(sets) {
    list(method = pick("logit", "logit", "forest"), against = pick("seed", "seed", "holdout"), permutations = 2,
         trees = 3, interactions = chance(.1), seed = any_seed(),
         threads = any_threads())
  }, function(value, sets, table) {
    scores <- table$estimate - ifelse(table$metric == "po50", -50, 0)
    claim(all(is.na(scores) | scores >= 0), "the pMSE and its like are not negative, PO50 not below -50")
  }),
  classifier_auc = metric_property("classifier_auc", function(sets) {
    list(trees = pick(1, 5), folds = pick(2, 5), holdout = sets$holdout, seed = any_seed(), threads = any_threads())
  }, function(value, sets, table) claim(within01(table$estimate), "the AUC lies in [0, 1]")),
  association_difference = metric_property("association_difference", function(sets) list(holdout = sets$holdout),
                                           function(value, sets,
                                                    table) claim(all(is.na(table$estimate) | table$estimate >= 0),
                                                                 "differences are not negative")),
  precision_recall = metric_property("precision_recall", function(sets) list(k = pick(1, 2, 5),
      holdout = sets$holdout, seed = any_seed(), threads = any_threads()),
                                     function(value, sets,
                                              table) claim(all(is.na(table$estimate) | table$estimate >= 0),
                                                           "no score is negative")),
  tstr = property(weight = 1.5, run = function() {
    data <- random_study()
    found <- step("tstr", rows_like(data), data, Y ~ A | ., learner = quick_learner(), seed = any_seed(),
                  threads = any_threads())
    claim(is.data.frame(guarded(tidy(found))), "tidy() is a table")
  }),
  fidelity = property(weight = 1, run = function() {
    study <- chance(.4)
    real <- if (study) random_study() else random_frame()
    found <- step("fidelity", real, rows_like(real), if (study) Y ~ A | ., if (chance(.3)) rows_like(real, 12),
                  estimators = "aipw",
                  learner = learn_glm(), permutations = 2, seed = any_seed(), threads = 1)
    table <- guarded(tidy(found))
    claim(!any(is.infinite(table$estimate)), "no score is infinite")
  }),
  privacy = property(weight = 1.5, run = function() {
    real <- random_frame()
    k <- ncol(real)
    keys <- if (chance(.5) && k > 1) sample(names(real), min(2, k - 1))
    secrets <- if (!is.null(keys)) setdiff(names(real), keys)[1]
    found <- step("privacy", real, rows_like(real), if (chance(.5)) rows_like(real, pick(1, 10)), keys = keys,
                  secrets = secrets,
                  distance = pick("gower", "euclidean"), attacks = pick(1, 10), seed = any_seed(),
                    threads = any_threads())
    table <- guarded(tidy(found))
    claim(within01(table$estimate[grepl("auc|risk|rate|share", table$metric)]), "rates lie in [0, 1]")
  }),
  match_dcr = property(weight = .6, run = function() {
    frame <- random_frame(wrong = 0)
    fit <- step("fit_generator", gen_forest(trees = 2), frame, seed = 1, threads = 1)
    step("match_dcr", fit, frame, rows_like(frame), n = pick(2, 10), rounds = 1, adjust = pick("both", "smooth",
        "reject"), seed = any_seed(), threads = 1)
  }),
  compare_synthesizers = property(weight = .4, run = function() {
    real <- random_frame(wrong = 0)
    step("compare_synthesizers", list(a = rows_like(real), b = gen_copula()), real, if (chance(.5)) rows_like(real),
         permutations = 2,
         seed = any_seed(), threads = 1)
  }),
  report = property(weight = .15, run = function() {
    file <- tempfile(fileext = ".html")
    on.exit(unlink(file))
    from <- pick(list(shared("hybrid")), list(shared("study")), list(wrong_value()))
    step("report", from, file, real = if (chance(.3)) paper_like(30), title = pick(list(NULL), "<b>", "\u00e9"),
         learner = learn_glm(), seed = 1, threads = 1)
    claim(file.exists(file), "the page is there")
  }),
  serialize_rows = property(weight = 2, run = function() {
    frame <- random_frame()
    text <- step("serialize_rows", frame, pick("data", "random"), seed = any_seed(), digits = pick(list(NULL), 3))
    claim(is.character(text) && length(text) == nrow(frame) && !anyNA(text), "a text a row")
  }),
  parse_rows = property(weight = 2, run = function() {
    frame <- random_frame()
    text <- step("serialize_rows", frame, seed = 1)
    if (chance(.4)) text <- c(text, pick("", "x1 is", "nonsense", NA, "\xe9", strrep("x1 is 1, ", 50), "x1 is Inf"))
    found <- step("parse_rows", text, frame, quiet = TRUE)
    claim(identical(names(found), names(frame)), "parsed rows have the columns")
    claim(nrow(found) <= length(text), "no row is made up")
  }),
  prompt = property(weight = .7, run = function() {
    frame <- random_frame()
    text <- step("prompt", gen_chat(function(text) "", "Rows.", examples = pick(0, 1)), frame, n = pick(1, 5), seed = 1)
    claim(is.character(text) && nzchar(text), "a text")
  }),
  write_model = property(weight = 1.5, run = function() {
    file <- tempfile()
    on.exit(unlink(file))
    frame <- random_frame()
    fit <- if (chance(.5)) fitted_generator(frame) else
      step("forest", frame, random_column(nrow(frame), 0), trees = 2, seed = 1, threads = 1)
    step("write_model", fit, file)
    again <- step("read_model", file)
    if (inherits(fit, "causalsynth_generator")) {
      claim(identical(step("generate", again, 4, seed = 1, threads = 1), step("generate", fit, 4, seed = 1,
          threads = 1)), "a model that was read draws the same")
    } else claim(identical(guarded(predict(again, frame)), guarded(predict(fit, frame))),
                 "a model that was read predicts the same")
  }),
  read_model = property(weight = 2, run = function() {
    file <- tempfile()
    on.exit(unlink(file))
    guarded(write_model(pick(list(shared("hybrid")), list(shared("hybrid")$generator)), file))
    bytes <- readBin(file, "raw", file.size(file))
    k <- sample.int(length(bytes), 1)
    bytes <- switch(pick("flip", "cut", "swap", "none", "noise"), flip = replace(bytes, k, xor(bytes[k],
        as.raw(sample.int(255, 1)))),
                    cut = bytes[seq_len(k)], swap = replace(bytes, seq_len(k), rev(bytes[seq_len(k)])), none = raw(),
                    noise = as.raw(sample.int(256, 300, TRUE) - 1))
    writeBin(bytes, file)
    step("read_model", file)
    claim(k == 1 || identical(bytes, rev(bytes)), "a damaged file is refused")
  }),
  write_pool = property(weight = .7, run = function() {
    path <- tempfile(fileext = pick(".csv", ".csv.gz", ".parquet"))
    on.exit(unlink(paste0(path, c("", ".json"))))
    rows <- sample.int(200, pick(1, 5, 50))
    step("write_pool", shared("pool")[rows, ], path)
    claim(identical(guarded(truth(step("read_pool", path))), truth(shared("pool")[rows, ])),
          "a pool that was read has its effect")
  }),
  read_pool = property(weight = .7, run = function() {
    path <- tempfile(fileext = ".csv")
    on.exit(unlink(c(path, side)))
    guarded(write_pool(shared("pool")[1:3, ], path))
    side <- setdiff(list.files(dirname(path), basename(tools::file_path_sans_ext(path)), full.names = TRUE), path)
    spoiled <- pick(path, side)
    bytes <- readBin(spoiled, "raw", file.size(spoiled))
    k <- sample.int(length(bytes), 1)
    writeBin(if (chance(.5)) bytes[seq_len(k)] else replace(bytes, k, as.raw(sample.int(255, 1))), spoiled)
    step("read_pool", path)
  }),
  generate_to = property(weight = .5, run = function() {
    folder <- tempfile("shards-")
    on.exit(unlink(folder, recursive = TRUE))
    frame <- random_frame(wrong = 0)
    step("generate_to", fitted_generator(frame), 7, folder, pick("csv", "parquet"), shard_rows = pick(2, 7),
         seed = any_seed(), threads = 1)
    claim(length(list.files(folder)) > 1, "shards and their manifest")
  }),
  autoplot = property(weight = .6, run = function() {
    object <- if (chance(.4)) fitted_generator(random_frame(wrong = 0)) else
      pick(list(shared("hybrid")), list(shared("effect")), list(shared("pair")), list(shared("study")))
    plot <- step("autoplot", object)
    claim(inherits(plot, "ggplot"), "a plot")
    guarded(ggplot2::ggplot_build(plot))
  }),
  tidy = property(weight = .5, run = function() {
    step("tidy", pick(list(shared("effect")), list(shared("pair")), list(shared("study")), list(shared("hybrid"))),
         conf.level = pick(.9, 0, 1, -1, NA, "a"))
  }),
  glance = property(weight = .5, run = function() {
    step("glance", pick(list(shared("effect")), list(shared("pair")), list(shared("study")), list(shared("hybrid"))))
  })
)

all_properties <- c(spec_properties, model_properties, effect_properties, quality_properties)

# Exports that no property runs, each with its reason.
not_covered <- vapply(c("learn_rows", "draw_columns", "draw_given", "run_estimator", "with_r_seed"), function(name) {
  "for authors of generators and estimators: its arguments come checked from the functions that call it"
}, "")
