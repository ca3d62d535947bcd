skip_without_pages()
hybrid <- report_hybrid()

test_that("a hybrid's page has all its parts and no real record", {
  skip_if_not_installed("xml2")
  file <- page_file()
  made <- quick_report(hybrid, file, rows = 300)
  page <- expect_page(file)
  sections <- xml2::xml_attr(xml2::xml_find_all(page, "//main/section"), "id")
  expect_identical(sections, c("summary", "making", "effect", "overlap", "columns", "associations", "fidelity",
                               "privacy", "session"))
  text <- xml2::xml_text(page)
  expect_match(text, "AIPW, 240 real", fixed = TRUE)
  expect_false(grepl("could not be computed", text))
  # Texts that would break a page stay texts, in headings, captions and alternative texts alike.
  expect_match(text, "<b>\"group\" & co</b>", fixed = TRUE)
  alt <- xml2::xml_attr(xml2::xml_find_all(page, "//img"), "alt")
  expect_match(alt, "<b>\"group\" & co</b>", fixed = TRUE, all = FALSE)
  expect_match(alt, "<script>alert('x')</script>", fixed = TRUE, all = FALSE)
  source <- page_text(file)
  expect_false(grepl("<script|<b>|Rosa|Unverwechselbar|987[.]65", source))
  expect_identical(made$figures, length(alt))
  expect_lt(made$bytes, 5e6)
  expect_identical(made$bytes, file.size(file))
})

test_that("without the seed in memory the real side is left out", {
  skip_if_not_installed("xml2")
  model <- withr::local_tempfile()
  write_model(hybrid, model)
  again <- read_model(model)
  for (x in list(again, generate(hybrid, 100, seed = 2), unserialize(serialize(hybrid, NULL)))) {
    file <- page_file()
    made <- quick_report(x, file)
    text <- xml2::xml_text(expect_page(file))
    expect_match(text, "real rows are not at hand")
    expect_false(grepl("240 real(,| rows;)", text))
    expect_identical(made$lights$light[made$lights$check %in% c("Fidelity", "Privacy")], c("unknown", "unknown"))
  }
  file <- page_file()
  quick_report(again, file, real = report_study(), holdout = report_study(60))
  expect_match(xml2::xml_text(expect_page(file)), "AIPW, 240 real", fixed = TRUE)
})

test_that("the seed lives as long as its hybrid, in memory alone", {
  own <- fit_hybrid(y ~ a | ., contract_study(), gen_forest(trees = 2), learner_treatment = learn_glm(),
                    learner_outcome = learn_glm(), seed = 1)
  expect_identical(recall_seed(own), contract_study())
  copy <- own
  expect_identical(recall_seed(copy), contract_study())
  expect_null(recall_seed(unserialize(serialize(own, NULL))))
  expect_false(any(grepl("token", names(pack_model(own, TRUE, NULL)))))
  size <- length(seed_memory$references)
  rm(own, copy)
  gc()
  remember_seed(NULL)
  expect_lte(length(seed_memory$references), size)
})

test_that("the same seed makes the same page for any number of threads", {
  pool <- generate(hybrid, 80, seed = 2)
  pages <- lapply(1:2, function(threads) {
    file <- page_file()
    quick_report(pool, file, threads = threads)
    sub("<dt>Made</dt><dd>[^<]*", "", page_text(file))
  })
  expect_identical(pages[[1]], pages[[2]])
})

test_that("pages of studies, comparisons and scores", {
  skip_if_not_installed("xml2")
  found <- small_study(c("iptw", "or"), sources = list(`a<b` = dgp_paper("moderate"), b = dgp_paper()), reps = 4)
  real <- generate(dgp_paper(), 80, seed = 1)
  hold <- generate(dgp_paper(), 80, seed = 2)
  made <- generate(dgp_paper(), 80, seed = 3)
  things <- list(
    study = found, comparison = compare_studies(found),
    comparison = compare_synthesizers(list(`a<b` = made, real = real), real, hold, permutations = 2, seed = 1),
    fidelity = fidelity(real, made, NULL, hold, permutations = 2, seed = 1),
    privacy = privacy(real, made, hold, formula = Y ~ A | ., attacks = 20, seed = 1)
  )
  for (i in seq_along(things)) {
    file <- page_file()
    result <- report(things[[i]], file, title = "A <title>")
    page <- expect_page(file)
    expect_identical(result$kind, names(things)[i])
    expect_identical(xml2::xml_text(xml2::xml_find_all(page, "//h1")), "A <title>")
    expect_gt(result$figures, 0)
    expect_false(grepl("could not be computed", xml2::xml_text(page)))
  }
})

