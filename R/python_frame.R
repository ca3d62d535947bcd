# Tables on their way to Python and back: numbers and text only, and without missing values where the package takes
# none.

# How each column travels: list(discrete = names of discrete columns in Python, columns = list of (kind, lost, level,
# flag, fill)). `flag` is the further column that says where a number was missing.
python_codebook <- function(data, model) {
  whole <- model != "great"
  taken <- names(data)
  columns <- list()
  for (name in names(data)) {
    x <- data[[name]]
    kind <- if (is.factor(x) || is.character(x)) "text" else if (is.logical(x)) "flag" else "number"
    entry <- list(kind = kind)
    if (whole && anyNA(x)) {
      if (kind == "number") {
        entry$flag <- utils::tail(make.unique(c(taken, paste0(name, "_missing")), "_"), 1)
        taken <- c(taken, entry$flag)
        entry$fill <- if (all(is.na(x))) 0 else mean(as.numeric(x), na.rm = TRUE)
      } else {
        entry$level <- utils::tail(make.unique(c(unique(as.character(x[!is.na(x)])), "missing"), "_"), 1)
      }
    }
    columns[[name]] <- entry
  }
  discrete <- unlist(lapply(names(columns), function(name) {
    c(if (columns[[name]]$kind != "number") name, columns[[name]]$flag)
  }))
  list(discrete = as.character(discrete), columns = columns)
}

# The data as a pandas DataFrame.
python_frame <- function(data, codebook) {
  columns <- list()
  for (name in names(data)) {
    x <- data[[name]]
    entry <- codebook$columns[[name]]
    if (entry$kind == "number") {
      values <- if (is.integer(x)) as.integer(x) else as.numeric(x)
      if (!is.null(entry$flag)) {
        columns[[entry$flag]] <- as.list(ifelse(is.na(values), "yes", "no"))
        values <- replace(as.numeric(values), is.na(values), entry$fill)
      }
    } else {
      values <- as.character(x)
      if (!is.null(entry$level)) values[is.na(values)] <- entry$level
    }
    cells <- as.list(values)
    if (anyNA(values)) cells[is.na(values)] <- list(NULL)
    columns[[name]] <- cells
  }
  order <- c(names(data), setdiff(names(columns), names(data)))
  reticulate::import("pandas", convert = FALSE)$DataFrame(reticulate::r_to_py(columns[order]))
}

# A DataFrame as a data frame with missing values where the codebook says so.
python_rows <- function(made, codebook) {
  cells <- reticulate::py_to_r(made$to_dict("list"))
  if (!is.list(cells) || is.null(names(cells))) stop("it is no DataFrame")
  columns <- lapply(cells, plain_cells)
  for (name in intersect(names(codebook$columns), names(columns))) {
    entry <- codebook$columns[[name]]
    if (!is.null(entry$flag)) {
      columns[[name]][columns[[entry$flag]] %in% "yes"] <- NA
      columns[[entry$flag]] <- NULL
    }
    if (!is.null(entry$level)) columns[[name]][columns[[name]] %in% entry$level] <- NA
  }
  sizes <- unique(lengths(columns))
  if (length(sizes) != 1) stop("its columns differ in length")
  structure(columns, class = "data.frame", row.names = .set_row_names(sizes))
}

# One column: None and NaN as NA; text where any value is text.
plain_cells <- function(x) {
  if (is.atomic(x) && is.null(dim(x))) return(replace(as.vector(x), is_lost_number(x), NA))
  x <- lapply(x, function(v) if (is.null(v) || length(v) != 1 || is_lost_number(v)) NA else v)
  unlist(lapply(x, function(v) if (is.numeric(v)) as.numeric(v) else v))
}

is_lost_number <- function(x) is.numeric(x) & is.na(x)

# What rows of Python are cleaned against: as for a chat's, with every level that occurs, and dates as numbers.
python_reference <- function(data, range) chat_reference(data, range, 1)

# The first n rows of several parts, in the reference's types and class.
bind_rows <- function(parts, reference, n) {
  columns <- lapply(names(reference), function(name) {
    joined <- unlist(lapply(parts, function(part) as.vector(unclass(part[[name]]))))[seq_len(n)]
    attributes(joined) <- attributes(reference[[name]])
    joined
  })
  as_rows(columns, row_template(reference))
}
