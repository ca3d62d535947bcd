#include <algorithm>
#include <cmath>

#include "catch.h"
#include "core/forest/bootstrap.h"
#include "core/forest/forest.h"
#include "core/forest/importance.h"
#include "core/forest/jackknife.h"
#include "core/forest/kernel.h"
#include "core/forest/predict.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

// Numbers, a factor and missing values; y depends on the first and the last.
struct Study {
  std::vector<double> x1, x2, y;
  std::vector<int> level;
  explicit Study(std::size_t n) {
    Stream stream(6, StreamTag::test, n);
    for (std::size_t i = 0; i < n; ++i) {
      x1.push_back(stream.normal());
      x2.push_back(stream.uniform() < .2 ? std::nan("") : stream.normal());
      level.push_back(1 + static_cast<int>(stream.below(5)));
      y.push_back(10 + x1[i] + (level[i] == 2) + .2 * stream.normal());
    }
  }
  Frame frame() const {
    Frame result(x1.size());
    result.add(Column::numeric(x1));
    result.add(Column::numeric(x2));
    result.add(Column::factor(level, 5));
    return result;
  }
};

ForestOptions options(int trees, ImportanceKind kind = ImportanceKind::none) {
  ForestOptions result;
  result.trees = trees;
  result.key = 78;
  result.mtry = 2;
  result.importance = kind;
  return result;
}

ForestFit fit_of(const Study& study, const ForestOptions& o, int threads = 2) {
  Execution execution;
  execution.threads = threads;
  return fit_forest(study.frame(), {TargetKind::mean, study.y, 0}, o, execution);
}

// Predictions of one tree alone.
std::vector<double> tree_predictions(const Forest& forest, std::size_t t, const Frame& x) {
  Forest one = forest;
  one.trees = {forest.trees[t]};
  return predict_forest(one, x, Execution{});
}

template <class T>
void shuffle_left_out(std::vector<T>& x, const std::vector<std::uint32_t>& out, std::uint64_t key,
                      std::size_t column) {
  std::vector<std::uint32_t> from(out);
  Stream stream(key, StreamTag::importance, column);
  stream.shuffle(Span<std::uint32_t>(from));
  const std::vector<T> old(x);
  for (std::size_t i = 0; i < out.size(); ++i) x[out[i]] = old[from[i]];
}

}  // namespace

TEST_CASE("permutation importance: losses of left-out rows, tree by tree") {
  const Study study(150);
  const ForestFit fit = fit_of(study, options(12, ImportanceKind::permutation));
  const Bags bags(fit.forest.options, Sampling{}, 150);
  for (std::size_t column = 0; column < 3; ++column) {
    std::vector<double> differences;
    for (std::size_t t = 0; t < 12; ++t) {
      std::vector<std::uint32_t> counts, out;
      bags.draw(t, counts);
      for (std::uint32_t i = 0; i < 150; ++i)
        if (counts[i] == 0) out.push_back(i);
      const std::uint64_t key =
          derive_key(78, static_cast<std::uint64_t>(StreamTag::importance), t);
      Study changed = study;
      if (column == 0) shuffle_left_out(changed.x1, out, key, 0);
      if (column == 1) shuffle_left_out(changed.x2, out, key, 1);
      if (column == 2) shuffle_left_out(changed.level, out, key, 2);
      const auto before = tree_predictions(fit.forest, t, study.frame());
      const auto after = tree_predictions(fit.forest, t, changed.frame());
      double sum = 0;
      for (std::uint32_t i : out)
        sum += std::pow(after[i] - study.y[i], 2) - std::pow(before[i] - study.y[i], 2);
      differences.push_back(sum / static_cast<double>(out.size()));
    }
    double mean = 0, squares = 0;
    for (double d : differences) mean += d / 12;
    for (double d : differences) squares += (d - mean) * (d - mean);
    CHECK(fit.importance.value[column] == Approx(mean).epsilon(1e-9));
    CHECK(fit.importance.error[column] == Approx(std::sqrt(squares / 11 / 12)).epsilon(1e-9));
  }
  CHECK(fit.importance.value[0] > 5 * std::fabs(fit.importance.value[1]));
}

TEST_CASE("gains of splits add up to the fall of the mean squared deviation") {
  const Study study(200);
  ForestOptions o = options(5, ImportanceKind::impurity);
  o.replace = false;  // every tree sees all rows once
  const ForestFit fit = fit_of(study, o);
  double mean = 0, spread = 0, left = 0, sum = 0;
  for (double y : study.y) mean += y / 200;
  for (double y : study.y) spread += (y - mean) * (y - mean) / 200;
  for (std::size_t t = 0; t < 5; ++t) {
    const auto p = tree_predictions(fit.forest, t, study.frame());
    for (std::size_t i = 0; i < 200; ++i) left += std::pow(p[i] - study.y[i], 2) / 200 / 5;
  }
  for (double value : fit.importance.value) sum += value;
  CHECK(sum == Approx(spread - left).epsilon(1e-10));
}

