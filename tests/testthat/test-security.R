# What comes from outside is data: nothing that is read is run; files are whole, private and removed.
marked <- function() {
  marker <- withr::local_tempfile(.local_envir = parent.frame())
  list(file = marker, code = sprintf("file.create(%s)", deparse(marker)))
}

# A serialized promise, which older R evaluates when the value is looked at (CVE-2024-27322), made by hand.
promise_bytes <- function(code) {
  env <- new.env()
  eval(substitute(delayedAssign("x", CODE), list(CODE = str2lang(code))), env)
  call <- serialize(str2lang(code), NULL, version = 3)
  header <- call[1:(14 + 4 + readBin(call[15:18], "int", 1, endian = "big"))]
  # PROMSXP (5), no environment (NILVALUE), unbound value, the expression.
  c(header, as.raw(c(0, 0, 0, 5, 0, 0, 0, 0xfe, 0, 0, 0, 0xfc)), call[-seq_along(header)])
}

test_that("a hostile checkpoint is not run", {
  mark <- marked()
  folder <- withr::local_tempdir()
  run <- function() {
    study(dgp_paper(), "or", n = 60, reps = 4, seed = 1, threads = 1, checkpoint = folder, chunk = 2,
          learner_treatment = learn_glm(), learner_outcome = learn_glm())
  }
  want <- as.data.frame(run())
  chunk <- list.files(folder, "^chunk-", full.names = TRUE)
  expect_length(chunk, 2)
  for (bytes in list(promise_bytes(mark$code), serialize(str2lang(mark$code), NULL), serialize(function() 1, NULL),
                     as.raw(1:9))) {
    writeBin(bytes, chunk[1])
    found <- as.data.frame(run())
    expect_identical(found[c("method", "rep", "estimate")], want[c("method", "rep", "estimate")])
    expect_false(file.exists(mark$file))
  }
})

test_that("hostile files of models, pools and rows are refused or read as text", {
  mark <- marked()
  file <- withr::local_tempfile(fileext = ".model")
  for (bytes in list(promise_bytes(mark$code), serialize(as.call(list(quote(system), "true")), NULL),
                     charToRaw(mark$code))) {
    writeBin(bytes, file)
    expect_error(read_model(file), class = "causalsynth_error_file")
  }
  saveRDS(structure(list(), class = "causalsynth_forest"), file)
  expect_error(read_model(file), class = "causalsynth_error_file")
  mark$code <- gsub("\"", "'", mark$code)
  rows <- withr::local_tempfile(fileext = ".csv", lines = c("x,`r 1`", paste0(mark$code, ",2")))
  fit <- fit_generator(gen_data(rows), stats::setNames(data.frame(c(mark$code, "b"), 1:2), c("x", "`r 1`")), seed = 1)
  expect_true(all(generate(fit, 3, seed = 1)$x == mark$code))
  expect_error(parse_rows(mark$code, data.frame(x = 1), quiet = TRUE), NA)
  expect_false(file.exists(mark$file))
})

test_that("a pool's sidecar runs no code and reaches no other folder", {
  skip_if_not_installed("jsonlite")
  mark <- marked()
  path <- file.path(withr::local_tempdir(), "pool.csv")
  write_pool(generate(contract_hybrid(), 5, seed = 1), path)
  side <- paste0(path, ".json")
  lines <- readLines(side)
  spoil <- function(pattern, by) {
    changed <- sub(pattern, by, lines)
    expect_false(identical(changed, lines))
    writeLines(changed, side)
    expect_error(read_pool(path), class = "causalsynth_error_file")
  }
  spoil('"formula": .*"y ~[^"]*"', sprintf('"formula": ["%s"', gsub('"', '\\\\\\\\"', mark$code)))
  spoil('"files": \\["pool.csv"\\]', '"files": ["../pool.csv"]')
  expect_false(file.exists(mark$file))
  writeLines(lines, side)
  expect_s3_class(read_pool(path), "causalsynth_pool")
})

