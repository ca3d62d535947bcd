# The engine "causalsynth" of parsnip's rand_forest(), known to parsnip as soon as both packages are loaded.

# Once a session: parsnip keeps its engines when this package is unloaded.
add_parsnip_engine <- function() {
  if ("causalsynth" %in% parsnip::show_engines("rand_forest")$engine) return(invisible())
  for (mode in c("classification", "regression")) {
    parsnip::set_model_engine("rand_forest", mode, "causalsynth")
    parsnip::set_dependency("rand_forest", eng = "causalsynth", pkg = "causalsynth", mode = mode)
    parsnip::set_fit("rand_forest", mode, "causalsynth", parsnip_fit)
    parsnip::set_encoding("rand_forest", mode, "causalsynth", parsnip_encoding)
  }
  arguments <- c(mtry = "mtry", trees = "trees", min_n = "min_node_size")
  for (name in names(arguments)) {
    parsnip::set_model_arg("rand_forest", "causalsynth", name, arguments[[name]],
                           func = list(pkg = "dials", fun = name), has_submodel = FALSE)
  }
  parsnip::set_pred("rand_forest", "regression", "causalsynth", "numeric", parsnip_prediction("response"))
  parsnip::set_pred("rand_forest", "classification", "causalsynth", "class", parsnip_prediction("response"))
  parsnip::set_pred("rand_forest", "classification", "causalsynth", "prob",
                    parsnip_prediction("prob", function(x, object) as.data.frame(x)))
}

parsnip_fit <- list(
  interface = "data.frame", protect = c("x", "y", "weights"), func = c(pkg = "causalsynth", fun = "forest"),
  defaults = list()
)

# Factors stay factors.
parsnip_encoding <- list(
  predictor_indicators = "none", compute_intercept = FALSE, remove_intercept = FALSE, allow_sparse_x = FALSE
)

parsnip_prediction <- function(type, post = NULL) {
  list(pre = NULL, post = post, func = c(fun = "predict"),
       args = list(object = quote(object$fit), newdata = quote(new_data), type = type))
}