TEST_CASE("importances: same bits for 1, 2 and 3 threads; no part in the forest") {
  const Study study(200);
  const auto plain = fit_of(study, options(20)).out_of_bag;
  for (auto kind :
       {ImportanceKind::impurity, ImportanceKind::permutation, ImportanceKind::corrected}) {
    ForestOptions o = options(20, kind);
    o.min_node_size = {5, 30};
    const ForestFit one = fit_of(study, o, 1), two = fit_of(study, o, 2),
                    three = fit_of(study, o, 3);
    CHECK(one.importance.value == two.importance.value);
    CHECK(one.importance.value == three.importance.value);
    CHECK(one.importance.error == three.importance.error);
    CHECK(one.importance.value.size() == 3);
    CHECK(fit_of(study, options(20, kind)).out_of_bag == plain);
  }
  CHECK(fit_of(study, options(20)).importance.value.empty());
}

TEST_CASE("copies are the columns with rows shuffled alike") {
  const Study study(100);
  const auto quantiser = Quantiser::learn(study.frame(), 255, Execution{});
  const CodedFrame data = quantiser.encode(study.frame(), Execution{});
  const CodedFrame doubled = with_shuffled_copies(data, 3);
  REQUIRE(doubled.columns.size() == 6);
  std::size_t moved = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    // The first column has no two equal codes: it tells where a row came from.
    std::size_t from = 0;
    while (data.columns[0][from] != doubled.columns[3][i]) ++from;
    moved += from != i;
    CHECK(doubled.columns[4][i] == data.columns[1][from]);
    CHECK(doubled.columns[5][i] == data.columns[2][from]);
    CHECK(doubled.columns[1][i] == data.columns[1][i]);
  }
  CHECK(moved > 80);
  CHECK((less_copies({5, 7, 1, 9}) == std::vector<double>{4, -2}));
}

TEST_CASE("kernel weights give the predictions, of new rows and out of bag") {
  const Study study(120), fresh(70);
  for (int trees : {2, 40}) {
    const ForestFit fit = fit_of(study, options(trees));
    const Frame rows = fresh.frame();
    const std::size_t most = 1u << 20;
    const auto predicted = predict_forest(fit.forest, rows, Execution{});
    const auto apply = [&](const KernelWeights& w, std::size_t n) {
      std::vector<double> sums(n, 0.0);
      for (std::size_t j = 0; j < 120; ++j)
        for (int p = w.starts[j]; p < w.starts[j + 1]; ++p) {
          sums[static_cast<std::size_t>(w.rows[p])] += w.values[p] * study.y[j];
          if (p > w.starts[j]) CHECK(w.rows[p] > w.rows[p - 1]);
        }
      return sums;
    };
    const auto own = apply(kernel_weights(fit.forest, study.frame(), nullptr, most, {}), 120);
    const auto other = apply(kernel_weights(fit.forest, study.frame(), &rows, most, {}), 70);
    for (std::size_t i = 0; i < 120; ++i) CHECK(own[i] == Approx(fit.out_of_bag[i]).epsilon(1e-12));
    for (std::size_t i = 0; i < 70; ++i) CHECK(other[i] == Approx(predicted[i]).epsilon(1e-12));
    CHECK_FALSE(kernel_weights(fit.forest, study.frame(), nullptr, 99, {}).complete);
  }
}

TEST_CASE("the infinitesimal jackknife by its formula") {
  const Study study(60), fresh(40);
  for (bool replace : {true, false}) {
    ForestOptions o = options(300);
    o.replace = replace;
    if (!replace) o.sample_fraction = .5;
    const ForestFit fit = fit_of(study, o);
    const auto counts = bag_counts(fit.forest, Execution{});
    Execution one, three;
    one.threads = 1, three.threads = 3;
    const auto found = jackknife_variance(fit.forest, fresh.frame(), one);
    CHECK(found == jackknife_variance(fit.forest, fresh.frame(), three));
    std::vector<std::vector<double>> values;
    for (std::size_t t = 0; t < 300; ++t)
      values.push_back(tree_predictions(fit.forest, t, fresh.frame()));
    for (std::size_t v = 0; v < 40; ++v) {
      double mean = 0, spread = 0, squares = 0, noise = 0;
      for (const auto& tree : values) mean += tree[v] / 300;
      for (const auto& tree : values) spread += (tree[v] - mean) * (tree[v] - mean) / 300;
      for (std::size_t i = 0; i < 60; ++i) {
        double covariance = 0, first = 0, second = 0;
        for (std::size_t t = 0; t < 300; ++t) {
          const double n = counts[t * 60 + i];
          covariance += n * (values[t][v] - mean) / 300;
          first += n / 300;
          second += n * n / 300;
        }
        squares += covariance * covariance;
        noise += second - first * first;
      }
      const double factor = replace ? 1.0 : 59.0 / 60.0 * 4.0;
      CHECK(found[v] ==
            Approx(factor * (squares - noise * spread / 300)).epsilon(1e-8).margin(1e-12));
    }
  }
}
