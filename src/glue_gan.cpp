// CTGAN (R/gen_ctgan.R): the model crosses as bytes.
#include <cmath>
#include <memory>

#include "core/base/require.h"
#include "core/generate/gan_training.h"
#include "glue_train.h"

using causalsynth::GanModel;

namespace {

std::vector<std::size_t> sizes(const Rcpp::List& from, const char* name) {
  const Rcpp::NumericVector x = from[name];
  return std::vector<std::size_t>(x.begin(), x.end());
}

causalsynth::GanOptions gan_options(const Rcpp::List& options) {
  causalsynth::GanOptions to;
  glue::OptionList reader(options);
  reader.read("generator", to.generator);
  reader.read("critic", to.critic);
  reader.read("noise", to.noise);
  reader.read("batch", to.batch);
  reader.read("pac", to.pac);
  reader.read("steps", to.steps);
  reader.read("critic_steps", to.critic_steps);
  reader.read("every", to.every);
  reader.read("rate_generator", to.rate_generator);
  reader.read("rate_critic", to.rate_critic);
  reader.read("decay", to.decay);
  reader.read("dropout", to.dropout);
  reader.read("penalty", to.penalty);
  reader.read("temperature", to.temperature);
  reader.read("average", to.average);
  reader.read("holdout", to.holdout);
  reader.read("anneal", to.anneal);
  reader.read("weights", to.weights);
  reader.read_key(to.key);
  reader.finish();
  to.validate();
  return to;
}

// A list a column: number, codes (from 0; NA: a number), values, classes or specials, low, high.
void read_columns(const Rcpp::List& columns, causalsynth::GanInput& input,
                  causalsynth::GanLayout& layout) {
  for (R_xlen_t j = 0; j < columns.size(); ++j) {
    const Rcpp::List one = columns[j];
    causalsynth::GanColumn column;
    column.number = Rcpp::as<bool>(one["number"]);
    column.classes = Rcpp::as<std::uint32_t>(one["classes"]);
    if (column.number) column.specials = column.classes;
    column.low = Rcpp::as<double>(one["low"]);
    column.high = Rcpp::as<double>(one["high"]);
    const Rcpp::IntegerVector codes = one["codes"];
    const Rcpp::NumericVector values = one["values"];
    causalsynth::require(static_cast<std::size_t>(codes.size()) == input.rows, "rows of a column");
    std::vector<std::uint32_t> code(input.rows);
    for (std::size_t i = 0; i < input.rows; ++i) {
      const bool number = codes[i] == NA_INTEGER;
      causalsynth::require(number ? column.number
                                  : codes[i] >= 0 &&
                                        static_cast<std::uint32_t>(codes[i]) < column.classes,
                           "a code of a column is out of range");
      code[i] = number ? causalsynth::kNumber : static_cast<std::uint32_t>(codes[i]);
    }
    input.codes.push_back(std::move(code));
    input.numbers.push_back(glue::view(values));  // R holds the vector as long as the list
    layout.columns.push_back(column);
  }
}

}  // namespace

// `options`: of the training; `mixture`: components, concentration. Returns the model as bytes,
// the trace, and what happened.
// [[Rcpp::export(rng = false)]]
Rcpp::List gan_fit(Rcpp::List columns, double rows, Rcpp::List options, Rcpp::List mixture,
                   Rcpp::List run) {
  const causalsynth::GanOptions settings = gan_options(options);
  causalsynth::MixtureOptions normals;
  glue::OptionList reader(mixture);
  reader.read("components", normals.components);
  reader.read("concentration", normals.concentration);
  reader.finish();
  GanModel model;
  causalsynth::GanInput input;
  input.rows = static_cast<std::size_t>(rows);
  read_columns(columns, input, model.layout);
  causalsynth::TrainWatch watch;
  causalsynth::GanResult result;
  const causalsynth::Execution execution = glue::watched(run, watch);
  causalsynth::train_watched(execution, watch, [&](const causalsynth::CancelFlag& cancel) {
    const causalsynth::GanRows encoded =
        causalsynth::encode_rows(input, normals, model.layout, settings, execution);
    causalsynth::GanTrainer trainer(model, encoded, settings);
    result = trainer.run(execution, watch, cancel);
  });
  Rcpp::NumericVector modes(columns.size());
  for (R_xlen_t j = 0; j < columns.size(); ++j)
    modes[j] = static_cast<double>(model.layout.columns[static_cast<std::size_t>(j)].modes.size());
  const auto& trace = result.trace;
  return Rcpp::List::create(
      Rcpp::_["model"] = glue::raw(model.pack()),
      Rcpp::_["trace"] = Rcpp::List::create(
          Rcpp::_["step"] = trace.step, Rcpp::_["critic"] = trace.critic,
          Rcpp::_["generator"] = trace.generator, Rcpp::_["penalty"] = trace.penalty,
          Rcpp::_["distance"] = trace.distance),
      Rcpp::_["steps"] = static_cast<double>(result.steps),
      Rcpp::_["best"] = static_cast<double>(result.best),
      Rcpp::_["rollbacks"] = static_cast<double>(result.rollbacks),
      Rcpp::_["stopped"] = result.stopped, Rcpp::_["diverged"] = result.diverged,
      Rcpp::_["modes"] = modes);
}

