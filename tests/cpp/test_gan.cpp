#include <cmath>
#include <vector>

#include "catch.h"
#include "core/generate/gan_training.h"
#include "gradient_check.h"

using namespace causalsynth;

namespace {

// A layout of a number with a special class, a small choice and one of two digits; rows of it.
struct Example {
  GanLayout layout;
  GanInput input;
  std::vector<double> x = normals(400, 50);
  GanOptions options;
  Example() {
    Stream stream(8, StreamTag::test, 1);
    GanColumn number, choice, large;
    number.number = true;
    number.classes = number.specials = 1;
    number.low = -3.0, number.high = 3.0;
    choice.classes = 3;
    large.classes = 130;
    layout.columns = {number, choice, large};
    input.rows = x.size();
    input.codes.resize(3);
    for (std::size_t i = 0; i < x.size(); ++i) {
      input.codes[0].push_back(stream.uniform() < 0.2 ? 0 : kNumber);
      input.codes[1].push_back(x[i] > 0 ? stream.below(2) : 2);
      input.codes[2].push_back(stream.below(130));
    }
    input.numbers = {x, Span<const double>(), Span<const double>()};
    options.generator = options.critic = {12, 12};
    options.noise = 6;
    options.batch = 80;
    options.pac = 2;
    options.steps = 12;
    options.every = 4;
    options.average = 0.9;
    options.holdout = 0.2;
    options.key = 3;
  }
};

GanModel trained(Example& e, int threads) {
  GanModel model;
  model.layout = e.layout;
  Execution execution;
  execution.threads = threads;
  TrainWatch watch;
  parallel_for(1, execution, [&](std::size_t, const CancelFlag& cancel) {
    const GanRows rows = encode_rows(e.input, {}, model.layout, e.options, execution);
    GanTrainer(model, rows, e.options).run(execution, watch, cancel);
  });
  return model;
}

}  // namespace

TEST_CASE("critic: scores and the gradient penalty, with dropout, against finite differences") {
  Parameters<double> store;
  Stream stream(2, StreamTag::test, 0);
  Critic<double> critic({7, {9, 5}, 0.3}, store, stream);
  for (double& w : store.values()) w += 0.3 * stream.normal();
  const auto x = normals(6 * 7, 1), d_score = normals(6, 2);
  const Rows<const double> in(x.data(), 6, 7);
  auto forward = [&](const std::vector<double>& theta, const std::vector<double>& from,
                     CriticWork<double>& work) {
    Stream dropout(4, StreamTag::test, 9);  // the same masks each time
    critic.refresh(theta.data());
    critic.forward(theta.data(), {from.data(), 6, 7}, work, &dropout);
  };
  auto score = [&](const std::vector<double>& theta, const std::vector<double>& from) {
    CriticWork<double> work;
    forward(theta, from, work);
    double sum = 0.0;
    for (std::size_t i = 0; i < 6; ++i) sum += d_score[i] * work.score[i];
    return sum;
  };
  CriticWork<double> work;
  forward(store.values(), x, work);
  std::vector<double> gradient(store.size(), 0.0), d_x(x.size());
  critic.backward(store.data(), in, work, d_score.data(), {d_x.data(), 6, 7}, gradient.data());
  CHECK(gradient_error([&](const auto& t) { return score(t, x); }, store.values(), gradient) <
        1e-4);
  CHECK(gradient_error([&](const auto& t) { return score(store.values(), t); }, x, d_x) < 1e-4);

  auto penalty = [&](const std::vector<double>& theta) {
    CriticWork<double> own;
    std::vector<double> unused(store.size(), 0.0);
    forward(theta, x, own);
    return critic.penalty(theta.data(), own, 1.0, unused.data());
  };
  std::fill(gradient.begin(), gradient.end(), 0.0);
  forward(store.values(), x, work);
  const double value = critic.penalty(store.data(), work, 1.0, gradient.data());
  CHECK(value > 0.01);
  CHECK(gradient_error(penalty, store.values(), gradient) < 1e-4);
}

TEST_CASE("the penalty is that of the scores' own slopes") {
  Parameters<double> store;
  Stream stream(2, StreamTag::test, 1);
  Critic<double> critic({4, {8}, 0.0}, store, stream);
  const auto x = normals(4, 3);
  CriticWork<double> work;
  auto score = [&](const std::vector<double>& from) {
    critic.forward(store.data(), {from.data(), 1, 4}, work, nullptr);
    return work.score[0];
  };
  critic.refresh(store.data());
  double square = 0.0;
  for (std::size_t k = 0; k < 4; ++k) {
    auto up = x, down = x;
    up[k] += 1e-6;
    down[k] -= 1e-6;
    const double slope = (score(up) - score(down)) / 2e-6;
    square += slope * slope;
  }
  score(x);
  std::vector<double> gradient(store.size(), 0.0);
  const double norm = std::sqrt(square);
  CHECK(critic.penalty(store.data(), work, 1.0, gradient.data()) ==
        Approx((norm - 1) * (norm - 1)).epsilon(1e-5));
}

