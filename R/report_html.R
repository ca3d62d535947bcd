# Pieces of the report's page. Every text goes through node(), which escapes it, whatever it holds; pictures are PNG
# inside the page.

node <- function(.tag, ...) {
  parts <- Filter(Negate(is.null), list(...))
  text <- vapply(parts, function(x) is.character(x) || is.numeric(x), NA)
  parts[text] <- lapply(parts[text], function(x) paste(clean_text(x), collapse = " "))
  htmltools::tag(.tag, joined_text(parts, text & rlang::names2(parts) == ""))
}

# Neighbouring texts as one: between two, the page would have a space.
joined_text <- function(parts, text) {
  run <- cumsum(!(text & c(FALSE, text[-length(text)])))
  starts <- which(!duplicated(run))
  joined <- parts[starts]
  for (k in which(tabulate(run) > 1)) joined[[k]] <- paste(unlist(parts[run == k]), collapse = "")
  joined
}

# Valid UTF-8 without control characters, which HTML does not allow, nor those that turn the direction of writing.
clean_text <- function(x) {
  x <- iconv(enc2utf8(as.character(x)), "UTF-8", "UTF-8", sub = "?")
  gsub("[\u0001-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+", " ", x, perl = TRUE)
}

paragraph <- function(..., class = NULL) node("p", class = class, ...)

note <- function(...) paragraph(..., class = "note")

facts <- function(x) {
  x <- x[!vapply(x, is.null, NA)]
  items <- Map(function(name, value) list(node("dt", name), node("dd", value)), names(x), x)
  node("dl", class = "facts", unname(items))
}

# A table: numbers to the right, the first column heads its rows. `long`: columns of sentences; `title`: the caption
# stands above as a title already, and is for screen readers only.
html_table <- function(data, caption, most = 60, digits = 3, long = character(), title = FALSE) {
  shown <- utils::head(data, most)
  # Texts such as "0.12 (0.03)" are numbers too.
  number <- vapply(shown, function(x) is.numeric(x) || !all(is.na(x)) && all(grepl("^[-\u2013+0-9., ()]+$", x)), NA)
  cells <- lapply(names(shown), function(name) cell_text(shown[[name]], digits))
  kind <- ifelse(number, "number", ifelse(names(shown) %in% long, "long", NA))
  of_class <- function(j) if (!is.na(kind[j])) kind[j]
  head <- lapply(seq_along(shown), function(j) node("th", scope = "col", class = of_class(j), names(shown)[j]))
  rows <- lapply(seq_len(nrow(shown)), function(i) {
    node("tr", lapply(seq_along(shown), function(j) {
      if (j == 1) node("th", scope = "row", cells[[j]][i]) else node("td", class = of_class(j), cells[[j]][i])
    }))
  })
  hidden <- nrow(data) - nrow(shown)
  list(
    node("div", class = "scroll", tabindex = "0", role = "region", `aria-label` = paste("Table:", caption),
         node("table", node("caption", class = if (title) "unseen", caption), node("thead", node("tr", head)),
              node("tbody", rows))),
    if (hidden) note(count_phrase(hidden, "more row"), " not shown.")
  )
}

cell_text <- function(x, digits) {
  if (!is.numeric(x)) return(ifelse(is.na(x), "\u2013", as.character(x)))
  text <- vapply(x, function(v) {
    if (is.na(v)) return("\u2013")
    if (v == round(v) && abs(v) < 1e15) return(thousands(v))
    if (abs(v) < 1e5 && abs(v) >= 1e-4) return(formatC(v, digits = max(digits, ceiling(log10(abs(v) + 1))),
                                                       format = "fg", flag = "#", big.mark = ","))
    formatC(v, digits = digits, format = "g")
  }, "")
  sub("[.]$", "", gsub("-", "\u2212", text, fixed = TRUE))
}

# A figure of a ggplot; `alt` says in words what it shows. Sizes in CSS pixels; drawn at twice their resolution.
html_figure <- function(plot, alt, caption = NULL, width = 480, height = 320) {
  node("figure",
       node("img", src = plot_data(plot, width, height), alt = alt, width = width, height = height),
       if (!is.null(caption)) node("figcaption", caption))
}

plot_data <- function(plot, width, height) {
  file <- tempfile(fileext = ".png")
  on.exit(unlink(file))
  draw_png(file, width * 2, height * 2)
  suppressWarnings(tryCatch(print(plot), finally = grDevices::dev.off()))
  base64enc::dataURI(file = file, mime = "image/png")
}

draw_png <- function(file, width, height) {
  type <- if (capabilities("cairo")) "cairo" else getOption("bitmapType")
  grDevices::png(file, width, height, res = 176, type = type)
}

html_section <- function(id, title, ...) list(id = id, title = title, body = list(...))

# The whole page as text. `sections`: of html_section().
html_page <- function(title, subtitle, sections, lang = "en") {
  css <- paste(readLines(system.file("report", "report.css", package = "causalsynth"), encoding = "UTF-8"),
               collapse = "\n")
  nav <- lapply(sections, function(s) node("li", node("a", href = paste0("#", s$id), s$title)))
  main <- lapply(sections, function(s) {
    node("section", id = s$id, `aria-labelledby` = paste0(s$id, "-title"),
         node("h2", id = paste0(s$id, "-title"), s$title), s$body)
  })
  head <- node("head",
    node("meta", charset = "utf-8"),
    node("meta", name = "viewport", content = "width=device-width, initial-scale=1"),
    # Whatever a name or level may hold: nothing is fetched and no script runs.
    node("meta", `http-equiv` = "Content-Security-Policy",
         content = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"),
    node("meta", name = "generator", content = paste("causalsynth", own_version())),
    node("title", title),
    htmltools::tag("style", list(htmltools::HTML(css)))
  )
  body <- node("body",
    node("a", class = "skip", href = "#main", "Skip to the content"),
    node("header", node("h1", title), paragraph(subtitle, class = "meta")),
    node("nav", `aria-label` = "Contents", node("ul", nav)),
    node("main", id = "main", tabindex = "-1", main),
    node("footer", "Made by the R package causalsynth ", own_version(), " on ", format(Sys.Date()),
         ". The file is self-contained: it loads nothing and runs no script.")
  )
  paste0("<!DOCTYPE html>\n", htmltools::doRenderTags(node("html", lang = lang, head, body), indent = FALSE), "\n")
}
