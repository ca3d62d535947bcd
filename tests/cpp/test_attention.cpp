#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.h"
#include "core/neural/cross_entropy.h"
#include "core/neural/transformer.h"
#include "gradient_check.h"

using namespace causalsynth;

namespace {

double weighted(const Matrix<double>& y, const std::vector<double>& w) {
  double sum = 0.0;
  for (std::size_t k = 0; k < w.size(); ++k) sum += y.data()[k] * w[k];
  return sum;
}

}  // namespace

TEST_CASE("softmax and cross-entropy: value and gradient are those of the definitions") {
  const std::vector<double> target{.2, 0, .5, .3}, at = normals(4, 1);
  auto value = [&](std::vector<double> logits) {
    return cross_entropy<double>(logits.data(), target.data(), 4, 1.0);
  };
  double total = 0.0, expected = 0.0;
  for (const double x : at) total += std::exp(x);
  for (std::size_t k = 0; k < 4; ++k) expected -= target[k] * (at[k] - std::log(total));
  CHECK(value(at) == Approx(expected));
  auto gradient = at;
  cross_entropy<double>(gradient.data(), target.data(), 4, 2.5);
  CHECK(gradient_error([&](const auto& x) { return 2.5 * value(x); }, at, gradient) < 1e-6);
  auto logs = at;
  log_softmax(logs.data(), 4);
  for (std::size_t k = 0; k < 4; ++k) CHECK(logs[k] == Approx(at[k] - std::log(total)));
  // Logits far from 0, where a plain exp would overflow.
  std::vector<double> far{1000.0, 998.0};
  log_softmax(far.data(), 2);
  CHECK(far[0] == Approx(-std::log1p(std::exp(-2.0))));
}

TEST_CASE("attention: mixtures of the past only, gradients those of finite differences") {
  constexpr std::size_t kLength = 4, kWidth = 6, kHeads = 2, kRows = 2 * kLength;
  const auto at = normals(kRows * 3 * kWidth, 2), w = normals(kRows * kWidth, 3);
  Matrix<double> shares, mixed(kRows, kWidth), d_qkv(kRows, 3 * kWidth);
  auto value = [&](const std::vector<double>& qkv) {
    attend<double>({qkv.data(), kRows, 3 * kWidth}, kLength, kHeads, mixed.view(), shares);
    return weighted(mixed, w);
  };
  value(at);
  for (std::size_t i = 0; i < shares.rows(); ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < kLength; ++j) {
      sum += shares(i, j);
      if (j > i % kLength) CHECK(shares(i, j) == 0.0);
    }
    CHECK(sum == Approx(1));
  }
  // The first position mixes its own value only.
  for (std::size_t j = 0; j < kWidth; ++j) CHECK(mixed(0, j) == Approx(at[2 * kWidth + j]));
  attend_backward<double>({at.data(), kRows, 3 * kWidth}, kLength, kHeads, shares,
                          {w.data(), kRows, kWidth}, d_qkv.view());
  const std::vector<double> gradient(d_qkv.data(), d_qkv.data() + d_qkv.size());
  CHECK(gradient_error(value, at, gradient) < 1e-6);
}

TEST_CASE("transformer: gradients of weights and inputs are those of finite differences") {
  constexpr std::size_t kLength = 3, kRows = 2 * kLength;
  TransformerShape shape;
  shape.width = 4;
  shape.heads = 2;
  shape.layers = 2;
  shape.hidden = 5;
  Parameters<double> store;
  Stream stream(9, StreamTag::test, 0);
  const Transformer net = Transformer::create(store, shape, stream);
  for (double& one : store.values()) one += .3 * stream.normal();
  const auto at = normals(kRows * shape.width, 4), w = normals(kRows * shape.width, 5);
  TransformerTape<double> tape;
  Matrix<double> x(kRows, shape.width);
  auto value = [&](const std::vector<double>& weights, const std::vector<double>& in) {
    std::copy(in.begin(), in.end(), x.data());
    net.forward<double>(weights.data(), kLength, x.view(), tape);
    return weighted(x, w);
  };
  value(store.values(), at);
  std::vector<double> d_x = w, gradient(store.size(), 0.0);
  net.backward<double>(store.data(), kLength, tape, {d_x.data(), kRows, shape.width},
                       gradient.data());
  CHECK(gradient_error([&](const auto& t) { return value(t, at); }, store.values(), gradient) <
        1e-5);
  CHECK(gradient_error([&](const auto& t) { return value(store.values(), t); }, at, d_x) < 1e-5);
}
