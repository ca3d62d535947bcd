# What generators that train a network share: rows, progress, interrupts, notes, the picture of the loss.

# How a training loop of the core runs (glue_train.h). `keep`: an interrupt stops it, and the best model so far is kept.
training_control <- function(threads, keep, label, env = parent.frame()) {
  list(threads = resolve_threads(threads), keep = keep, progress = loss_progress_bar(label, env))
}

# The progress of training: a function of the share done and of the loss (a number, or a phrase of several), which shows
# both and the time left; NULL where nobody looks. Interrupts wait while it runs: the core asks for them.
loss_progress_bar <- function(label, env = parent.frame()) {
  if (!isTRUE(getOption("causalsynth.progress", interactive()))) return(NULL)
  started <- proc.time()[["elapsed"]]
  bar <- NULL
  function(share, loss) suspendInterrupts({
    spent <- proc.time()[["elapsed"]] - started
    if (spent < 1) return(invisible())
    now <- list(loss = if (is.numeric(loss)) format(signif(loss, 4)) else loss,
                left = if (share > 0) spell_seconds(spent / share * (1 - share)) else "?")
    if (is.null(bar)) {
      bar <<- cli::cli_progress_bar(
        label, total = 100, .envir = env, extra = now,
        format = paste("{cli::pb_name}{cli::pb_bar} {cli::pb_percent} | loss {cli::pb_extra$loss}",
                       "| {cli::pb_extra$left} left")
      )
    }
    cli::cli_progress_update(id = bar, set = floor(100 * share), force = TRUE, .envir = env, extra = now)
  })
}

spell_seconds <- function(x) {
  if (x < 60) return(paste(ceiling(x), "s"))
  if (x < 3600) return(paste(ceiling(x / 60), "min"))
  paste(format(round(x / 3600, 1)), "h")
}

# After a training that an interrupt stopped: says what is kept, or leaves where nothing was worth it yet.
tell_interrupted <- function(unit, best) {
  if (best == 0) rlang::interrupt()
  cli::cli_alert_info("Interrupted: the best model so far, of {unit} {best}, is kept.")
}

rollback_note <- function(count) {
  if (count == 0) return(NULL)
  sprintf("Losses that were no number: rolled back %s, each time to the last good weights and half the rate",
          count_phrase(count, "time"))
}

# The columns `train` and `held_out` (if any is there) of a trace by its `epoch`.
loss_plot <- function(trace, unit) {
  what <- c(train = "training", held_out = "held out")
  long <- do.call(rbind, lapply(intersect(names(what), names(trace)), function(name) {
    data.frame(at = trace$epoch, loss = trace[[name]], line = what[[name]])
  }))
  loss_lines(long, what, "epoch", paste0("loss (", unit, ")")) + ggplot2::labs(colour = "rows")
}

# `long`: at, loss, and which `line`, one of `lines`.
loss_lines <- function(long, lines, x, y) {
  long <- long[is.finite(long$loss), ]
  long$line <- factor(long$line, intersect(lines, long$line))
  ggplot2::ggplot(long, ggplot2::aes(.data$at, .data$loss, colour = .data$line)) +
    ggplot2::geom_line() +
    ggplot2::scale_colour_manual(values = stats::setNames(plot_colours[seq_along(lines)], lines)) +
    ggplot2::labs(x = x, y = y) +
    ggplot2::theme_minimal()
}
