#' Row language model
#'
#' A small decoder-only transformer, trained from scratch on the rows of the data: a row is a sentence whose words are
#' its cells. It learns each column given any set of other columns, so that any columns can be given and the others
#' drawn, missing cells filled ([impute()]) and rows scored ([log_prob()]). Every row drawn is valid: of each
#' column only
#' what the column may hold can be said.
#'
#' @details
#' **Cells.** Levels, frequent values and "missing" are tokens of their own, as are all values of a numeric column of
#' at most `most_atoms` values. Other numbers fall into `bins` of equal probability under a smooth law of the
#' column (a
#' kernel estimate whose ends lie within the data's range) and are drawn within their bin by that law; they
#' are rounded
#' as the data's are. Rarer levels than `min_count` rows are never drawn.
#'
#' **Network.** Position t sees the cells of the columns before it and the name of the column asked for, and gives
#' probabilities of that column's tokens (sigma-GPT). Numbers enter by their normal score and its square as well as by
#' their bin. Beside the transformer stands an additive part, a sum of terms of the cells seen, so that main
#' effects need
#' not be found by attention.
#'
#' **Training.** A share `random_order` of the rows is shown with its columns in a random order, anew at each
#' epoch, the
#' others in the order of the data, which is also that of free draws. AdamW with warm-up and a cosine schedule;
#' targets of numbers are smoothed over neighbouring bins. Judged and kept is a moving average of the weights: with at
#' least 100 rows, a share `holdout` of them is held out, and training ends when their likelihood has not risen for
#' `patience` judgements (at most 100 are made), or when rows drawn lie closer to the training rows than
#' held-out rows do
#' (ratio of mean distances below .92 by more than two standard errors). Then the network is trained anew on
#' all rows, for
#' as many epochs as were best. A loss that is no number takes the weights back
#' to the last judged and halves the rate; the print counts it. Tables of more than `context` columns are trained on
#' pieces of so many.
#'
#' **Given columns** (see [generate()][generate.causalsynth_generator]): values come first in a row's order and are
#' conditioned on exactly as the network has learnt it; then come ranges and sets of levels. Where two or more of
#' these are given, each row is picked among 16 beginnings by the probability of what is given.
#'
#' **What is stored**: the weights, the columns' laws and levels, the loss trace; no row.
#'
#' @param epochs Passes over the rows, at most; `NULL`: 60,000 / n, between 15 and 60.
#' @param width,layers,heads Size of the transformer: width of a position (a multiple of `heads`), blocks, heads.
#' @param bins Bins of a column's numbers; `NULL`: the root of the number of rows, between 8 and 64.
#' @param batch Rows a step; `NULL`: n / 16, between 16 and 256.
#' @param rate,weight_decay Highest rate of AdamW, and its decay of weights.
#' @param smooth Standard deviation, in bins, by which targets are smoothed.
#' @param random_order Share of rows that are shown in a random order of the columns.
#' @param holdout Share of rows held out; 0: none, training runs through all epochs.
#' @param patience Judgements without gain after which training ends.
#' @param context Columns in a sequence, at most, while training.
#' @param temperature Draws: below 1 likely tokens become likelier, above 1 less likely.
#' @param top_p Draws: only the likeliest tokens of this total probability.
#' @param most_atoms,atom_share,min_count As in [gen_forest()].
#' @param keep_on_interrupt On an interrupt (Ctrl-C), keep the best model so far instead of leaving with nothing?
#' @param ... Unknown names are an error.
#' @return A generator spec, an object of class `causalsynth_gen`, for [fit_generator()] and [fit_hybrid()].
#'   The fitted
#'   generator holds `$trace`, a data frame of `epoch`, `train` and `held_out` (loss in nats a row, number within bin
#'   not counted) and `distance` (mean distance of drawn rows to the nearest training row over that of held-out rows,
#'   `NA`
#'   where not asked); `autoplot(fit, type = "loss")` draws it.
#' @seealso [gen_forest()], which needs a fraction of the time and is closer to small data of smooth laws.
#' @references Vaswani et al. (2017) "Attention is all you need"; Borisov et al. (2023) "Language models are realistic
#'   tabular data generators"; Pannatier, Courdier and Fleuret (2024) "sigma-GPTs: a new approach to autoregressive
#'   models"; Loshchilov and Hutter (2019) "Decoupled weight decay regularization".
#' @examples
#' study <- generate(dgp_paper(), 200, seed = 1)
#' fit <- fit_generator(gen_row_lm(epochs = 5, width = 16, heads = 2), study, seed = 2)
#' fit
#' generate(fit, 3, seed = 3, given = list(A = 1, W4 = c(1, Inf)))
#' @export
gen_row_lm <- function(epochs = NULL, width = 48, layers = 2, heads = 3, bins = NULL, batch = NULL, rate = 1e-3,
                       weight_decay = 0.3, smooth = 1, random_order = 0.5, holdout = 0.1, patience = 8, context = 64,
                       temperature = 1, top_p = 1, most_atoms = 20, atom_share = 0.03, min_count = 5,
                       keep_on_interrupt = FALSE, ...) {
  check_dots_empty(...)
  maybe <- function(x, arg, ...) if (!is.null(x)) check_whole(x, arg, ...)
  call <- rlang::current_env()
  width <- check_whole(width, "width", 1, 4096)
  heads <- check_whole(heads, "heads", 1, width)
  if (width %% heads != 0) {
    abort("input", "{.arg width} must be a multiple of {.arg heads}; {width} is none of {heads}.")
  }
  structure(list(
    label = "row language model",
    settings = list(
      epochs = maybe(epochs, "epochs", call = call), width = width, heads = heads,
      layers = check_whole(layers, "layers", 1, 100),
      bins = maybe(bins, "bins", 2, 10000, call = call), batch = maybe(batch, "batch", call = call),
      rate = check_number(rate, "rate", 1e-9, .999), weight_decay = check_number(weight_decay, "weight_decay", 0, 100),
      smooth = check_number(smooth, "smooth", 0, 100), random_order = check_number(random_order, "random_order", 0, 1),
      holdout = check_number(holdout, "holdout", 0, .9), patience = check_whole(patience, "patience"),
      context = check_whole(context, "context", 2), most_atoms = check_whole(most_atoms, "most_atoms", min = 2),
      atom_share = check_number(atom_share, "atom_share", 1e-9, 1),
      min_count = check_whole(min_count, "min_count", max = 1e6)
    ),
    temperature = check_number(temperature, "temperature", 1e-3, 1e3),
    top_p = check_number(top_p, "top_p", 1e-9, 1),
    keep_on_interrupt = check_flag(keep_on_interrupt, "keep_on_interrupt")
  ), class = c("gen_row_lm", "causalsynth_gen"))
}

