#include <cmath>
#include <limits>

#include "catch.h"
#include "core/generate/linear_part.h"

using namespace causalsynth;

TEST_CASE("the linear part finds exact slopes of numbers, gaps and levels") {
  std::vector<double> x, y;
  std::vector<int> level;
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < 60; ++i) {
    const bool gap = i % 7 == 0;
    x.push_back(gap ? std::nan("") : std::sin(static_cast<double>(i)));
    level.push_back(1 + static_cast<int>(i % 3));
    y.push_back(2 + (gap ? 5 : 3 * x[i]) - (level[i] == 2));
    rows.push_back(i);
  }
  Frame frame(60);
  frame.add(Column::numeric(x));
  frame.add(Column::factor(level, 3));
  const LinearPart fit = LinearPart::fit(frame, 2, rows, y);
  const auto at = [&](double number, double code) {
    return fit.at([&](std::size_t column) { return column == 0 ? number : code; });
  };
  CHECK(at(.5, 1) == Approx(3.5));
  CHECK(at(.5, 2) == Approx(2.5));
  CHECK(at(-2, 3) == Approx(-4));
  CHECK(at(std::nan(""), 3) == Approx(7));
  const LinearPart alone = LinearPart::fit(frame, 0, rows, y);
  double mean = 0;
  for (double value : y) mean += value / 60;
  CHECK(alone.at([](std::size_t) { return 0.0; }) == Approx(mean));
}