// n rows: `codes` a list of integers from 1 (0: a number), `numbers` a list. `given`: list of `at`
// (which of the choices, from 0; -1: none) and `codes` (from 0).
// [[Rcpp::export(rng = false)]]
Rcpp::List gan_draw(Rcpp::RawVector model, double n, Rcpp::NumericVector key, Rcpp::List given,
                    Rcpp::List run) {
  const GanModel opened = GanModel::unpack(glue::view(model));
  causalsynth::GanGiven known;
  known.at = static_cast<long>(Rcpp::as<double>(given["at"]));
  for (const std::size_t code : sizes(given, "codes"))
    known.codes.push_back(static_cast<std::uint32_t>(code));
  const causalsynth::GanDrawn drawn = opened.draw(static_cast<std::size_t>(n), glue::key(key),
                                                  known, glue::execution(run));
  const std::size_t count = opened.layout.columns.size();
  Rcpp::List codes(count), numbers(count);
  for (std::size_t c = 0; c < count; ++c) {
    Rcpp::IntegerVector code(Rcpp::no_init(static_cast<R_xlen_t>(n)));
    for (R_xlen_t i = 0; i < code.size(); ++i) {
      const std::uint32_t x = drawn.code[c][static_cast<std::size_t>(i)];
      code[i] = x == causalsynth::kNumber ? 0 : static_cast<int>(x) + 1;
    }
    codes[c] = code;
    if (opened.layout.columns[c].number)
      numbers[c] = Rcpp::NumericVector(drawn.number[c].begin(), drawn.number[c].end());
  }
  return Rcpp::List::create(Rcpp::_["codes"] = codes, Rcpp::_["numbers"] = numbers,
                            Rcpp::_["outside"] = static_cast<double>(drawn.outside));
}

// The layout of a packed model's bytes; an error if they are not one.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector gan_layout(Rcpp::RawVector model) {
  causalsynth::ByteLayout layout;
  GanModel::unpack(glue::view(model), &layout);
  return glue::raw(causalsynth::encode_layout(layout));
}

// What a packed model's columns are: list(number, classes (of numbers: beside the numbers)).
// [[Rcpp::export(rng = false)]]
Rcpp::List gan_columns(Rcpp::RawVector model) {
  const GanModel opened = GanModel::unpack(glue::view(model));
  Rcpp::LogicalVector number;
  Rcpp::NumericVector classes;
  for (const auto& column : opened.layout.columns) {
    number.push_back(column.number);
    classes.push_back(column.number ? column.specials : column.classes);
  }
  return Rcpp::List::create(Rcpp::_["number"] = number, Rcpp::_["classes"] = classes);
}

// The mixture of normals of one column: a matrix of mean, sd, weight.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix gan_mixture(Rcpp::NumericVector values, Rcpp::List mixture) {
  causalsynth::MixtureOptions normals;
  glue::OptionList reader(mixture);
  reader.read("components", normals.components);
  reader.read("concentration", normals.concentration);
  reader.finish();
  const auto found = causalsynth::variational_mixture(glue::view(values), {}, normals);
  Rcpp::NumericMatrix result(static_cast<int>(found.size()), 3);
  for (std::size_t k = 0; k < found.size(); ++k) {
    result(static_cast<int>(k), 0) = found[k].mean;
    result(static_cast<int>(k), 1) = found[k].sd;
    result(static_cast<int>(k), 2) = found[k].weight;
  }
  return result;
}
