# How a case is run. A step is one call of an exported function: it returns a sound object or fails with an error of
# the package's classes; its arguments and R's random numbers are afterwards what they were. Whatever else happens is
# a finding.

case_state <- new.env()

finding <- function(what, where = case_state$step) {
  case_state$findings <- rbind(case_state$findings, data.frame(
    seed = case_state$seed, property = case_state$property, fun = where, what = substr(gsub("[\r\n\t]+", " ", what),
        1, 300)
  ))
  invisible()
}

claim <- function(holds, what) if (!isTRUE(holds)) finding(paste("not so:", what))

# What of an object must not change: all but environments and what hangs on them.
content <- function(x) {
  if (is.environment(x) || typeof(x) %in% c("externalptr", "weakref")) return(typeof(x))
  if (is.function(x)) return(deparse(args(x)))
  if (is.language(x)) return(deparse(x))
  if (is.list(x)) {
    inner <- lapply(unclass(x), content)
    return(list(inner, lapply(attributes(x)[setdiff(names(attributes(x)), c(".Environment", "names"))], content)))
  }
  if (is.null(attributes(x))) x else list(as.vector(x), lapply(attributes(x), content))
}

# Where a NaN hides in what was returned: its path, or NULL.
find_nan <- function(x, path = "value", depth = 0) {
  if (depth > 8) return(NULL)
  if (is.numeric(x)) return(if (any(is.nan(x))) path)
  if (!is.list(x)) return(NULL)
  # ggplots hold environments and defaults of their own.
  if (inherits(x, "ggplot")) return(NULL)
  x <- unclass(x)
  for (i in seq_along(x)) {
    name <- names(x)[i]
    found <- find_nan(x[[i]], paste0(path, "$", if (is.null(name)) i else name), depth + 1)
    if (!is.null(found)) return(found)
  }
  NULL
}

refuse <- function() rlang::abort("refused", class = "property_refused")

is_ours <- function(e) inherits(e, "causalsynth_error")

guarded <- function(code, shown = FALSE) {
  withCallingHandlers(
    tryCatch(code, error = function(e) {
      if (inherits(e, "property_refused")) stop(e)
      if (!is_ours(e) || shown) {
        finding(sprintf("error of class %s: %s", class(e)[1], conditionMessage(e)))
      } else if (!nzchar(conditionMessage(e))) finding("an error without a message")
      case_state$refused <- case_state$refused + 1
      refuse()
    }),
    warning = function(w) {
      if (!inherits(w, "rlang_warning")) finding(paste("warning:", conditionMessage(w)))
      case_state$warned <- TRUE
      invokeRestart("muffleWarning")
    },
    message = function(m) invokeRestart("muffleMessage")
  )
}

generator_state <- function() get0(".Random.seed", globalenv(), inherits = FALSE)

step <- function(fun, ...) {
  args <- rlang::list2(...)
  outer <- case_state$step
  case_state$step <- fun
  case_state$calls <- c(case_state$calls, fun)
  before <- rlang::hash(content(args))
  fixed <- !is.null(args$seed)
  look <- chance(.2)
  random <- generator_state()
  on.exit({
    if (!identical(rlang::hash(content(args)), before)) finding("an argument was changed", fun)
    if (fixed && !identical(generator_state(), random)) finding("R's random numbers were moved", fun)
    if (!fixed) assign(".Random.seed", random, globalenv())
    case_state$step <- outer
  })
  frame <- new.env(parent = asNamespace("causalsynth"))
  inputs <- sprintf("input%d", seq_along(args))
  for (i in seq_along(args)) assign(inputs[i], args[[i]], frame)
  call <- as.call(c(as.name(fun), stats::setNames(lapply(inputs, as.name), names(args))))
  case_state$warned <- FALSE
  value <- guarded(eval(call, frame))
  case_state$returned <- case_state$returned + 1
  inspect(value, args, look)
  value
}

# A returned object can be shown, and no number of it is NaN unless one was given.
inspect <- function(value, args, look) {
  if (is.null(find_nan(args))) {
    path <- find_nan(value)
    if (!is.null(path)) finding(paste("NaN in", path))
  }
  if (inherits(value, "ggplot") || !is.object(value) || is.data.frame(value) && !inherits(value,
      "causalsynth_pool")) return(invisible())
  if (!look) return(invisible())
  classes <- class(value)
  text <- guarded(utils::capture.output(print(value)), shown = TRUE)
  if (!length(text)) finding("print() shows nothing")
  if (any(grepl("\\bNaN\\b", text)) && is.null(find_nan(args))) finding("print() shows NaN")
  # A mechanism's summary runs its user's functions, which may be wrong.
  guarded(utils::capture.output(print(summary(value))), shown = !inherits(value, "causalsynth_dgp"))
  for (see in c("tidy", "glance")) {
    known <- any(!vapply(classes, function(cl) is.null(utils::getS3method(see, cl, TRUE, asNamespace("causalsynth"))),
                         NA))
    if (known && any(grepl("^(causalsynth|fitted)_", classes))) {
      table <- guarded(get(see, asNamespace("causalsynth"))(value), shown = TRUE)
      if (!is.data.frame(table)) finding(paste0(see, "() is no data frame"))
      if (!is.null(find_nan(table)) && is.null(find_nan(args))) finding(paste0("NaN in ", see, "()"))
    }
  }
}

# Runs the case of a seed; `properties` is the named list of properties.R. Returns its findings and its counts.
run_case <- function(seed, properties, property = NULL, limit = 120) {
  set.seed(seed, "Mersenne-Twister", "Inversion", "Rejection")
  if (is.null(property)) {
    weights <- vapply(properties, function(p) p$weight, 1)
    property <- sample(names(properties), 1, prob = weights)
  }
  case_state$seed <- seed
  case_state$property <- property
  case_state$findings <- NULL
  case_state$calls <- character()
  case_state$refused <- case_state$returned <- 0
  case_state$step <- property
  began <- sum(proc.time()[1:2])
  setTimeLimit(cpu = limit, transient = TRUE)
  tryCatch(withCallingHandlers(properties[[property]]$run(), warning = function(w) invokeRestart("muffleWarning")),
           property_refused = function(e) NULL, error = function(e) {
             finding(paste("the property itself failed:", conditionMessage(e)))
           })
  setTimeLimit()
  list(seed = seed, property = property, calls = case_state$calls, returned = case_state$returned,
       refused = case_state$refused, findings = case_state$findings, seconds = sum(proc.time()[1:2]) - began)
}
