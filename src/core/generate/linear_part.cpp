#include "linear_part.h"

#include <algorithm>
#include <cmath>

#include "../linear/qr.h"

namespace causalsynth {
namespace {

constexpr std::size_t kMostTerms = 40;
constexpr int kMostLevels = 30;  // factors with more are left to the forest

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const std::size_t n = x.size();
  double mx = 0, my = 0, sxx = 0, syy = 0, sxy = 0;
  for (std::size_t i = 0; i < n; ++i) mx += x[i], my += y[i];
  mx /= n;
  my /= n;
  for (std::size_t i = 0; i < n; ++i) {
    sxx += (x[i] - mx) * (x[i] - mx);
    syy += (y[i] - my) * (y[i] - my);
    sxy += (x[i] - mx) * (y[i] - my);
  }
  return sxx > 0 && syy > 0 ? sxy / std::sqrt(sxx * syy) : 0.0;
}

}  // namespace

std::vector<LinearPart::Term> LinearPart::candidate_terms(const Frame& x, std::size_t predictors,
                                                          const std::vector<std::size_t>& rows) {
  std::vector<Term> terms;
  for (std::size_t j = 0; j < predictors; ++j) {
    const Column& column = x[j];
    if (column.is_factor()) {
      if (column.levels > kMostLevels) continue;
      for (int level = 2; level <= column.levels; ++level)
        terms.push_back({Kind::level, j, static_cast<double>(level), 0.0, 0.0});
      continue;
    }
    double sum = 0.0;
    std::size_t seen = 0;
    for (std::size_t row : rows)
      if (!column.missing(row)) sum += column.numbers[row], ++seen;
    terms.push_back({Kind::number, j, 0.0, seen ? sum / seen : 0.0, 0.0});
    if (seen < rows.size()) terms.push_back({Kind::missing, j, 0.0, 0.0, 0.0});
  }
  return terms;
}

void LinearPart::pack(ArchiveWriter& out) const {
  out.value(intercept_);
  out.value(static_cast<std::uint64_t>(terms_.size()));
  for (const Term& term : terms_) {
    out.value(static_cast<std::uint8_t>(term.kind));
    out.value(static_cast<std::uint64_t>(term.column));
    out.value(term.level);
    out.value(term.centre);
    out.value(term.slope);
  }
}

LinearPart LinearPart::unpack(ArchiveReader& in, std::size_t predictors) {
  LinearPart result;
  result.intercept_ = in.value<double>();
  result.terms_.resize(in.count());
  for (Term& term : result.terms_) {
    const auto kind = in.value<std::uint8_t>();
    ArchiveReader::require(kind <= static_cast<std::uint8_t>(Kind::level));
    term.kind = static_cast<Kind>(kind);
    const auto column = in.value<std::uint64_t>();
    ArchiveReader::require(column < predictors);
    term.column = static_cast<std::size_t>(column);
    term.level = in.value<double>();
    term.centre = in.value<double>();
    term.slope = in.value<double>();
  }
  return result;
}

LinearPart LinearPart::fit(const Frame& x, std::size_t predictors,
                           const std::vector<std::size_t>& rows, const std::vector<double>& y) {
  LinearPart result;
  const std::size_t n = rows.size();
  std::vector<Term> terms = candidate_terms(x, predictors, rows);
  std::vector<std::vector<double>> columns(terms.size(), std::vector<double>(n));
  std::vector<std::pair<double, std::size_t>> strength;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    for (std::size_t i = 0; i < n; ++i)
      columns[t][i] = terms[t].of(cell_value(x[terms[t].column], rows[i]));
    strength.push_back({-std::fabs(correlation(columns[t], y)), t});
  }
  std::sort(strength.begin(), strength.end());
  // A term for every ten rows at most: beyond that the slopes are noise.
  const std::size_t kept = std::min({terms.size(), kMostTerms, n / 10});
  std::vector<double> design(n, 1.0);
  for (std::size_t k = 0; k < kept; ++k) {
    const std::size_t t = strength[k].second;
    result.terms_.push_back(terms[t]);
    design.insert(design.end(), columns[t].begin(), columns[t].end());
  }
  const LinearSolution solution = least_squares({design.data(), n, kept + 1}, y, {});
  result.intercept_ = solution.coefficients[0];
  for (std::size_t k = 0; k < kept; ++k) result.terms_[k].slope = solution.coefficients[k + 1];
  return result;
}

}  // namespace causalsynth
