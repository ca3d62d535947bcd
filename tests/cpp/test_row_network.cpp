#include <cmath>
#include <vector>

#include "catch.h"
#include "core/generate/row_network.h"
#include "core/neural/adam.h"
#include "core/neural/gradient_sum.h"
#include "gradient_check.h"

using namespace causalsynth;

namespace {

NetworkShape tiny_shape(std::size_t width = 8) {
  NetworkShape shape;
  shape.transformer.width = width;
  shape.transformer.heads = 2;
  shape.transformer.layers = 2;
  shape.transformer.hidden = 2 * width;
  shape.columns = {{3, 0, 0}, {1, 6, 1}, {2, 0, 1}, {0, 6, 0}};
  return shape;
}

RowBatch random_rows(const NetworkShape& shape, std::size_t rows, std::uint64_t unit) {
  Stream stream(4, StreamTag::test, unit);
  RowBatch batch;
  batch.rows = rows;
  batch.length = shape.columns.size();
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<int> order{0, 1, 2, 3};
    stream.shuffle(Span<int>(order));
    for (const int c : order) {
      const auto count = static_cast<std::uint32_t>(shape.columns[c].count());
      batch.columns.push_back(c);
      batch.cells.push_back({static_cast<int>(stream.below(count)),
                             static_cast<float>(stream.normal())});
    }
    batch.weights.push_back(.5f + static_cast<float>(i % 3));
  }
  return batch;
}

}  // namespace

TEST_CASE("the whole network: gradients are those of finite differences") {
  const NetworkShape shape = tiny_shape();
  RowBatch batch = random_rows(shape, 3, 1);
  batch.cells[5].kind = -1;
  Stream stream(5, StreamTag::test, 0);
  RowNetwork<double> network(shape, stream);
  // Away from the quiet start, where most gradients are small.
  for (double& w : network.parameters().values()) w += .3 * stream.normal();
  NetworkTape<double> tape;
  std::vector<double> gradient(network.parameters().size(), 0.0);
  network.loss(batch, 0, 3, .8, 1.0, gradient.data(), tape);
  const auto at = network.parameters().values();
  const double error = gradient_error(
      [&](const std::vector<double>& w) {
        network.parameters().values() = w;
        return network.loss(batch, 0, 3, .8, 1.0, nullptr, tape);
      },
      at, gradient, 1e-6);
  CHECK(error < 1e-4);
}

TEST_CASE("cached sampling sees what the training pass sees") {
  const NetworkShape shape = tiny_shape(16);
  const RowBatch batch = random_rows(shape, 5, 2);
  Stream stream(6, StreamTag::test, 0);
  RowNetwork<float> network(shape, stream);
  for (float& w : network.parameters().values()) w += .2f * static_cast<float>(stream.normal());
  NetworkTape<float> tape;
  NetworkState<float> state;
  network.start(5, 4, 64, state);
  std::vector<double> sums(5, 0.0);
  std::vector<Cell> before(5);
  std::vector<int> columns_before(5), columns(5);
  for (std::size_t t = 0; t < 4; ++t) {
    for (std::size_t i = 0; i < 5; ++i) {
      columns[i] = batch.columns[i * 4 + t];
      if (t > 0) {
        before[i] = batch.cells[i * 4 + t - 1];
        columns_before[i] = batch.columns[i * 4 + t - 1];
      }
    }
    network.next(state, t, before, columns_before, columns, std::vector<std::uint8_t>(5, 1),
                 [&](std::size_t i, const float* log_p) {
                   sums[i] -= log_p[batch.cells[i * 4 + t].kind];
                 });
  }
  for (std::size_t i = 0; i < 5; ++i) {
    const double loss = network.loss(batch, i, i + 1, 0.0, 1.0f, nullptr, tape);
    CHECK(sums[i] * batch.weights[i] == Approx(loss).epsilon(1e-5));
  }
}

