# What other packages must be told when this one is loaded.
.onLoad <- function(libname, pkgname) {
  name_effects_to_marginaleffects()
  if (isNamespaceLoaded("parsnip")) add_parsnip_engine()
  setHook(packageEvent("parsnip", "onLoad"), function(...) add_parsnip_engine())
}
