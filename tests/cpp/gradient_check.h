// What tests of networks share: made-up numbers, and finite differences against the gradient that
// was worked out.
#pragma once
#include <cmath>
#include <functional>
#include <vector>

#include "catch.h"
#include "core/random/stream.h"

template <class T = double>
std::vector<T> normals(std::size_t n, std::uint64_t unit) {
  causalsynth::Stream stream(1, causalsynth::StreamTag::test, unit);
  std::vector<T> x(n);
  for (T& v : x) v = static_cast<T>(stream.normal());
  return x;
}

// Central differences of f (in double) at each of x; the largest difference from `gradient`,
// relative to the larger of the two and of a thousandth of the longest entry.
inline double gradient_error(const std::function<double(const std::vector<double>&)>& f,
                             std::vector<double> x, const std::vector<double>& gradient,
                             double step = 1e-5) {
  double longest = 1e-12, worst = 0.0;
  for (const double g : gradient) longest = std::max(longest, std::fabs(g));
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double at = x[k];
    x[k] = at + step;
    const double up = f(x);
    x[k] = at - step;
    const double down = f(x);
    x[k] = at;
    const double slope = (up - down) / (2 * step);
    const double size =
        std::max({std::fabs(slope), std::fabs(gradient[k]), 1e-3 * longest});
    worst = std::max(worst, std::fabs(slope - gradient[k]) / size);
  }
  return worst;
}
