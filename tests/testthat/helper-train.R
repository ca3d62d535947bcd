# Runs `code` while the training's progress sends this process an interrupt, once, when the share done passes `at`.
interrupted_at <- function(at, code) {
  space <- asNamespace("causalsynth")
  put <- function(value) {
    unlockBinding("loss_progress_bar", space)
    assign("loss_progress_bar", value, space)
    lockBinding("loss_progress_bar", space)
  }
  old <- get("loss_progress_bar", space)
  withr::defer(put(old))
  put(function(...) {
    sent <- FALSE
    function(share, loss) {
      if (sent || share < at) return(invisible())
      sent <<- TRUE
      tools::pskill(Sys.getpid(), tools::SIGINT)
    }
  })
  tryCatch(code, interrupt = function(e) "left")
}
