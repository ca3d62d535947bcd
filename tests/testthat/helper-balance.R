# A study with every kind of covariate, missing values and case weights, the same everywhere: 150 rows, no random draw.
balance_study <- function(n = 150) {
  i <- seq_len(n)
  score <- sin(1.7 * i)
  data.frame(
    number = round(10 * cos(2.3 * i) + 4 * score, 1), gaps = ifelse(i %% 11 == 0, NA, round(score + cos(i), 2)),
    whole = as.integer(abs(round(3 * sin(.9 * i)))), flag = cos(3.1 * i) > .2, yes = as.integer(sin(5 * i) + score > 0),
    group = factor(c("u", "v", "w", "x")[1 + floor(2 * (1 + sin(.37 * i * i)) * .999)]),
    holes = factor(ifelse(i %% 13 == 0, NA, c("p", "q", "r")[1 + i %% 3])),
    a = as.integer(score + cos(.61 * i) > .1), y = score + cos(4 * i), case = 1 + i %% 4, ps = stats::plogis(score)
  )
}
