# 60 of 100 rows have no disease whatever their site; of site c nearly all have it.
relation_rows <- function() {
  rows <- data.frame(site = rep(c("a", "b", "c"), c(60, 20, 20)), age = rep(1:25, 4),
                     ill = factor(c(rep("no", 62), rep("yes", 1), rep("no", 17), rep("yes", 18), "no", "no")))
  rows$site <- factor(rows$site)
  rows
}

test_that("relations that the population has are told from leaks", {
  train <- relation_rows()
  groups <- list(codes = lapply(train, function(x) list(train = as.numeric(x))), cut = "age")
  found <- secret_relations(groups, train, c("site", "age"), "ill", train$site != "b")
  # 62 of the 80 disclosed rows are "no": fewer than 90 %, no one-way relation.
  expect_identical(found$key[1:2], c("site", "site"))
  expect_identical(found$key_level[1:2], c("a", "c"))
  expect_identical(found$level[1:2], c("no", "yes"))
  expect_identical(found$rows[1:2], c(60L, 18L))
  expect_equal(found$share[1:2], c(1, .9))
  one <- secret_relations(groups, train, "site", "ill", train$site == "a")
  expect_identical(one$key, c(NA, "site"))
  expect_equal(one$share, c(1, 1))
  expect_match(relation_remark(one), "100.0% of its rows have no; 100.0% of site = a have no", fixed = TRUE)
  expect_null(secret_relations(groups, train, "site", "ill", rep(FALSE, 100)))
  expect_identical(relation_remark(NULL), "")
  # Ends of groups would be values of real rows.
  expect_identical(group_label(c(3.14, 2.71), 1:2, 1, TRUE), "group 1 of its deciles")
  expect_identical(group_label(c("x", NA), 1:2, 2, FALSE), "missing")
})

test_that("privacy() lists them", {
  rows <- relation_rows()
  risks <- privacy(rows, rows, relation_rows(), keys = "site", secrets = "ill", attacks = 10, seed = 1)
  expect_identical(names(risks$relations), c("secret", "level", "key", "key_level", "rows", "share"))
  # Only site a has one secret among the synthetic rows.
  expect_identical(risks$relations$key_level, c(NA, "a"))
  expect_match(risks$scores$detail[risks$scores$metric == "disco_of_ill"], "by relations in the real rows")
  none <- privacy(rows, rows, relation_rows(), keys = "age", secrets = "site", attacks = 10, seed = 1)
  expect_null(none$relations)
})

test_that("a secret of one value has no disclosure protection", {
  rows <- transform(relation_rows(), ill = "no")
  risks <- privacy(rows, rows, rows, keys = "site", secrets = "ill", attacks = 10, seed = 1)
  at <- match("disclosure_protection_of_ill", risks$scores$metric)
  expect_identical(risks$scores$detail[at], "the secret has one value in the training rows")
})
