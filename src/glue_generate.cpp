// The generator crosses as bytes (core/base/archive.h).
#include "core/generate/sequential.h"
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
  Rcpp::NumericVector key;
  reader.read("key", key);
  settings.key = glue::key(key);
  reader.finish();
  return glue::raw(SequentialGenerator::fit(glue::frame(data, static_cast<std::size_t>(rows)),
                                            settings, glue::execution(run))
                       .pack());
}

// Columns of n rows: numbers, or codes of factors (NA: missing). `levels` of each, -1 of numbers.
// [[Rcpp::export(rng = false)]]
Rcpp::List sequential_draw(Rcpp::RawVector model, double n, Rcpp::NumericVector key,
                           Rcpp::IntegerVector levels, Rcpp::List run) {
  const SequentialGenerator generator = SequentialGenerator::unpack(glue::view(model));
  causalsynth::require(static_cast<std::size_t>(levels.size()) == generator.columns(),
                       "the generator has other columns than its blueprint");
  std::vector<Rcpp::NumericVector> columns;
  std::vector<double*> out;
  for (std::size_t j = 0; j < generator.columns(); ++j) {
    columns.emplace_back(static_cast<R_xlen_t>(n));
    out.push_back(columns.back().begin());
  }
  generator.draw(static_cast<std::size_t>(n), glue::key(key), out, glue::execution(run));
  Rcpp::List result(columns.size());
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const bool factor = levels[j] >= 0;
    for (double& value : columns[j]) {
      causalsynth::require(!factor || value <= levels[j], "the generator draws unknown levels");
      if (factor ? value == 0.0 : std::isnan(value)) value = NA_REAL;
    }
    result[j] = columns[j];
  }
  return result;
}