test_that("several arms have no propensity plot, and say so", {
  skip_if_not_installed("xml2")
  study <- contract_study()
  study$a <- factor(c("none", "low", "high")[1 + (seq_len(120) %/% 3) %% 3])
  several <- suppressWarnings(fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), seed = 1,
                                         learner_treatment = learn_glm(), learner_outcome = learn_glm()),
                              classes = "causalsynth_warning")
  file <- page_file()
  quick_report(generate(several, 300, seed = 1), file, real = study)
  text <- xml2::xml_text(expect_page(file))
  expect_match(text, "compare two arms; this treatment has 3", fixed = TRUE)
  expect_match(text, "low: AIPW", fixed = TRUE)
})

test_that("a report speaks", {
  file <- page_file()
  made <- report(small_study(reps = 3), file)
  expect_speaks(made)
  expect_table(tidy(made), nrow(made$lights), c("check", "light", "reason"))
  expect_table(glance(made), 1, c("kind", "file", "bytes", "figures", "good", "look", "problem", "unknown"))
  expect_identical(sum(glance(made)[c("good", "look", "problem", "unknown")]), nrow(made$lights))
})

test_that("files appear whole, and none is replaced unasked", {
  found <- small_study(reps = 3)
  folder <- withr::local_tempdir()
  file <- file.path(folder, "page.html")
  writeLines("mine", file)
  expect_error(report(found, file), "there already", class = "causalsynth_error_file")
  expect_identical(readLines(file), "mine")
  expect_error(report(found, folder), "is a folder", class = "causalsynth_error_file")
  expect_error(report(found, file.path(folder, "none", "page.html")), "no folder", class = "causalsynth_error_file")
  broken <- found
  broken$results <- NULL
  expect_error(report(broken, file, overwrite = TRUE))
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), "page.html")
  expect_identical(readLines(file), "mine")
})

test_that("what cannot be reported is said", {
  file <- page_file()
  pool <- generate(hybrid, 30, seed = 1)
  expect_snapshot(error = TRUE, {
    report()
    report(hybrid)
    report(mtcars, "page.html")
    report(1:3, "page.html", real = mtcars)
    report(pool, "page.html", colour = TRUE)
    report(pool, "page.html", rows = 1)
    report(pool, "page.html", holdout = mtcars)
    report(pool, "page.html", real = mtcars)
    report(pool, "page.html", real = transform(report_study(), site = 1))
    report(pool, "page.html", title = 1:2)
    report(pool[1, ], "page.html")
    report(small_study(reps = 2), "page.html", real = mtcars)
  })
  expect_false(file.exists("page.html"))
})

test_that("a part that fails is said on the page and leaves the rest", {
  skip_if_not_installed("xml2")
  unlucky <- learn_function(function(...) stop("no <b>luck</b>"), predict)
  file <- page_file()
  made <- report(generate(hybrid, 40, seed = 1), file, real = report_study(40), learner = unlucky, seed = 1)
  text <- xml2::xml_text(expect_page(file))
  expect_match(text, "Estimates from real rows could not be computed.*no <b>luck</b>")
  expect_match(text, "TMLE, real rows at the fit", fixed = TRUE)
  expect_false("Same analysis, same answer" %in% made$lights$check)
})

test_that("a page's file ends in html", {
  expect_error(report(generate(hybrid, 40, seed = 1), tempfile(), seed = 1), "html", class = "causalsynth_error_input")
})
