#include "point_groups.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../base/require.h"

namespace causalsynth {
namespace {

// Negative: a before b; positive: after.
int compare(const double* a, const double* b, std::size_t dims) {
  for (std::size_t j = 0; j < dims; ++j)
    if (a[j] != b[j]) return a[j] < b[j] ? -1 : 1;
  return 0;
}

}  // namespace

std::vector<double> gather_points(MatrixView<const double> x, Span<const int> rows) {
  const std::size_t dims = x.cols();
  std::vector<double> values(rows.size() * dims);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    require(rows[i] >= 0 && static_cast<std::size_t>(rows[i]) < x.rows(),
            "a row to match lies outside the matrix");
    for (std::size_t j = 0; j < dims; ++j) {
      const double value = x(static_cast<std::size_t>(rows[i]), j);
      require(std::isfinite(value), "coordinates to match on must be finite");
      values[i * dims + j] = value + 0.0;
    }
  }
  return values;
}

PointGroups group_points(MatrixView<const double> x, Span<const int> rows) {
  const std::size_t dims = x.cols(), n = rows.size();
  const std::vector<double> values = gather_points(x, rows);
  const auto at = [&](int i) { return values.data() + static_cast<std::size_t>(i) * dims; };
  std::vector<int> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<int>(i);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    const int sign = compare(at(a), at(b), dims);
    return sign != 0 ? sign < 0 : rows[a] < rows[b];
  });
  PointGroups groups;
  groups.dims = dims;
  groups.rows.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (i == 0 || compare(at(order[i - 1]), at(order[i]), dims) != 0) {
      groups.start.push_back(static_cast<int>(i));
      groups.coords.insert(groups.coords.end(), at(order[i]), at(order[i]) + dims);
    }
    groups.rows.push_back(rows[order[i]]);
  }
  groups.start.push_back(static_cast<int>(n));
  return groups;
}

std::vector<double> transform_rows(MatrixView<const double> x, MatrixView<const double> root) {
  require(root.rows() == x.cols(), "the root must have a row for each column");
  const std::size_t n = x.rows();
  std::vector<double> result(n * root.cols(), 0.0);
  for (std::size_t k = 0; k < root.cols(); ++k)
    for (std::size_t j = 0; j < x.cols(); ++j) {
      const double factor = root(j, k);
      if (factor == 0.0) continue;
      for (std::size_t i = 0; i < n; ++i) result[i + n * k] += x(i, j) * factor;
    }
  return result;
}

}  // namespace causalsynth
