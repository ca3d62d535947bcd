# A model through a file and back.
through_file <- function(x, ...) {
  file <- withr::local_tempfile()
  write_model(x, file, ...)
  read_model(file)
}

file_bytes <- function(x, ...) {
  file <- withr::local_tempfile()
  write_model(x, file, ...)
  readBin(file, "raw", file.size(file))
}

read_bytes <- function(bytes, ...) {
  file <- withr::local_tempfile()
  writeBin(bytes, file)
  read_model(file, ...)
}

# The file of a model with some of its sections changed, checksums right: `change` gets and returns the named list of
# inflated sections.
altered_file <- function(x, change, kind = NULL) {
  found <- container_read(file_bytes(x))
  sections <- change(lapply(setNames(nm = names(found$sections)), section_reader(found$sections, 1e9, "", NULL)))
  container_write(kind %||% found$kind, "test 1", lapply(sections, pack_bytes))
}

# The encoded object as a hostile program might write it: any function may be called.
hostile_object <- function(x) model_encode(x, c("system", "~", "list", "+"), function(...) list())$object

small_forest <- function(...) {
  i <- 1:60
  x <- data.frame(a = sin(i), b = cos(3 * i), g = factor(letters[1 + i %% 3]))
  forest(x, sin(i) + (i %% 3), trees = 5, seed = 1, ...)
}
