// The generator crosses as bytes (core/base/archive.h).
#include "core/generate/conditional.h"
#include "core/generate/sequential.h"
#include "glue_columns.h"
#include "glue_frame.h"
#include "glue_host.h"

using causalsynth::SequentialGenerator;

// [[Rcpp::export(rng = false)]]
Rcpp::RawVector sequential_fit(Rcpp::List data, double rows, Rcpp::List options, Rcpp::List run) {
  causalsynth::GeneratorOptions settings;
  glue::OptionList reader(options);
  reader.read("trees", settings.trees);
  reader.read("min_node_size", settings.min_node_size);
  reader.read("most_atoms", settings.most_atoms);
  reader.read("atom_share", settings.atom_share);
  reader.read("min_count", settings.min_count);
  reader.read("decimals", settings.decimals);
  reader.read("ordered", settings.ordered);
  reader.read("weights", settings.weights);
  reader.read_key(settings.key);
  reader.finish();
  return glue::raw(SequentialGenerator::fit(glue::frame(data, static_cast<std::size_t>(rows)),
                                            settings, glue::execution(run))
                       .pack());
}

namespace {

SequentialGenerator opened(const Rcpp::RawVector& model, const Rcpp::IntegerVector& levels) {
  SequentialGenerator generator = SequentialGenerator::unpack(glue::view(model));
  causalsynth::require(static_cast<std::size_t>(levels.size()) == generator.columns(),
                       "the generator has other columns than its blueprint");
  return generator;
}

}  // namespace

// Columns of n rows in the order of the chain, of which `levels` are.
// [[Rcpp::export(rng = false)]]
Rcpp::List sequential_draw(Rcpp::RawVector model, double n, Rcpp::NumericVector key,
                           Rcpp::IntegerVector levels, Rcpp::List run) {
  const SequentialGenerator generator = opened(model, levels);
  glue::DrawnColumns drawn(generator.columns(), n);
  generator.draw(static_cast<std::size_t>(n), glue::key(key), drawn.out, glue::execution(run));
  return drawn.finish(levels);
}

// The same given some columns: `given` has an entry a column, NULL or a list of `value`, `low` and
// `high`, or `codes`. list(columns, lost): rows that no candidate could meet.
// [[Rcpp::export(rng = false)]]
Rcpp::List sequential_draw_given(Rcpp::List model, double n, Rcpp::NumericVector key,
                                 Rcpp::List given, Rcpp::List run) {
  const Rcpp::IntegerVector levels = model["levels"];
  const SequentialGenerator generator = opened(model["bytes"], levels);
  causalsynth::require(given.size() == levels.size(), "one entry a column");
  const glue::GivenColumns fixed(given, n);
  glue::DrawnColumns drawn(generator.columns(), n);
  const std::size_t lost =
      causalsynth::draw_given(generator, fixed.columns, glue::key(key), drawn.out,
                              static_cast<std::size_t>(n), glue::execution(run));
  return Rcpp::List::create(Rcpp::_["columns"] = drawn.finish(levels),
                            Rcpp::_["lost"] = static_cast<double>(lost));
}

// Of each law in the order of the chain: weights of the forest among the classes' and the numbers'
// components (NA: no numbers), and the levels that are protected.
// [[Rcpp::export(rng = false)]]
Rcpp::DataFrame sequential_laws(Rcpp::RawVector model) {
  const SequentialGenerator generator = SequentialGenerator::unpack(glue::view(model));
  const auto count = static_cast<R_xlen_t>(generator.columns());
  Rcpp::NumericVector classes(count), numbers(count);
  Rcpp::IntegerVector protect(count);
  for (R_xlen_t j = 0; j < count; ++j) {
    const auto& margin = generator.margins()[j];
    classes[j] = generator.law(j).classes.forest_weight();
    numbers[j] = margin.continuous() ? 1.0 - generator.law(j).numbers.linear_weight() : NA_REAL;
    protect[j] = static_cast<int>(margin.protected_values());
  }
  return Rcpp::DataFrame::create(Rcpp::_["class_forest"] = classes,
                                 Rcpp::_["number_forest"] = numbers,
                                 Rcpp::_["protected"] = protect);
}
