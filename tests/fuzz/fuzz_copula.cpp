// A copula as it comes from a file: lists of numbers that R hands over (src/glue_copula.cpp).
// Shapes are read from the bytes, numbers are a few likely ones or any eight bytes.
#include <limits>

#include "core/generate/copula.h"
#include "fuzz.h"

using namespace causalsynth;

namespace {

double number(fuzz::Settings& from) {
  static const double likely[] = {0.0,
                                  1.0,
                                  0.5,
                                  0.25,
                                  0.75,
                                  -1.0,
                                  2.0,
                                  1e300,
                                  std::numeric_limits<double>::infinity(),
                                  -std::numeric_limits<double>::infinity(),
                                  std::nan("")};
  const unsigned kind = from.below(12);
  return kind < 11 ? likely[kind] : from.next<double>();
}

std::vector<double> numbers(fuzz::Settings& from, std::size_t n) {
  std::vector<double> x(n);
  for (double& one : x) one = number(from);
  return x;
}

}  // namespace

FUZZ(bytes) {
  fuzz::Settings from(bytes);
  const std::size_t latents = from.below(5), nrow = from.below(8) == 7 ? from.below(5) : latents,
                    count = from.below(4);
  const std::vector<double> factor = numbers(from, latents * nrow);
  std::vector<std::vector<double>> parts;
  parts.reserve(3 * count);
  Copula copula;
  copula.factor = {factor.data(), nrow, latents};
  for (std::size_t j = 0; j < count; ++j) {
    CopulaColumn column;
    column.value = static_cast<int>(from.below(6)) - 1;
    column.missing = static_cast<int>(from.below(6)) - 1;
    column.share_missing = number(from);
    for (int part = 0; part < 3; ++part) parts.push_back(numbers(from, from.below(5)));
    const auto last = parts.end() - 3;
    if (column.value >= 0) column.margin = {last[0], last[1], last[2]};
    copula.columns.push_back(column);
  }
  GivenLatents given;
  const std::size_t points = from.below(3), intervals = from.below(3);
  const std::vector<double> at = numbers(from, points), low = numbers(from, intervals),
                            high = numbers(from, intervals),
                            precision = numbers(from, (points + intervals) * (points + intervals));
  given.points = {at.data(), 1, points};
  given.low = {low.data(), 1, intervals};
  given.high = {high.data(), 1, intervals};
  for (std::size_t k = 1; k <= intervals; ++k) given.pieces.push_back(k);
  given.precision = {precision.data(), points + intervals, points + intervals};
  constexpr std::size_t rows = 4;
  std::vector<std::vector<double>> table(count, std::vector<double>(rows));
  std::vector<Span<double>> out;
  for (auto& column : table) out.emplace_back(column.data(), rows);
  draw_copula(copula, given, 3, out, fuzz::serial());
}