TEST_CASE("generator: residual blocks with batch norm against finite differences") {
  Parameters<double> store;
  Stream stream(2, StreamTag::test, 3);
  GeneratorNet<double> net({5, 4, {6, 7}}, store, stream);
  for (double& w : store.values()) w += 0.2 * stream.normal();
  const std::size_t rows = 70;  // three blocks
  const auto z = normals(rows * 5, 5), d = normals(rows * 4, 6);
  const Execution execution{1, {}};
  GeneratorWork<double> work;
  net.prepare(work, rows);
  auto value = [&](const std::vector<double>& theta) {
    double sum = 0.0;
    net.forward(
        theta.data(), work, execution,
        [&](std::size_t, std::size_t begin, std::size_t end) {
          for (std::size_t i = begin; i < end; ++i)
            for (std::size_t k = 0; k < 5; ++k) work.wide(i, k) = z[i * 5 + k];
        },
        [&](std::size_t, std::size_t begin, std::size_t end) {
          for (std::size_t i = begin; i < end; ++i)
            for (std::size_t k = 0; k < 4; ++k) sum += work.logits(i, k) * d[i * 4 + k];
        });
    return sum;
  };
  value(store.values());
  std::vector<double> gradient(store.size(), 0.0);
  net.backward(
      store.data(), work, execution,
      [&](std::size_t, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
          for (std::size_t k = 0; k < 4; ++k) work.d_logits(i, k) = d[i * 4 + k];
      },
      gradient.data());
  CHECK(gradient_error(value, store.values(), gradient, 1e-6) < 1e-4);
  // With the batch's own moments given, rows by themselves get the same logits.
  value(store.values());
  Matrix<double> wide(rows, net.width()), logits(rows, 4);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t k = 0; k < 5; ++k) wide(i, k) = z[i * 5 + k];
  net.forward_fixed(store.data(), work, wide.view(), logits.view());
  for (std::size_t i = 0; i < rows; ++i)
    CHECK(logits(i, 1) == Approx(work.logits(i, 1)).margin(1e-10));
}

TEST_CASE("heads and the conditional cross-entropy against finite differences") {
  const std::vector<Head> heads{{0, 1, false}, {1, 4, true}, {5, 3, true}};
  const auto logits = normals(3 * 8, 8), d = normals(3 * 8, 9);
  auto value = [&](const std::vector<double>& from) {
    Stream noise(3, StreamTag::test, 4);
    std::vector<double> y(24);
    heads_forward<double>(heads, {from.data(), 3, 8}, 0.4, noise, {y.data(), 3, 8});
    double sum = 0.0;
    for (std::size_t k = 0; k < 24; ++k) sum += y[k] * d[k];
    return sum;
  };
  Stream noise(3, StreamTag::test, 4);
  std::vector<double> y(24), d_logits(24);
  heads_forward<double>(heads, {logits.data(), 3, 8}, 0.4, noise, {y.data(), 3, 8});
  CHECK(y[1] + y[2] + y[3] + y[4] == Approx(1.0));
  heads_backward<double>(heads, {y.data(), 3, 8}, 0.4, {d.data(), 3, 8}, {d_logits.data(), 3, 8});
  CHECK(gradient_error(value, logits, d_logits) < 1e-4);

  const auto five = normals(5, 10);
  std::vector<double> gradient(5, 0.0);
  cross_entropy(five.data(), 5, 2, 1.5, gradient.data());
  CHECK(gradient_error(
            [&](const std::vector<double>& t) {
              return 1.5 * cross_entropy<double>(t.data(), 5, 2, 0.0, nullptr);
            },
            five, gradient) < 1e-4);
}

