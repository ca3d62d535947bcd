#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.h"
#include "core/neural/adam.h"
#include "core/neural/fast_exp.h"
#include "core/neural/gradient_sum.h"
#include "core/neural/layers.h"
#include "core/neural/safe_point.h"
#include "gradient_check.h"

using namespace causalsynth;

namespace {

// Sum of the outputs times fixed weights: a scalar whose gradient by the outputs is known.
double weighted(const std::vector<double>& y, const std::vector<double>& w) {
  double sum = 0.0;
  for (std::size_t k = 0; k < y.size(); ++k) sum += y[k] * w[k];
  return sum;
}

}  // namespace

TEST_CASE("the fast exponential: near the exact one, NaN stays NaN") {
  for (float x = -86.0f; x < 87.0f; x += 0.37f)
    CHECK(fast_exp(x) == Approx(std::exp(static_cast<double>(x))).epsilon(1e-6));
  CHECK(fast_exp(0.0f) == 1.0f);
  CHECK(std::isnan(fast_exp(std::nanf(""))));
}

TEST_CASE("products of any shape equal chains of fused multiply-adds, bit by bit") {
  for (const std::size_t n : {1u, 3u, 4u, 9u, 15u, 29u})
    for (const std::size_t k : {1u, 7u, 32u})
      for (const std::size_t m : {1u, 15u, 16u, 17u, 40u}) {
        auto a = normals<float>(n * k, 1), b = normals<float>(k * m, 2);
        std::vector<float> c(n * m, 1.0f), at(k * n), bt(m * k);
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = 0; j < k; ++j) at[j * n + i] = a[i * k + j];
        for (std::size_t i = 0; i < k; ++i)
          for (std::size_t j = 0; j < m; ++j) bt[j * k + i] = b[i * m + j];
        std::vector<float> expected(n * m);
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = 0; j < m; ++j) {
            float sum = 0.0f;
            for (std::size_t l = 0; l < k; ++l) sum = std::fma(a[i * k + l], b[l * m + j], sum);
            expected[i * m + j] = sum;
          }
        const Rows<const float> A(a.data(), n, k), B(b.data(), k, m), At(at.data(), k, n),
            Bt(bt.data(), m, k);
        multiply<float>(A, B, {c.data(), n, m});
        CHECK(c == expected);
        multiply_left_transposed<float>(At, B, {c.data(), n, m});
        CHECK(c == expected);
        multiply_right_transposed<float>(A, Bt, {c.data(), n, m}, Into::add);
        for (float& x : expected) x += x;
        CHECK(c == expected);
      }
}

TEST_CASE("loops over units equal plain ones, bit by bit; transposing twice is nothing") {
  const std::size_t n = 77;
  const auto a = normals<float>(n, 11), b = normals<float>(n, 12);
  auto x = a, y = b;
  add_each(x.data(), b.data(), n);
  for (std::size_t k = 0; k < n; ++k) CHECK(x[k] == a[k] + b[k]);
  blend_each(y.data(), a.data(), 0.25f, n);
  for (std::size_t k = 0; k < n; ++k) {
    const volatile float kept = 0.25f * b[k], taken = 0.75f * a[k];
    CHECK(y[k] == kept + taken);
  }
  double sum = 0.0;
  for (const float v : a) sum += static_cast<double>(v) * v;
  CHECK(sum_of_squares(a.data(), n) == Approx(sum).epsilon(1e-12));
  auto power = a;
  exp_each(power.data(), n);
  for (std::size_t k = 0; k < n; ++k) CHECK(power[k] == Approx(std::exp(a[k])).epsilon(1e-6));
  std::vector<float> turned(n), back(n);
  transpose<float>({a.data(), 7, 11}, turned.data());
  transpose<float>({turned.data(), 11, 7}, back.data());
  CHECK(back == a);
  CHECK(turned[1] == a[11]);
}

TEST_CASE("dense layer: gradients are those of finite differences") {
  Parameters<double> store;
  Stream stream(2, StreamTag::test, 0);
  const Dense layer = Dense::create(store, 5, 3, 1.0, stream);
  store.randomise(layer.bias, 1.0, stream);
  const auto x = normals<double>(4 * 5, 1), w = normals<double>(4 * 3, 2);
  std::vector<double> gradient(store.size(), 0.0), d_x(x.size());
  layer.backward<double>(store.data(), {x.data(), 4, 5}, {w.data(), 4, 3}, {d_x.data(), 4, 5},
                         gradient.data());
  auto value = [&](const std::vector<double>& theta, const std::vector<double>& in) {
    std::vector<double> y(12);
    layer.forward<double>(theta.data(), {in.data(), 4, 5}, {y.data(), 4, 3});
    return weighted(y, w);
  };
  CHECK(gradient_error([&](const auto& t) { return value(t, x); }, store.values(), gradient) <
        1e-6);
  CHECK(gradient_error([&](const auto& t) { return value(store.values(), t); }, x, d_x) < 1e-6);
}

