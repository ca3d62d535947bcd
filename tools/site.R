# The site of _pkgdown.yml, without the network: Rscript tools/site.R [FOLDER]
# Builds it in FOLDER (default: a temporary one, named at the end) from the installed package, fails on any warning, on
# a topic that no group lists and on a link within the site that leads nowhere. Where chromium is, pictures of some
# pages at the width of a phone and of a desktop lie in FOLDER/pictures.
stopifnot("run from the top folder" = file.exists("_pkgdown.yml"))
options(pkgdown.internet = FALSE)
given <- commandArgs(TRUE)
folder <- if (length(given)) given[1] else tempfile("site-")
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
folder <- normalizePath(folder)

build <- function() {
  said <- character()
  withCallingHandlers(
    {
      pkgdown::check_pkgdown()
      pkgdown::build_site(override = list(destination = folder), preview = FALSE, devel = FALSE, install = FALSE,
                          new_process = FALSE)
    },
    warning = function(w) said <<- c(said, conditionMessage(w))
  )
  said
}

# Links of all pages to files that are not there.
dead_links <- function() {
  pages <- list.files(folder, "[.]html$", recursive = TRUE)
  dead <- lapply(pages, function(page) {
    text <- paste(readLines(file.path(folder, page), warn = FALSE), collapse = "\n")
    links <- regmatches(text, gregexpr("(?<=(href|[ ]src)=\")[^\"#?]+", text, perl = TRUE))[[1]]
    links <- unique(links[!grepl("^([a-z]+:|//)", links)])
    bad <- links[!file.exists(file.path(folder, dirname(page), utils::URLdecode(links)))]
    if (length(bad)) paste(page, "->", bad)
  })
  unlist(dead)
}

take_pictures <- function() {
  browser <- Sys.which(c("chromium", "chromium-browser", "google-chrome"))
  browser <- browser[browser != ""]
  if (length(browser) == 0) return(message("No chromium: no pictures"))
  pictures <- file.path(folder, "pictures")
  dir.create(pictures, showWarnings = FALSE)
  pages <- c("index", "reference/index", "reference/fit_hybrid", "articles/index", "articles/causalsynth",
             "articles/reliability", "news/index")
  for (page in pages) for (width in c(phone = 390, desktop = 1280)) {
    file <- file.path(pictures, sprintf("%s-%d.png", gsub("/", "-", page), width))
    system2(browser[1], c(
      "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", sprintf("--window-size=%d,2400", width),
      paste0("--screenshot=", shQuote(file)), paste0("file://", file.path(folder, page), ".html")
    ), stdout = FALSE, stderr = FALSE)
  }
}

bad <- build()
dead <- dead_links()
take_pictures()
writeLines(c(sprintf("WARNING: %s", bad), sprintf("DEAD LINK: %s", dead)))
cat(sprintf("%d warnings, %d dead links; the site is in %s\n", length(bad), length(dead), folder))
quit(status = as.integer(length(bad) + length(dead) > 0))