TEST_CASE("digits name each level once; codes survive a row") {
  Example e;
  e.layout.columns[0].modes = {{0.0, 1.0, 1.0}};
  e.layout.columns[0].classes = 2;
  e.layout.finish();
  CHECK(e.layout.columns[2].radix == 12);
  CHECK(e.layout.width == 1 + 2 + 3 + 11 + 12);
  CHECK(e.layout.condition_width == 3 + 11 + 12);
  Stream noise(3, StreamTag::test, 0);
  for (std::uint32_t code = 0; code < 130; ++code) {
    GanRows rows;
    rows.rows = 1;
    rows.code = {{1}, {2}, {code}};
    rows.place = {{0.25f}, {}, {}};
    std::vector<float> row(e.layout.width);
    e.layout.write(rows, 0, row.data());
    CHECK(row[0] == 0.25f);
    for (float& v : row) v *= 1000.0f;
    CHECK(draw_class(e.layout.columns[2], &row[e.layout.columns[2].at], noise) == code);
  }
  // A last group of few levels: only digits that are levels are drawn.
  std::vector<float> tilted(23, 0.0f);
  tilted[10] = 1000.0f;
  for (int k = 0; k < 200; ++k)
    CHECK(draw_class(e.layout.columns[2], tilted.data(), noise) < 130);
}

TEST_CASE("numbers are folded into their range") {
  GanColumn column;
  column.number = true;
  column.modes = {{0.0, 1.0, 1.0}};
  column.low = -1.0, column.high = 2.0;
  std::size_t outside = 0;
  CHECK(place_value(column, 0, 0.25, &outside) == 1.0);
  CHECK(place_value(column, 0, 0.75, &outside) == 1.0);
  CHECK(place_value(column, 0, -0.5, &outside) == 0.0);
  CHECK(outside == 2);
}

TEST_CASE("numbers that are none are refused") {
  Example e;
  for (std::size_t c = 0; c < e.layout.columns.size(); ++c) {
    if (!e.layout.columns[c].number) continue;
    std::vector<double> broken(e.input.rows, std::nan(""));
    e.input.numbers[c] = Span<const double>(broken.data(), broken.size());
    CHECK_THROWS_AS(encode_rows(e.input, {}, e.layout, e.options, Execution{1, {}}),
                    std::invalid_argument);
    return;
  }
  FAIL("the example has no column of numbers");
}

TEST_CASE("training by sampling evens out levels; rows have what is asked for") {
  Example e;
  const GanRows rows = encode_rows(e.input, {}, e.layout, e.options, Execution{1, {}});
  std::vector<std::uint32_t> among;
  for (std::uint32_t i = 0; i < 400; ++i) among.push_back(i);
  const GanSampler sampler(e.layout, rows, {}, among);
  Stream stream(4, StreamTag::test, 0);
  std::vector<double> share(3, 0.0);
  double asked = 0.0;
  for (int k = 0; k < 4000; ++k) {
    const Condition one = sampler.condition(stream);
    CHECK(rows.code[e.layout.choices[one.at]][sampler.row(one, stream)] == one.code);
    if (one.at != 0) continue;
    share[one.code] += 1.0;
    asked += 1.0;
  }
  std::vector<double> count(3, 0.0);
  for (const auto c : e.input.codes[1]) count[c] += 1.0;
  const double all = std::log1p(count[0]) + std::log1p(count[1]) + std::log1p(count[2]);
  for (int c = 0; c < 3; ++c)
    CHECK(share[c] / asked == Approx(std::log1p(count[c]) / all).margin(0.04));
  CHECK(sampler.shares().cumulative[0][0] == Approx(count[0] / 400));
}

TEST_CASE("training and draws do not depend on the threads; bytes hold the model") {
  Example e;
  const GanModel one = trained(e, 1), two = trained(e, 3);
  CHECK(one.pack() == two.pack());
  const auto bytes = one.pack();
  const GanModel again = GanModel::unpack(bytes);
  const GanDrawn a = one.draw(600, 5, {}, Execution{1, {}});
  const GanDrawn b = again.draw(600, 5, {}, Execution{2, {}});
  CHECK(a.code == b.code);
  CHECK(a.number == b.number);
  for (const auto c : a.code[2]) CHECK(c < 130);
  const GanDrawn given = one.draw(300, 5, {0, {1}}, Execution{1, {}});
  for (const auto c : given.code[1]) CHECK(c == 1);
  for (std::size_t cut : {0u, 10u, 200u})
    CHECK_THROWS(GanModel::unpack(Span<const unsigned char>(bytes.data(), cut)));
}

TEST_CASE("losses that are no numbers: weights go back, training ends") {
  Example e;
  e.options.rate_generator = e.options.rate_critic = 1e30;
  GanModel model;
  model.layout = e.layout;
  const Execution execution{1, {}};
  const GanRows rows = encode_rows(e.input, {}, model.layout, e.options, execution);
  TrainWatch watch;
  const GanResult result = GanTrainer(model, rows, e.options).run(execution, watch, CancelFlag());
  CHECK(result.rollbacks == 8);
  CHECK(result.diverged);
  for (const float w : model.weights.values()) CHECK(std::isfinite(w));
}