TEST_CASE("a tiny transformer learns 16 rows by heart; threads change no bit") {
  const NetworkShape shape = tiny_shape(32);
  RowBatch batch = random_rows(shape, 16, 3);
  batch.weights.assign(16, 1.0f);
  // Every order starts with what tells the rows apart: a number of its own.
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t t = 0; t < 4; ++t) {
      Cell& cell = batch.cells[i * 4 + t];
      batch.columns[i * 4 + t] = static_cast<int>(3 - t);
      cell.kind %= static_cast<int>(shape.columns[3 - t].count());
      if (t == 0) cell = {static_cast<int>(i % 6), static_cast<float>(i) / 5.0f - 1.5f};
    }
  auto train = [&](int threads, std::size_t steps) {
    Stream stream(7, StreamTag::test, 0);
    RowNetwork<float> network(shape, stream);
    const std::size_t size = network.parameters().size();
    Adam adam(size, AdamOptions{});
    GradientSum<float> sum(size);
    std::vector<NetworkTape<float>> tapes(4);
    Execution execution;
    execution.threads = threads;
    for (std::size_t s = 0; s < steps; ++s) {
      const auto& gradient = sum.over(
          {16, 4}, execution,
          [&](std::size_t block, std::size_t begin, std::size_t end, float* to) {
            network.loss(batch, begin, end, 0.0, 1.0f / 16, to, tapes[block]);
          });
      adam.step(network.parameters().values(), gradient, 3e-3);
    }
    // Without the first position, whose class cannot be known.
    double first = 0.0;
    NetworkTape<float> tape;
    RowBatch alone = batch;
    const double all = network.loss(batch, 0, 16, 0.0, 1.0f, nullptr, tape);
    alone.length = 1;
    alone.columns.clear();
    alone.cells.clear();
    for (std::size_t i = 0; i < 16; ++i) {
      alone.columns.push_back(batch.columns[i * 4]);
      alone.cells.push_back(batch.cells[i * 4]);
    }
    first = network.loss(alone, 0, 16, 0.0, 1.0f, nullptr, tape);
    return std::make_pair((all - first) / 48, network.parameters().values());
  };
  CHECK(train(2, 1000).first < .02);
  const auto one = train(1, 20).second;
  CHECK(one == train(2, 20).second);
  CHECK(one == train(3, 20).second);
}

TEST_CASE("heads start at the shares of their classes") {
  const NetworkShape shape = tiny_shape();
  RowBatch batch = random_rows(shape, 40, 5);
  batch.weights.assign(40, 1.0f);
  std::vector<Cell> cells(40 * 4);
  std::vector<std::size_t> rows;
  std::vector<std::vector<double>> weight;
  for (const auto& classes : shape.columns) weight.emplace_back(classes.count(), .5);
  for (std::size_t i = 0; i < 40; ++i) {
    rows.push_back(i);
    for (std::size_t t = 0; t < 4; ++t) {
      const auto c = static_cast<std::size_t>(batch.columns[i * 4 + t]);
      cells[i * 4 + c] = batch.cells[i * 4 + t];
      weight[c][static_cast<std::size_t>(batch.cells[i * 4 + t].kind)] += 1.0;
    }
  }
  Stream stream(11, StreamTag::test, 0);
  RowNetwork<double> network(shape, stream);
  std::fill(network.parameters().values().begin(), network.parameters().values().end(), 0.0);
  network.start_at_margins(cells, rows, {});
  double expected = 0.0;
  for (std::size_t i = 0; i < 40; ++i)
    for (std::size_t c = 0; c < 4; ++c) {
      const ColumnClasses& classes = shape.columns[c];
      double total = 0.0, bins = 0.0;
      for (std::size_t k = 0; k < classes.count(); ++k) {
        total += weight[c][k];
        if (classes.is_bin(static_cast<int>(k))) bins += weight[c][k];
      }
      const int kind = cells[i * 4 + c].kind;
      // Bins share theirs evenly.
      expected -= std::log((classes.is_bin(kind) ? bins / classes.bins
                                                 : weight[c][static_cast<std::size_t>(kind)]) /
                           total);
    }
  NetworkTape<double> tape;
  CHECK(network.loss(batch, 0, 40, 0.0, 1.0, nullptr, tape) == Approx(expected));
}