TEST_CASE("activations and layer norm: gradients are those of finite differences") {
  const auto x = normals<double>(6 * 7, 3), w = normals<double>(6 * 7, 4);
  for (const auto kind :
       {Activation::relu, Activation::leaky_relu, Activation::gelu, Activation::tanh}) {
    std::vector<double> d_x(x.size());
    activate_backward<double>(kind, {x.data(), 6, 7}, {w.data(), 6, 7}, {d_x.data(), 6, 7});
    CHECK(gradient_error(
              [&](const auto& t) {
                std::vector<double> y(t.size());
                activate<double>(kind, {t.data(), 6, 7}, {y.data(), 6, 7});
                return weighted(y, w);
              },
              x, d_x) < 1e-6);
  }
  Parameters<double> store;
  Stream stream(2, StreamTag::test, 5);
  const LayerNorm norm = LayerNorm::create(store, 7);
  store.randomise(norm.gain, 1.0, stream);
  store.randomise(norm.bias, 1.0, stream);
  std::vector<double> scaled(x.size()), inverse(6), y(x.size());
  auto value = [&](const std::vector<double>& theta, const std::vector<double>& in) {
    norm.forward<double>(theta.data(), {in.data(), 6, 7}, {y.data(), 6, 7}, {scaled.data(), 6, 7},
                         inverse.data());
    return weighted(y, w);
  };
  value(store.values(), x);
  std::vector<double> gradient(store.size(), 0.0), d_x(x.size(), 0.0);
  norm.backward<double>(store.data(), {scaled.data(), 6, 7}, inverse.data(), {w.data(), 6, 7},
                        {d_x.data(), 6, 7}, gradient.data());
  CHECK(gradient_error([&](const auto& t) { return value(t, x); }, store.values(), gradient) <
        1e-6);
  CHECK(gradient_error([&](const auto& t) { return value(store.values(), t); }, x, d_x) < 1e-5);
}

TEST_CASE("sums over blocks do not depend on the threads; exceptions leave") {
  const auto x = normals<float>(1000, 6);
  auto sum = [&](int threads) {
    GradientSum<float> total(3);
    Execution execution;
    execution.threads = threads;
    return total.over({1000, 64}, execution,
                      [&](std::size_t, std::size_t begin, std::size_t end, float* gradient) {
                        for (std::size_t i = begin; i < end; ++i) gradient[i % 3] += x[i];
                      });
  };
  CHECK(sum(1) == sum(2));
  CHECK(sum(1) == sum(3));
  CHECK(sum(1)[0] != 0.0f);
}

TEST_CASE("AdamW finds a minimum, refuses what is not finite, decays what it should") {
  std::vector<float> w{3.0f, -2.0f};
  AdamOptions options;
  Adam adam(2, options);
  for (std::size_t s = 0; s < 2000; ++s) {
    const std::vector<float> g{2 * (w[0] - 1), 8 * (w[1] - .5f)};
    REQUIRE(adam.step(w, g, .05 * warmup_cosine(s, 10, 2000)));
  }
  CHECK(w[0] == Approx(1).margin(1e-3));
  CHECK(w[1] == Approx(.5).margin(1e-3));
  const auto before = w;
  CHECK_FALSE(adam.step(w, std::vector<float>{NAN, 0.0f}, .1));
  CHECK(w == before);
  options.weight_decay = .5;
  Adam second(2, options);
  std::vector<float> v{1.0f, 1.0f};
  REQUIRE(second.step(v, std::vector<float>{0.0f, 0.0f}, .1, std::vector<std::uint8_t>{1, 0}));
  CHECK(v[0] == Approx(.95));
  CHECK(v[1] == 1.0f);
  // The first step has the length of the rate, whatever the gradient's.
  options.weight_decay = 0;
  Adam third(1, options);
  std::vector<float> u{0.0f};
  REQUIRE(third.step(u, std::vector<float>{123.0f}, .1));
  CHECK(u[0] == Approx(-.1));
}

TEST_CASE("schedule: up, then down along a cosine") {
  CHECK(warmup_cosine(0, 10, 110) == Approx(.1));
  CHECK(warmup_cosine(10, 10, 110) == Approx(1));
  CHECK(warmup_cosine(60, 10, 110) == Approx(.5));
  CHECK(warmup_cosine(60, 10, 110, .2) == Approx(.6));
  CHECK(warmup_cosine(200, 10, 110, .2) == .2);
}

TEST_CASE("weights come back from bytes; damaged ones are refused") {
  Parameters<float> store, other, small;
  Stream stream(3, StreamTag::test, 0);
  const Dense layer = Dense::create(store, 4, 2, 1.0, stream);
  Dense::create(other, 4, 2, 1.0, stream);
  Dense::create(small, 4, 1, 1.0, stream);
  ArchiveWriter out;
  store.pack(out);
  ArchiveReader in(out.bytes()), again(out.bytes());
  other.unpack(in);
  CHECK(other.values() == store.values());
  CHECK_THROWS_AS(small.unpack(again), std::runtime_error);
  CHECK(layer.weight.size() == 8);
  store.values()[1] = INFINITY;
  ArchiveWriter bad;
  store.pack(bad);
  ArchiveReader last(bad.bytes());
  CHECK_THROWS_AS(other.unpack(last), std::runtime_error);
}

TEST_CASE("a safe point gives the last good state back, halves the rate, and gives up") {
  SafePoint<std::vector<int>> safe(2);
  safe.keep({1});
  safe.keep({2, 3});
  std::vector<int> state{9};
  REQUIRE(safe.roll_back(state));
  const std::vector<int> last{2, 3};
  CHECK(state == last);
  CHECK(safe.rate_share() == .5);
  REQUIRE(safe.roll_back(state));
  CHECK(safe.rate_share() == .25);
  state = {4};
  CHECK_FALSE(safe.roll_back(state));
  CHECK(state == std::vector<int>{4});
  CHECK(safe.count() == 3);
}
