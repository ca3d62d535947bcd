# Columns as gen_ctgan()'s core takes them, and back. A law is number (does it draw numbers beside classes?), classes,
# and what a class stands for: value (numbers; NA: missing) or members (a list of levels' codes, drawn alike).

code_columns <- function(columns, blueprint, settings, key) {
  draws <- 0
  uniforms <- function(n) {
    draws <<- draws + 1
    random_uniforms(unclass(derive_key(key, "columns", draws)), n)
  }
  Map(function(values, entry) {
    coded <- if (entry$kind == "numeric") code_numbers(as.double(values), entry, settings, uniforms)
             else code_levels(values, entry, settings)
    fill_codes(coded, uniforms)
  }, columns, blueprint)
}

new_coded <- function(codes, ..., number = FALSE, values = numeric(), low = 0, high = 0, rare = 0) {
  list(codes = codes, number = number, values = values, low = low, high = high, rare = rare, ...)
}

# Rows whose level is not drawn take another by its share.
fill_codes <- function(coded, uniforms) {
  lost <- which(coded$codes %in% -1L)
  if (length(lost)) {
    known <- coded$codes[!coded$codes %in% -1L]
    coded$codes[lost] <- if (length(known)) known[floor(uniforms(length(lost)) * length(known)) + 1] else 0L
  }
  coded
}

# Codes from 0; missing is the last class.
code_levels <- function(values, entry, settings) {
  dropped <- attr(values, "dropped")
  values <- as.integer(values)
  lost <- is.na(values)
  lost[dropped] <- FALSE
  count <- tabulate(values, length(entry$levels))
  group <- level_groups(count, settings$min_count, is.ordered(entry$ptype), is.character(entry$ptype))
  kept <- unique(group[group > 0])
  members <- lapply(kept, function(g) {
    inside <- which(group == g)
    common <- inside[count[inside] >= settings$min_count]
    if (length(common)) common else inside
  })
  codes <- match(group[values], kept, nomatch = 0L) - 1L
  if (any(lost)) {
    codes[lost] <- length(kept)
    members <- c(members, list(NA_integer_))
  }
  if (length(members) == 0) members <- list(NA_integer_)
  rare <- sum(count > 0 & count < settings$min_count) + length(dropped)
  new_coded(codes, classes = length(members), members = members, rare = rare)
}

code_numbers <- function(values, entry, settings, uniforms) {
  lost <- is.na(values)
  missing <- if (any(lost)) NA_real_
  if (all(lost)) return(new_coded(rep(0L, length(values)), classes = 1, value = NA_real_))
  table <- value_table(values[!lost], NULL)
  atoms <- atom_values(table, sum(!lost), entry, settings)
  rest <- if (!is.null(atoms$cells)) which(!atoms$cells)
  if (!is.null(atoms$kept) || length(rest) < 2) {
    kept <- table$value[atoms$kept %||% atoms$cells]
    if (length(kept) == 0) kept <- table$value
    codes <- match(nearest_value(values, kept), kept) - 1L
    codes[lost] <- length(kept)
    return(new_coded(codes, classes = length(kept) + length(missing), value = c(kept, missing),
                     rare = length(table$value) - length(kept)))
  }
  special <- c(table$value[atoms$cells], missing)
  # match() finds NA as well.
  codes <- match(values, special) - 1L
  ends <- number_range(table$value[rest], entry, .2 + .3 * uniforms(2))
  new_coded(codes, number = TRUE, values = values, classes = length(special), value = special, low = ends[1],
            high = ends[2])
}

# Numbers are drawn within: ends lie between the outermost values, or round to them.
number_range <- function(value, entry, u) {
  m <- length(value)
  step <- if (is.na(entry$decimals)) 0 else 10^-entry$decimals
  ends <- if (step > 0) value[c(1, m)] + c(-.45, .45) * step
          else c(value[1] + (value[2] - value[1]) * u[1], value[m] - (value[m] - value[m - 1]) * u[2])
  if (ends[1] < ends[2]) ends else rep(mean(value[c(1, m)]), 2)
}

# Values of a column: `code` from 1, 0 for a number.
decode_law <- function(law, code, numbers, key) {
  if (!is.null(law$value)) {
    if (!law$number) return(law$value[code])
    special <- which(code > 0)
    numbers[special] <- law$value[code[special]]
    return(numbers)
  }
  size <- lengths(law$members)
  level <- vapply(law$members, `[`, 1L, 1L)[code]
  several <- which(size[code] > 1)
  if (length(several)) {
    u <- random_uniforms(unclass(key), length(several))
    level[several] <- mapply(function(k, u) law$members[[k]][floor(u * size[k]) + 1], code[several], u)
  }
  level
}

# Which classes of a choice may give what an entry of `given` allows.
law_allows <- function(law, one, entry) {
  value <- if (is.null(law$value)) law$members else as.list(law$value)
  if (!is.null(one$value)) one <- list(codes = unique(one$value))
  vapply(value, function(x) any(if (!is.null(one$codes)) x %in% one$codes else within_given(x, one, entry)), NA)
}

# A law that was read: what its classes stand for is there, and of its column.
check_law <- function(law, entry) {
  numeric <- entry$kind == "numeric"
  stands <- if (numeric) law$value else law$members
  levels <- if (!numeric) unlist(law$members)
  stopifnot(
    rlang::is_bool(law$number), length(stands) == law$classes, numeric || !law$number, is.null(law$value) == !numeric,
    if (numeric) is.numeric(stands) else is.list(stands) && all(lengths(stands) > 0),
    is.null(levels) || all(levels %in% c(NA, seq_along(entry$levels)))
  )
}