#' @exportS3Method
learn_rows.gen_row_lm <- function(spec, data, key, threads, weights = NULL, call = rlang::caller_env()) {
  blueprint <- column_blueprint(data)
  check_no_identifier(blueprint, nrow(data), call)
  weighed <- rows_with_weight(data, weights)
  data <- weighed$data
  decimals <- vapply(blueprint, function(b) if (is.na(b$decimals)) -1L else as.integer(b$decimals), 1L)
  options <- c(row_lm_sizes(spec$settings, nrow(data)), list(
    decimals = unname(decimals), ordered = as.integer(vapply(data, is.ordered, NA)),
    weights = as.double(weighed$weights), key = unclass(key)
  ))
  run <- training_control(threads, spec$keep_on_interrupt, "Training the row language model")
  found <- row_lm_fit(encode_columns(data, blueprint, "data", call), nrow(data), options, run)
  if (found$end == "stopped") tell_interrupted("epoch", found$best_epoch)
  structure(list(model = found$model, trace = found$trace, draws = spec[c("temperature", "top_p")],
                 notes = row_lm_notes(spec, found, names(blueprint))),
            class = "fitted_gen_row_lm")
}

# The settings that depend on the number of rows.
row_lm_sizes <- function(settings, n) {
  between <- function(x, low, high) min(max(round(x), low), high)
  settings$epochs <- settings$epochs %||% between(60000 / n, 15, 60)
  settings$bins <- settings$bins %||% between(sqrt(n), 8, 64)
  settings$batch <- settings$batch %||% between(n / 16, 16, 256)
  settings$hidden <- 8 * ceiling(8 * settings$width / 3 / 8)
  settings$warmup <- 0.05
  settings
}

