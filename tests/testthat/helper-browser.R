# A headless Chromium through the package chromote: a session of its own for one page, or a skip where there is none.
browser_session <- function(width, height = 900, env = parent.frame()) {
  skip_on_cran()
  if (!requireNamespace("chromote", quietly = TRUE)) skip("no package chromote to drive a browser with")
  path <- Filter(nzchar, Sys.which(c("chromium", "chromium-browser", "google-chrome", "chrome")))
  if (Sys.getenv("CHROMOTE_CHROME") == "" && length(path)) withr::local_envvar(CHROMOTE_CHROME = path[[1]])
  if (is.null(suppressMessages(chromote::find_chrome()))) skip("no Chromium on this machine")
  session <- tryCatch({
    # Within containers and for root, Chromium's own sandbox does not start.
    browser <- chromote::Chromote$new(
      browser = chromote::Chrome$new(args = c("--headless", "--disable-gpu", "--no-sandbox", "--disable-dev-shm-usage"))
    )
    withr::defer(try(browser$close(), silent = TRUE), envir = env)
    browser$new_session(width = width, height = height)
  }, error = function(e) skip(paste("Chromium does not start:", conditionMessage(e))))
  session
}

# Loads a file; returns complaints: messages of the console, exceptions, and requests for anything but the file.
browse_file <- function(session, file) {
  said <- character()
  hear <- function(what) said <<- c(said, what)
  session$Runtime$enable()
  session$Log$enable()
  session$Network$enable()
  session$Runtime$consoleAPICalled(callback_ = function(m) hear(paste("console", m$type)))
  session$Runtime$exceptionThrown(callback_ = function(m) hear(paste("exception", m$exceptionDetails$text)))
  session$Log$entryAdded(callback_ = function(m) hear(paste("log", m$entry$text)))
  session$Network$requestWillBeSent(callback_ = function(m) {
    if (!grepl("^(file|data):", m$request$url)) hear(paste("request", m$request$url))
  })
  loaded <- session$Page$loadEventFired(wait_ = FALSE)
  session$Page$navigate(paste0("file://", normalizePath(file, "/")), wait_ = FALSE)
  session$wait_for(loaded)
  session$Runtime$evaluate("document.images.length")
  said
}

browser_value <- function(session, code) session$Runtime$evaluate(code, returnByValue = TRUE)$result$value

# A screenshot of the whole page into the folder that CAUSALSYNTH_SCREENSHOTS names (kept by the CI), if it is set.
keep_screenshot <- function(session, name) {
  folder <- Sys.getenv("CAUSALSYNTH_SCREENSHOTS")
  if (folder == "") return(invisible())
  dir.create(folder, FALSE, TRUE)
  size <- session$Page$getLayoutMetrics()$cssContentSize
  # Chromium's pictures end at 16,384 pixels.
  shot <- session$Page$captureScreenshot(
    format = "png", captureBeyondViewport = TRUE,
    clip = list(x = 0, y = 0, width = size$width, height = min(size$height, 16000), scale = 1)
  )
  writeBin(base64enc::base64decode(shot$data), file.path(folder, paste0(name, ".png")))
}
