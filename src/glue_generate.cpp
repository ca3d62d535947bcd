// The generator crosses as bytes (core/base/archive.h).
#include "core/generate/conditional.h"
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

namespace {

// Columns of n numbers each, and where the core writes them.
struct DrawnColumns {
  std::vector<Rcpp::NumericVector> columns;
  std::vector<double*> out;
  DrawnColumns(std::size_t count, double n) {
    for (std::size_t j = 0; j < count; ++j) {
      columns.emplace_back(Rcpp::no_init(static_cast<R_xlen_t>(n)));
      out.push_back(columns.back().begin());
    }
  }
  // Numbers, or integer codes of factors; NA: missing. `levels` of each, -1 of numbers.
  Rcpp::List finish(const Rcpp::IntegerVector& levels) const {
    Rcpp::List result(columns.size());
    for (std::size_t j = 0; j < columns.size(); ++j) {
      Rcpp::NumericVector column = columns[j];
      if (levels[j] < 0) {
        for (double& value : column)
          if (std::isnan(value)) value = NA_REAL;
        column.attr("rounded") = true;  // as the blueprint wants: see decode_column()
        result[j] = column;
        continue;
      }
      Rcpp::IntegerVector codes(Rcpp::no_init(column.size()));
      for (R_xlen_t i = 0; i < column.size(); ++i) {
        causalsynth::require(column[i] <= levels[j], "the generator draws unknown levels");
        codes[i] = column[i] == 0.0 ? NA_INTEGER : static_cast<int>(column[i]);
      }
      result[j] = codes;
    }
    return result;
  }
};

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
  DrawnColumns drawn(generator.columns(), n);
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
  using Given = causalsynth::GivenColumn;
  std::vector<Given> fixed(generator.columns());
  std::vector<Rcpp::NumericVector> held;
  for (R_xlen_t j = 0; j < given.size(); ++j) {
    if (Rf_isNull(given[j])) continue;
    const Rcpp::List one = given[j];
    Given& to = fixed[j];
    if (one.containsElementNamed("value")) {
      held.push_back(Rcpp::as<Rcpp::NumericVector>(one["value"]));
      causalsynth::require(held.back().size() == static_cast<R_xlen_t>(n), "one value a row");
      to.kind = Given::Kind::value;
      to.value = glue::view(held.back());
    } else if (one.containsElementNamed("codes")) {
      to.kind = Given::Kind::codes;
      to.codes = Rcpp::as<std::vector<double>>(one["codes"]);
    } else {
      to.kind = Given::Kind::range;
      to.low = Rcpp::as<double>(one["low"]);
      to.high = Rcpp::as<double>(one["high"]);
    }
  }
  DrawnColumns drawn(generator.columns(), n);
  const std::size_t lost =
      causalsynth::draw_given(generator, fixed, glue::key(key), drawn.out,
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