row_lm_notes <- function(spec, found, names) {
  trace <- found$trace
  best <- trace[match(found$best_epoch, trace$epoch), ]
  ends <- c(finished = "ran to its end", no_gain = "ended without further gain",
            too_close = "ended as rows drawn came too close to the training rows",
            stopped = "was interrupted", diverged = "ended as its loss was no number, time and again")
  ratio <- trace$distance[!is.na(trace$distance)]
  hidden <- names[found$protected > 0]
  c(
    sprintf("Transformer of %s weights; training %s; weights of epoch %s of %s", format(found$weights, big.mark = ","),
            ends[[found$end]], format(found$best_epoch), format(max(trace$epoch, 0))),
    if (found$held_rows > 0 && nrow(trace)) {
      near <- if (length(ratio)) {
        sprintf("; distance to the training rows %.2f of theirs", ratio[length(ratio)])
      } else ""
      sprintf("Held out%s: %s rows, loss %.3f nats a row%s", if (found$on_all) " at first" else "",
              format(found$held_rows, big.mark = ","), best$held_out, near)
    },
    rollback_note(found$rollbacks),
    if (spec$temperature != 1 || spec$top_p != 1) {
      sprintf("Draws at temperature %s, top_p %s", format(spec$temperature), format(spec$top_p))
    },
    if (length(hidden)) {
      sprintf("Levels of fewer than %d rows, never drawn: %d, in %s", as.integer(spec$settings$min_count),
              as.integer(sum(found$protected)), toString(hidden, width = 60))
    }
  )
}

#' @exportS3Method
draw_columns.fitted_gen_row_lm <- function(fit, n, key, threads) {
  draw_row_lm(fit, n, list(), key, threads)
}

#' @exportS3Method
draw_given.fitted_gen_row_lm <- function(fit, n, given, key, threads) {
  draw_row_lm(fit, n, lapply(names(fit$blueprint), function(name) given[[name]]), key, threads)
}

draw_row_lm <- function(fit, n, given, key, threads, fill = FALSE) {
  model <- c(row_lm_model(fit), list(fill = fill))
  found <- row_lm_draw(model, n, unclass(key), given, run_control(threads, "Drawing rows"))
  if (found$lost > 0) abort_exhausted(list(accepted = n - found$lost, tries = n), n, "what is given")
  found$columns
}

row_lm_model <- function(fit) {
  levels <- vapply(fit$blueprint, function(b) if (b$kind == "factor") length(b$levels) else -1L, 1L, USE.NAMES = FALSE)
  c(list(bytes = fit$model, levels = levels), fit$draws)
}

#' @rdname autoplot.causalsynth_generator
#' @param type `"margins"`, or `"loss"`: the loss while training, by epoch.
#' @exportS3Method ggplot2::autoplot fitted_gen_row_lm
autoplot.fitted_gen_row_lm <- function(object, type = c("margins", "loss"), ...) {
  type <- check_choice(type[1], c("margins", "loss"), "type")
  if (type == "margins") return(NextMethod("autoplot", object, ...))
  check_dots_empty(...)
  loss_plot(object$trace, "nats a row")
}
