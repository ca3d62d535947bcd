#include <algorithm>
#include <cmath>

#include "catch.h"
#include "core/forest/bootstrap.h"
#include "core/forest/forest.h"
#include "core/forest/pack.h"
#include "core/forest/predict.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

// Numbers, a factor of five levels and missing values; y depends on all of them.
struct Study {
  std::vector<double> x1, x2, y, label;
  std::vector<int> level;
  explicit Study(std::size_t n) {
    Stream stream(5, StreamTag::test, n);
    for (std::size_t i = 0; i < n; ++i) {
      x1.push_back(stream.normal());
      x2.push_back(stream.uniform() < .2 ? std::nan("") : stream.normal());
      level.push_back(1 + static_cast<int>(stream.below(5)));
      const double mean =
          x1[i] + (std::isnan(x2[i]) ? 2.0 : 0.0) + (level[i] == 2 || level[i] == 5);
      y.push_back(mean + .2 * stream.normal());
      label.push_back(static_cast<double>(mean > 0) + (mean > 1.5));
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

ForestOptions options(int trees) {
  ForestOptions result;
  result.trees = trees;
  result.key = 77;
  result.mtry = 2;
  return result;
}

double error(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

}  // namespace

TEST_CASE("a regression forest learns numbers, factors and missing values") {
  const Study study(2000), fresh(1000);
  const ForestFit fit =
      fit_forest(study.frame(), {TargetKind::mean, study.y, 0}, options(50), Execution{});
  CHECK(error(fit.out_of_bag, study.y) < .15);
  CHECK(error(predict_forest(fit.forest, fresh.frame(), Execution{}), fresh.y) < .15);
  CHECK(fit.losses[0] == Approx(error(fit.out_of_bag, study.y)));
}

TEST_CASE("missing is not the smallest value") {
  std::vector<double> x(300), y(300);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = i % 3 ? static_cast<double>(i % 3) : std::nan("");
    y[i] = i % 3 == 0;
  }
  Frame frame(x.size());
  frame.add(Column::numeric(x));
  ForestOptions single = options(20);
  single.mtry = 1;
  const ForestFit fit = fit_forest(frame, {TargetKind::mean, y, 0}, single, Execution{});
  CHECK(error(fit.out_of_bag, y) < .01);
}

TEST_CASE("same bits for 1, 2 and 3 threads") {
  const Study study(500);
  for (TargetKind kind : {TargetKind::mean, TargetKind::classes}) {
    const ForestTarget target{kind, kind == TargetKind::mean ? study.y : study.label, 3};
    Execution one, two, three;
    one.threads = 1, two.threads = 2, three.threads = 3;
    ForestOptions several = options(30);
    several.min_node_size = {2, 10, 40};
    const ForestFit a = fit_forest(study.frame(), target, several, one);
    for (const Execution& other : {two, three}) {
      const ForestFit b = fit_forest(study.frame(), target, several, other);
      CHECK(a.out_of_bag == b.out_of_bag);
      CHECK(a.losses == b.losses);
      CHECK(predict_forest(a.forest, study.frame(), one) ==
            predict_forest(b.forest, study.frame(), other));
    }
  }
}

TEST_CASE("binary and two-class forests agree") {
  const Study study(400);
  std::vector<double> binary(study.label);
  for (double& value : binary) value = value > 0;
  const ForestFit a =
      fit_forest(study.frame(), {TargetKind::binary, binary, 0}, options(20), Execution{});
  const ForestFit b =
      fit_forest(study.frame(), {TargetKind::classes, binary, 2}, options(20), Execution{});
  // Factors may be ordered by the other class, which changes ties but not the quality.
  CHECK(error(a.out_of_bag, binary) == Approx(b.losses[0] / 2).epsilon(.1));
}

TEST_CASE("a chosen node size gives the forest that would have been grown with it") {
  const Study study(600);
  ForestOptions several = options(20);
  several.min_node_size = {3, 150};
  const ForestFit both =
      fit_forest(study.frame(), {TargetKind::mean, study.y, 0}, several, Execution{});
  REQUIRE(both.forest.options.min_node_size[0] == 3);
  several.min_node_size = {3};
  const ForestFit alone =
      fit_forest(study.frame(), {TargetKind::mean, study.y, 0}, several, Execution{});
  CHECK(both.out_of_bag == alone.out_of_bag);
}

TEST_CASE("where noise is all there is, the largest node size wins and trees are cut back to it") {
  const Study study(300);
  Stream stream(3, StreamTag::test, 1);
  std::vector<double> noise;
  for (std::size_t i = 0; i < 300; ++i) noise.push_back(stream.normal());
  ForestOptions several = options(20);
  several.min_node_size = {2, 1000};
  const ForestFit fit =
      fit_forest(study.frame(), {TargetKind::mean, noise, 0}, several, Execution{});
  REQUIRE(fit.forest.options.min_node_size[0] == 1000);
  std::vector<std::uint32_t> counts(300);
  for (std::size_t t = 0; t < 20; ++t) {
    Bags(several, {}, 300).draw(t, counts);
    double mean = 0;
    for (std::size_t i = 0; i < 300; ++i) mean += counts[i] * noise[i] / 300;
    CHECK(fit.forest.trees[t].nodes.size() == 1);
    CHECK(fit.forest.trees[t].values[0] == Approx(mean));
  }
}

TEST_CASE("bags: counts, sizes, and no repetition without replacement") {
  ForestOptions o = options(1);
  std::vector<std::uint32_t> counts(1000);
  Bags(o, {}, 1000).draw(3, counts);
  std::uint32_t total = 0;
  for (auto c : counts) total += c;
  CHECK(total == 1000);
  o.replace = false;
  o.sample_fraction = .632;
  Bags(o, {}, 1000).draw(3, counts);
  total = 0;
  for (auto c : counts) {
    CHECK(c <= 1);
    total += c;
  }
  CHECK(total == 632);
}

TEST_CASE("out-of-bag prediction afterwards equals that of the fit, extra trees included") {
  const Study study(200);
  for (int trees : {1, 3, 40}) {
    const ForestFit fit =
        fit_forest(study.frame(), {TargetKind::mean, study.y, 0}, options(trees), Execution{});
    const auto again = predict_out_of_bag(fit.forest, study.frame(), Execution{});
    for (std::size_t i = 0; i < 200; ++i)
      CHECK(again[i] == Approx(fit.out_of_bag[i]).epsilon(1e-9));
  }
}

TEST_CASE("wrong options are refused") {
  const Study study(20);
  ForestOptions o = options(0);
  const ForestTarget target{TargetKind::mean, study.y, 0};
  CHECK_THROWS_AS(fit_forest(study.frame(), target, o, Execution{}), std::invalid_argument);
  o = options(1);
  o.mtry = 9;
  CHECK_THROWS_AS(fit_forest(study.frame(), target, o, Execution{}), std::invalid_argument);
  o = options(1);
  o.min_node_size = {5, 5};
  CHECK_THROWS_AS(fit_forest(study.frame(), target, o, Execution{}), std::invalid_argument);
}

TEST_CASE("a packed forest comes back, and not with a share of rows that is none") {
  const Study study(50);
  Forest forest =
      fit_forest(study.frame(), {TargetKind::mean, study.y, 0}, options(3), Execution{}).forest;
  const auto read = [&] {
    ArchiveWriter out;
    pack(forest, out);
    ArchiveReader in(out.bytes());
    return unpack_forest(in);
  };
  CHECK(predict_forest(read(), study.frame(), Execution{}) ==
        predict_forest(forest, study.frame(), Execution{}));
  for (double share : {0.0, -1.0, 1.5, 1e244, std::nan("")}) {
    forest.options.sample_fraction = share;
    CHECK_THROWS(read());
  }
}

TEST_CASE("bags by weight: shares of draws are the weights, with and without replacement") {
  Sampling sampling;
  sampling.weights = {0.0, 1.0, 2.0, 5.0};
  ForestOptions o = options(1);
  std::vector<std::uint32_t> counts;
  std::vector<double> total(4, 0.0);
  for (std::size_t t = 0; t < 5000; ++t) {
    Bags(o, sampling, 4).draw(t, counts);
    for (int i = 0; i < 4; ++i) total[i] += counts[i] / 20000.0;
  }
  for (int i = 0; i < 4; ++i) CHECK(total[i] == Approx(sampling.weights[i] / 8).margin(.01));
  CHECK(total[0] == 0.0);
  o.replace = false;
  o.sample_fraction = .25;  // one draw
  std::fill(total.begin(), total.end(), 0.0);
  for (std::size_t t = 0; t < 5000; ++t) {
    Bags(o, sampling, 4).draw(t, counts);
    for (int i = 0; i < 4; ++i) total[i] += counts[i] / 5000.0;
  }
  for (int i = 0; i < 4; ++i) CHECK(total[i] == Approx(sampling.weights[i] / 8).margin(.03));
  o.sample_fraction = 1.0;
  CHECK_THROWS_AS(Bags(o, sampling, 4), std::invalid_argument);
}

TEST_CASE("bags of clusters: all rows of a cluster have its count; honest halves share none") {
  Sampling sampling;
  for (std::uint32_t i = 0; i < 90; ++i) sampling.clusters.push_back(i % 30);
  const Bags bags(options(1), sampling, 90);
  CHECK(bags.draws() == 30);
  CHECK(bags.most_weight() == 90);
  std::vector<std::uint32_t> counts, aside;
  for (std::size_t t = 0; t < 20; ++t) {
    bags.draw(t, counts);
    std::uint32_t before = 0, after = 0, other = 0;
    for (std::uint32_t c : counts) before += c;
    CHECK(before == 90);
    bags.set_aside(t, counts, aside);
    for (std::size_t i = 0; i < 90; ++i) {
      CHECK(counts[i] == counts[i % 30]);
      CHECK(aside[i] == aside[i % 30]);
      CHECK((counts[i] == 0 || aside[i] == 0));
      after += counts[i] > 0;
      other += aside[i] > 0;
    }
    CHECK(std::abs(static_cast<int>(after) - static_cast<int>(other)) <= 3);
  }
}
