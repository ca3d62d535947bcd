// The row language model crosses as bytes (core/base/archive.h).
#include "core/generate/row_train.h"
#include "glue_columns.h"
#include "glue_frame.h"
#include "glue_train.h"

using causalsynth::RowLm;

namespace {

causalsynth::RowLmOptions read_options(const Rcpp::List& list) {
  causalsynth::RowLmOptions o;
  glue::OptionList reader(list);
  reader.read("width", o.shape.width);
  reader.read("heads", o.shape.heads);
  reader.read("layers", o.shape.layers);
  reader.read("hidden", o.shape.hidden);
  reader.read("bins", o.bins);
  reader.read("context", o.context);
  reader.read("epochs", o.epochs);
  reader.read("batch", o.batch);
  reader.read("patience", o.patience);
  reader.read("rate", o.rate);
  reader.read("weight_decay", o.weight_decay);
  reader.read("warmup", o.warmup);
  reader.read("smooth", o.smooth);
  reader.read("random_order", o.random_order);
  reader.read("holdout", o.holdout);
  reader.read("most_atoms", o.margins.most_atoms);
  reader.read("atom_share", o.margins.atom_share);
  reader.read("min_count", o.margins.min_count);
  reader.read("decimals", o.margins.decimals);
  reader.read("ordered", o.margins.ordered);
  reader.read("weights", o.margins.weights);
  reader.read_key(o.margins.key);
  reader.finish();
  return o;
}

RowLm opened(const Rcpp::List& model) {
  const Rcpp::RawVector bytes = model["bytes"];
  const Rcpp::IntegerVector levels = model["levels"];
  RowLm result = RowLm::unpack(glue::view(bytes));
  causalsynth::require(static_cast<std::size_t>(levels.size()) == result.codec().columns(),
                       "the generator has other columns than its blueprint");
  return result;
}

}  // namespace

// list(model, trace, best_epoch, rollbacks, held_rows, on_all, end, weights, protected).
// [[Rcpp::export(rng = false)]]
Rcpp::List row_lm_fit(Rcpp::List data, double rows, Rcpp::List options, Rcpp::List run) {
  causalsynth::TrainWatch watch;
  causalsynth::TrainReport report;
  const auto model =
      causalsynth::train_row_lm(glue::frame(data, static_cast<std::size_t>(rows)),
                                read_options(options), glue::watched(run, watch), watch, report);
  const auto count = static_cast<R_xlen_t>(report.trace.size());
  Rcpp::NumericVector epoch(count), train(count), held(count), distance(count);
  auto number = [](double x) { return std::isnan(x) ? NA_REAL : x; };
  for (R_xlen_t k = 0; k < count; ++k) {
    const auto& one = report.trace[static_cast<std::size_t>(k)];
    epoch[k] = one.epoch;
    train[k] = number(one.train);
    held[k] = number(one.held);
    distance[k] = number(one.distance);
  }
  static const char* const ends[] = {"finished", "no_gain", "too_close", "stopped", "diverged"};
  Rcpp::IntegerVector protect;
  for (const auto& margin : model->codec().margins())
    protect.push_back(static_cast<int>(margin.protected_values()));
  return Rcpp::List::create(
      Rcpp::_["model"] = glue::raw(model->pack()),
      Rcpp::_["trace"] = Rcpp::DataFrame::create(
          Rcpp::_["epoch"] = epoch, Rcpp::_["train"] = train, Rcpp::_["held_out"] = held,
          Rcpp::_["distance"] = distance),
      Rcpp::_["best_epoch"] = report.best_epoch,
      Rcpp::_["rollbacks"] = static_cast<double>(report.rollbacks),
      Rcpp::_["held_rows"] = static_cast<double>(report.held_rows),
      Rcpp::_["on_all"] = report.on_all, Rcpp::_["end"] = ends[static_cast<int>(report.end)],
      Rcpp::_["weights"] = static_cast<double>(model->network().parameters().size()),
      Rcpp::_["protected"] = protect);
}

// Rows of the model (bytes, levels, temperature, top_p), given some columns (glue_columns.h; an
// empty list: none). `fill`: never draw "missing". list(columns, lost).
// [[Rcpp::export(rng = false)]]
Rcpp::List row_lm_draw(Rcpp::List model, double n, Rcpp::NumericVector key, Rcpp::List given,
                       Rcpp::List run) {
  const RowLm lm = opened(model);
  causalsynth::DrawOptions options;
  options.temperature = Rcpp::as<double>(model["temperature"]);
  options.top_p = Rcpp::as<double>(model["top_p"]);
  const glue::GivenColumns fixed(given, n);
  causalsynth::RowRequest request;
  request.rows = static_cast<std::size_t>(n);
  request.given = fixed.columns;
  request.fill_missing = Rcpp::as<bool>(model["fill"]);
  glue::DrawnColumns drawn(lm.codec().columns(), n);
  const std::size_t lost =
      lm.draw(request, options, glue::key(key), drawn.out, glue::execution(run));
  return Rcpp::List::create(
      Rcpp::_["columns"] = drawn.finish(Rcpp::as<Rcpp::IntegerVector>(model["levels"])),
      Rcpp::_["lost"] = static_cast<double>(lost));
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector row_lm_log_prob(Rcpp::List model, Rcpp::List data, double orders,
                                    Rcpp::NumericVector key, Rcpp::List run) {
  const RowLm lm = opened(model);
  const auto rows = static_cast<std::size_t>(Rcpp::as<double>(data["rows"]));
  Rcpp::NumericVector result(static_cast<R_xlen_t>(rows));
  lm.log_prob(glue::frame(data, rows), static_cast<std::size_t>(orders), glue::key(key),
              glue::writable(result), glue::execution(run));
  return result;
}

// The layout of a packed model's bytes; an error if they are not one.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector row_lm_layout(Rcpp::RawVector model) {
  causalsynth::ByteLayout layout;
  RowLm::unpack(glue::view(model), &layout);
  return glue::raw(causalsynth::encode_layout(layout));
}
