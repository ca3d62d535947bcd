# The seed's rows, kept for report() in this session's memory alone. A hybrid carries an empty environment as a token;
# the rows live as long as it does, behind a weak reference, which neither saveRDS() nor write_model() nor a worker's
# copy of the hybrid takes along.

seed_memory <- new.env(parent = emptyenv())
seed_memory$references <- list()

# A token for `rows`. References whose hybrid is gone are forgotten on the way.
remember_seed <- function(rows) {
  token <- new.env(parent = emptyenv())
  alive <- Filter(function(reference) !is.null(rlang::wref_key(reference)), seed_memory$references)
  seed_memory$references <- c(alive, rlang::new_weakref(token, rows))
  token
}

# The rows that the hybrid was fitted on, or NULL where it came from a file or another session.
recall_seed <- function(hybrid) {
  if (!is.environment(hybrid$token)) return(NULL)
  for (reference in seed_memory$references) {
    if (identical(rlang::wref_key(reference), hybrid$token)) return(rlang::wref_value(reference))
  }
  NULL
}
