# What other packages must be told when this one is loaded.
.onLoad <- function(libname, pkgname) {
  name_effects_to_marginaleffects()
  if (isNamespaceLoaded("parsnip")) add_parsnip_engine()
  setHook(packageEvent("parsnip", "onLoad"), function(...) add_parsnip_engine())
}

# Nothing of rlang is imported: it and cli, a quarter of a second, are loaded by the first call that needs them.
`%||%` <- function(x, y) if (is.null(x)) y else x

# The pronoun of ggplot2's aesthetics.
utils::globalVariables(".data")
