# A study whose names and levels try to break a page, with records that must not be found in one: a level of one row, a
# level of six, numbers of one row each.
report_study <- function(n = 240) {
  i <- seq_len(n)
  study <- contract_study(n, "number")
  names(study)[2] <- "<b>\"group\" & co</b>"
  levels(study[[2]]) <- c("<script>alert('x')</script>", "\" onload=\"alert(1)", "plain & simple")
  study$site <- c("Rosa Unverwechselbar", rep("lone six", 6), rep(c("north", "south"), length.out = n - 7))
  study$amount <- round(100 * sin(3 * i) + 7 * cos(11 * i), 3)
  study$amount[3] <- 987.654
  study
}

report_hybrid <- function(study = report_study()) {
  suppressWarnings(
    fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), targeted = FALSE, learner_treatment = learn_glm(),
               learner_outcome = learn_glm(), seed = 1), classes = "causalsynth_warning"
  )
}

page_file <- function(env = parent.frame()) withr::local_tempfile(fileext = ".html", .local_envir = env)

page_text <- function(file) paste(readLines(file, encoding = "UTF-8", warn = FALSE), collapse = "\n")

quick_report <- function(x, file, ...) report(x, file, learner = learn_glm(), seed = 1, ...)

# What every page must be: parsed by xml2, one language, nothing from elsewhere, unique ids, anchors that lead
# somewhere, headings in order, alternative texts, captions and scopes.
expect_page <- function(file) {
  page <- xml2::read_html(file, options = c("RECOVER", "HUGE"))
  nodes <- function(path) xml2::xml_find_all(page, path)
  attribute <- function(path, name) xml2::xml_attr(nodes(path), name)
  expect_identical(attribute("/html", "lang"), "en")
  expect_true(nzchar(xml2::xml_text(nodes("//title"))))
  expect_length(nodes("//script|//iframe|//object|//embed|//link|//base|//form"), 0)
  expect_false(any(grepl("^on", names(unlist(xml2::xml_attrs(nodes("//*")))))))
  expect_true(all(startsWith(attribute("//*[@src]", "src"), "data:image/png;base64,")))
  expect_true(all(startsWith(attribute("//*[@href]", "href"), "#")))
  style <- xml2::xml_text(nodes("//style"))
  expect_false(grepl("url\\(|@import|https?:", style))
  expect_match(style, "@media print")
  ids <- attribute("//*[@id]", "id")
  expect_identical(anyDuplicated(ids), 0L)
  expect_true(all(sub("#", "", attribute("//*[@href]", "href")) %in% ids))
  expect_true(all(attribute("//*[@aria-labelledby]", "aria-labelledby") %in% ids))
  levels <- as.integer(sub("h", "", xml2::xml_name(nodes("//h1|//h2|//h3|//h4"))))
  expect_identical(levels[1], 1L)
  expect_identical(sum(levels == 1), 1L)
  expect_true(all(diff(levels) <= 1))
  alt <- attribute("//img", "alt")
  expect_false(anyNA(alt))
  expect_true(all(nchar(alt) > 20))
  expect_identical(anyDuplicated(alt), 0L)
  expect_length(nodes("//table[not(caption)]|//th[not(@scope)]|//figure[not(figcaption)]"), 0)
  first <- nodes("//body/*[1]")
  expect_identical(xml2::xml_attr(first, "href"), "#main")
  expect_length(nodes("//nav[@aria-label]//a"), length(nodes("//main/section")))
  expect_length(nodes("//main[@id='main']"), 1)
  invisible(page)
}

skip_without_pages <- function() {
  for (package in c("htmltools", "base64enc")) skip_if_not_installed(package)
}
