skip_without_pages()

test_that("a browser shows the whole page on desk and phone, without complaints, and by keyboard", {
  session <- browser_session(1200)
  study <- contract_study(200)
  hybrid <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                       learner_outcome = learn_glm(), seed = 1)
  file <- page_file()
  made <- report(hybrid, file, sample_rows = 100, learner = learn_glm(), seed = 1)
  for (width in c(1200, 390)) {
    session$Emulation$setDeviceMetricsOverride(width = width, height = 900, deviceScaleFactor = 1, mobile = FALSE)
    expect_identical(browse_file(session, file), character())
    shown <- "i => i.complete && i.naturalWidth > 0 && i.getBoundingClientRect().width > 50"
    count <- browser_value(session, sprintf("[...document.images].filter(%s).length", shown))
    expect_equal(count, made$figures)
    # Nothing wider than the window: wide tables scroll by themselves.
    expect_lte(browser_value(session, "document.documentElement.scrollWidth"), width)
    keep_screenshot(session, paste0("report-", width))
  }
  # The first stop of the tab key is the link to the content, seen once it has the focus.
  seen <- "document.activeElement.className + ' ' + (document.activeElement.getBoundingClientRect().left >= 0)"
  for (type in c("keyDown", "keyUp")) session$Input$dispatchKeyEvent(type = type, key = "Tab", code = "Tab",
                                                                     windowsVirtualKeyCode = 9)
  expect_identical(browser_value(session, seen), "skip true")
  focusable <- "[...document.querySelectorAll('nav a, .scroll, .light a')].every(e => e.tabIndex === 0)"
  expect_true(browser_value(session, focusable))
  # Print: the navigation goes, all else stays.
  session$Emulation$setEmulatedMedia(media = "print")
  expect_identical(browser_value(session, "getComputedStyle(document.querySelector('nav')).display"), "none")
  expect_gt(nchar(session$Page$printToPDF()$data), 10000)
})
