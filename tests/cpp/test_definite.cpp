#include <cmath>
#include <vector>

#include "catch.h"
#include "core/linear/definite.h"

using namespace causalsynth;

TEST_CASE("a matrix shrinks to a definite one by no more than it must") {
  // Ones on the diagonal, `r` beside it, and the reverse between the first and the last.
  auto ring = [](double r) { return std::vector<double>{1, r, -r, r, 1, r, -r, r, 1}; };
  const auto shrunk = [](const std::vector<double>& m, double least) {
    return shrinkage_to_definite({m.data(), 3, 3}, least);
  };
  CHECK(shrunk(ring(0.4), 1e-4) == 0.0);
  // The least eigenvalue is 1 - 2 r: r must come down to 1/2.
  const double a = shrunk(ring(0.9), 0.0);
  CHECK((1 - a) * 0.9 < 0.5);
  CHECK((1 - a + 1 / 256.0) * 0.9 >= 0.5);
  CHECK(shrunk(ring(0.9), 0.2) > a);
  CHECK(shrunk({1, 1, 1, 1, 1, 1, 1, 1, 1}, 1e-4) == 1 / 256.0);
  CHECK(shrinkage_to_definite({nullptr, 0, 0}, 0.1) == 0.0);
  CHECK_THROWS_AS(shrinkage_to_definite({ring(0.1).data(), 3, 2}, 0.1), std::invalid_argument);
}