test_that("a report shows names, levels and titles as text", {
  skip_without_pages()
  bad <- "<script>alert(1)</script>"
  study <- contract_study()
  levels(study$group)[1] <- bad
  names(study)[1] <- "<img src=x onerror=alert(2)>"
  fit <- fit_hybrid(y ~ a | ., study, gen_forest(trees = 5), learner_treatment = learn_glm(),
                    learner_outcome = learn_glm(), seed = 1)
  file <- withr::local_tempfile(fileext = ".html")
  report(fit, file, real = study, title = paste("A title", bad), learner = learn_glm(), seed = 1)
  page <- paste(readLines(file, warn = FALSE), collapse = "\n")
  expect_no_match(page, bad, fixed = TRUE)
  expect_no_match(page, "<img src=x", fixed = TRUE)
  expect_match(page, "&lt;script&gt;alert(1)", fixed = TRUE)
  # Nothing is asked of the network: no address is fetched by the page.
  expect_no_match(page, "(src|href)=[\"']?(https?:)?//")
})

test_that("files are whole or absent, and nothing is left beside them", {
  folder <- withr::local_tempdir()
  odd <- file.path(folder, "a 'b' \"c\" \u00e9 $(touch x)")
  dir.create(odd)
  file <- file.path(odd, "model; rm -r x")
  fit <- small_forest()
  write_model(fit, file)
  expect_identical(list.files(odd, all.files = TRUE, no.. = TRUE), basename(file))
  expect_identical(predict(read_model(file)), predict(fit))
  expect_error(write_model(fit, file), class = "causalsynth_error")
  if (requireNamespace("jsonlite", quietly = TRUE)) {
    pool <- generate(contract_hybrid(), 5, seed = 1)
    write_pool(pool, file.path(odd, "p 'q'.csv"))
    expect_equal(truth(read_pool(file.path(odd, "p 'q'.csv"))), truth(pool))
    generate_to(dgp_paper(), 10, file.path(odd, "shards \u4f60"), "csv", seed = 1)
    expect_setequal(list.files(file.path(odd, "shards \u4f60"), all.files = TRUE, no.. = TRUE), c("manifest.json",
        "shard-00001.csv"))
  }
  expect_length(list.files(odd, "part|tmp", all.files = TRUE), 0)
  skip_without_pages()
  report(contract_hybrid(), file.path(odd, "page \u00e9.html"), learner = learn_glm(), seed = 1)
  expect_true(file.exists(file.path(odd, "page \u00e9.html")))
  expect_length(list.files(odd, "part|tmp", all.files = TRUE), 0)
})

test_that("a folder that cannot be written to keeps what it holds", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  file <- file.path(folder, "f.model")
  write_model(small_forest(), file)
  before <- tools::md5sum(file)
  expect_error(write_model(structure(list(f = sum), class = "causalsynth_forest"), file, overwrite = TRUE),
               class = "causalsynth_error")
  expect_identical(tools::md5sum(file), before)
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), "f.model")
})

test_that("temporary files are gone afterwards", {
  skip_without_pages()
  before <- list.files(tempdir(), all.files = TRUE, recursive = TRUE)
  file <- file.path(withr::local_tempdir(), "page.html")
  report(contract_hybrid(), file, learner = learn_glm(), seed = 1)
  left <- setdiff(list.files(tempdir(), all.files = TRUE, recursive = TRUE), before)
  expect_identical(basename(left), "page.html")
})

test_that("nothing reaches for the network unasked", {
  # The only calls that do are those of chats and of Python that the user gives.
  sources <- test_path("..", "..", "R")
  skip_if_not(dir.exists(sources))
  files <- list.files(sources, "[.]R$", full.names = TRUE)
  code <- unlist(lapply(files, function(f) deparse(parse(f, keep.source = FALSE))))
  expect_identical(grep("(^|[^.\\w{])(download[.]file|url|socketConnection|curl|httr2?|browseURL)\\(|(httr2?|curl)::",
                        code,
                        perl = TRUE, value = TRUE), character())
})
