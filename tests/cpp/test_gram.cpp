#include <cmath>

#include "catch.h"
#include "core/linear/gram.h"
#include "core/random/stream.h"

using namespace causalsynth;

TEST_CASE("weighted Gram matrices are those of the definition") {
  const std::size_t n = 700, p = 13;  // more than a block of rows, and no whole number of panels
  Stream stream(5, StreamTag::test, 0);
  std::vector<double> x(n * p), w(n);
  for (double& v : x) v = stream.normal();
  for (double& v : w) v = stream.uniform();
  const WeightedGram gram({x.data(), n, p});
  const std::vector<double> result = gram(w);
  for (std::size_t j = 0; j < p; ++j)
    for (std::size_t i = j; i < p; ++i) {
      double sum = 0.0;
      for (std::size_t r = 0; r < n; ++r) sum += w[r] * x[i * n + r] * x[j * n + r];
      CHECK(result[j * p + i] == Approx(sum).margin(1e-3));
    }
}
