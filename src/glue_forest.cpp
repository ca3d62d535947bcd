#include "core/forest/forest.h"
#include "core/forest/pack.h"
#include "core/forest/predict.h"
#include "core/forest/several.h"
#include "glue_frame.h"
#include "glue_host.h"

using causalsynth::Forest;
using causalsynth::ForestFit;

namespace {

causalsynth::ImportanceKind importance_kind(const std::string& name) {
  using causalsynth::ImportanceKind;
  if (name == "none") return ImportanceKind::none;
  if (name == "impurity") return ImportanceKind::impurity;
  if (name == "permutation") return ImportanceKind::permutation;
  if (name == "corrected") return ImportanceKind::corrected;
  Rcpp::stop("internal: unknown importance '%s'", name);
}

causalsynth::ForestOptions forest_options(const Rcpp::List& list) {
  causalsynth::ForestOptions options;
  glue::OptionList reader(list);
  reader.read("trees", options.trees);
  reader.read("mtry", options.mtry);
  reader.read("min_node_size", options.min_node_size);
  reader.read("min_bucket", options.min_bucket);
  reader.read("max_depth", options.max_depth);
  reader.read("sample_fraction", options.sample_fraction);
  reader.read("replace", options.replace);
  reader.read("max_bins", options.max_bins);
  reader.read("out_of_bag", options.out_of_bag);
  reader.read("honest", options.honest);
  bool random = false;
  reader.read("random_cuts", random);
  if (random) options.split_rule = causalsynth::SplitRule::random;
  std::string importance = "none";
  reader.read("importance", importance);
  options.importance = importance_kind(importance);
  reader.read_key(options.key);
  reader.finish();
  return options;
}

// Borrows the memory of the values.
causalsynth::ForestTarget forest_target(const Rcpp::List& outcome) {
  causalsynth::require(TYPEOF(outcome["values"]) == REALSXP,  // a copy would not outlive this
                       "the outcome's values are no doubles");
  const Rcpp::NumericVector y = outcome["values"];
  const std::string kind = outcome["kind"];
  using causalsynth::TargetKind;
  return {kind == "binary" ? TargetKind::binary
                           : (kind == "mean" ? TargetKind::mean : TargetKind::classes),
          glue::view(y), static_cast<std::size_t>(Rcpp::as<int>(outcome["classes"]))};
}

causalsynth::Sampling forest_sampling(const Rcpp::List& sampling) {
  causalsynth::Sampling drawn;
  drawn.weights = Rcpp::as<std::vector<double>>(sampling["weights"]);
  drawn.clusters = Rcpp::as<std::vector<std::uint32_t>>(sampling["clusters"]);
  return drawn;
}

Rcpp::NumericMatrix by_row(const std::vector<double>& values, std::size_t width) {
  const std::size_t rows = width ? values.size() / width : 0;
  Rcpp::NumericMatrix result(static_cast<int>(rows), static_cast<int>(width));
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t k = 0; k < width; ++k) result(i, k) = values[i * width + k];
  return result;
}

}  // namespace

Forest forest_of(const Rcpp::RawVector& model) {
  causalsynth::ArchiveReader in(glue::view(model));
  Forest forest = causalsynth::unpack_forest(in);
  in.finish();
  return forest;
}

// `outcome`: values, kind ("binary", "mean" or "classes") and number of classes. `sampling`:
// weights and clusters (from 0), each perhaps empty. Returns the model (as bytes) and what the fit
// said.
// [[Rcpp::export(rng = false)]]
Rcpp::List forest_fit(Rcpp::List x, Rcpp::List outcome, Rcpp::List sampling, Rcpp::List options,
                      Rcpp::List run) {
  const causalsynth::ForestTarget target = forest_target(outcome);
  ForestFit fit = causalsynth::fit_forest(glue::frame(x, target.y.size()), target,
                                          forest_options(options), forest_sampling(sampling),
                                          glue::execution(run));
  const std::size_t width = fit.forest.width;
  const int node_size = fit.forest.options.min_node_size.front();
  double nodes = 0;
  for (const auto& tree : fit.forest.trees) nodes += static_cast<double>(tree.nodes.size());
  causalsynth::ArchiveWriter packed;
  causalsynth::pack(fit.forest, packed);
  return Rcpp::List::create(
      Rcpp::Named("model") = glue::raw(packed.bytes()),
      Rcpp::Named("oob") = by_row(fit.out_of_bag, width), Rcpp::Named("losses") = fit.losses,
      Rcpp::Named("min_node_size") = node_size, Rcpp::Named("nodes") = nodes,
      Rcpp::Named("extra_trees") = static_cast<int>(fit.forest.extra_trees.size()),
      Rcpp::Named("importance") = fit.importance.value,
      Rcpp::Named("importance_error") = fit.importance.error);
}

// `tasks`: lists of what forest_fit() takes, and `n_rows` encoded `rows` to predict.
// Returns of each the out-of-bag predictions, those of `rows`, and the node size.
// [[Rcpp::export(rng = false)]]
Rcpp::List forest_answers(Rcpp::List tasks, Rcpp::List run) {
  std::vector<causalsynth::ForestTask> work;
  for (R_xlen_t i = 0; i < tasks.size(); ++i) {
    const Rcpp::List task = tasks[i];
    const causalsynth::ForestTarget target = forest_target(task["outcome"]);
    const auto n_rows = static_cast<std::size_t>(Rcpp::as<double>(task["n_rows"]));
    work.push_back({glue::frame(task["x"], target.y.size()), target,
                    forest_options(task["options"]), forest_sampling(task["sampling"]),
                    n_rows ? glue::frame(task["rows"], n_rows) : causalsynth::Frame(0)});
  }
  const auto answers = causalsynth::run_forests(work, glue::execution(run));
  Rcpp::List result(tasks.size());
  for (std::size_t i = 0; i < answers.size(); ++i)
    result[i] = Rcpp::List::create(Rcpp::Named("oob") = answers[i].out_of_bag,
                                   Rcpp::Named("predicted") = answers[i].predicted,
                                   Rcpp::Named("min_node_size") = answers[i].min_node_size);
  return result;
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix forest_predict(Rcpp::RawVector model, Rcpp::List x, double rows,
                                   bool out_of_bag, Rcpp::List run) {
  const Forest forest = forest_of(model);
  const causalsynth::Frame frame = glue::frame(x, static_cast<std::size_t>(rows));
  const auto execution = glue::execution(run);
  return by_row(out_of_bag ? causalsynth::predict_out_of_bag(forest, frame, execution)
                           : causalsynth::predict_forest(forest, frame, execution),
                forest.width);
}

// [[Rcpp::export(rng = false)]]
Rcpp::IntegerMatrix forest_leaves(Rcpp::RawVector model, Rcpp::List x, double rows,
                                  Rcpp::List run) {
  const Forest forest = forest_of(model);
  const auto leaves = causalsynth::predict_leaves(
      forest, glue::frame(x, static_cast<std::size_t>(rows)), glue::execution(run));
  Rcpp::IntegerMatrix result(static_cast<int>(rows), static_cast<int>(forest.trees.size()));
  std::copy(leaves.begin(), leaves.end(), result.begin());
  return result;
}
