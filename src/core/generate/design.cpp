#include "design.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace causalsynth {
namespace {

constexpr std::size_t kMostLevels = 30;  // factors with more are left to the forest
constexpr std::size_t kMostParents = 12;  // terms whose products are tried
constexpr double kProductT = 3.0;         // a product's association must be so many standard errors

double weight_of(const DesignTarget& target, std::size_t i) {
  return target.weights.empty() ? 1.0 : target.weights[i];
}

}  // namespace

double Design::Factor::of(const RowView& data, std::size_t row) const {
  if (kind == Kind::level) return data.value[column][row] == level;
  if (kind == Kind::missing) {
    const double value = data.value[column][row];
    return data.scaled[column] ? value != value : value == 0.0;
  }
  const double z = data.scaled[column][row];
  return z != z ? 0.0 : z - centre;
}

std::vector<Design::Term> Design::candidates(const ColumnMargin& margin, std::size_t column) {
  std::vector<Term> result;
  auto add = [&](Kind kind, double level) {
    Term term;
    term.first = {kind, column, level, 0.0};
    result.push_back(term);
  };
  const auto& atoms = margin.atoms();
  if (margin.has_missing()) add(Kind::missing, 0.0);
  if (margin.factor()) {
    if (atoms.size() > kMostLevels) return result;
    for (std::size_t k = margin.has_missing() ? 0 : 1; k < atoms.size(); ++k)
      add(Kind::level, atoms[k]);
    return result;
  }
  add(Kind::number, 0.0);
  if (margin.continuous())
    for (std::size_t k = 0; k < std::min(atoms.size(), kMostLevels); ++k)
      add(Kind::level, atoms[k]);
  return result;
}

// False for a term that is the same in all rows.
bool Design::standardise(Term& term, const DesignTarget& target) {
  double sum = 0.0, weights = 0.0, square = 0.0;
  if (term.first.kind == Kind::number && !term.product) {
    double seen = 0.0;
    for (std::size_t i = 0; i < target.rows.size(); ++i) {
      const double z = target.data.scaled[term.first.column][target.rows[i]];
      if (z == z) sum += weight_of(target, i) * z, seen += weight_of(target, i);
    }
    term.first.centre = seen > 0.0 ? sum / seen : 0.0;
    sum = 0.0;
  }
  term.mean = 0.0;
  term.scale = 1.0;
  std::vector<double> values(target.rows.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = term.of(target.data, target.rows[i]);
    sum += weight_of(target, i) * values[i];
    weights += weight_of(target, i);
  }
  term.mean = sum / weights;
  for (std::size_t i = 0; i < values.size(); ++i)
    square += weight_of(target, i) * (values[i] - term.mean) * (values[i] - term.mean);
  const double sd = std::sqrt(square / weights);
  if (!(sd > 1e-9 * std::max(1.0, std::fabs(term.mean)))) return false;
  term.scale = 1.0 / sd;
  return true;
}

// Of a standardised term: the share of its variance that the target's numbers (squared
// correlation) or classes (between-class variance) account for.
double Design::association(const Term& term, const DesignTarget& target) {
  const std::size_t n = target.rows.size();
  if (!target.numbers.empty()) {
    double sy = 0, syy = 0, sxy = 0, sw = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double w = weight_of(target, i), y = target.numbers[i];
      sw += w, sy += w * y, syy += w * y * y, sxy += w * y * term.of(target.data, target.rows[i]);
    }
    const double variance = syy / sw - (sy / sw) * (sy / sw);
    return variance > 0 ? (sxy / sw) * (sxy / sw) / variance : 0.0;
  }
  std::vector<double> sums, counts;
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(target.classes[i]);
    if (k >= sums.size()) sums.resize(k + 1, 0.0), counts.resize(k + 1, 0.0);
    const double w = weight_of(target, i);
    sums[k] += w * term.of(target.data, target.rows[i]);
    counts[k] += w;
    total += w;
  }
  double between = 0.0;
  for (std::size_t k = 0; k < sums.size(); ++k)
    if (counts[k] > 0.0) between += sums[k] * sums[k] / counts[k] / total;
  return between;
}

Design Design::choose(const std::vector<ColumnMargin>& margins, std::size_t columns,
                      const DesignTarget& target, std::size_t most) {
  Design design;
  std::vector<std::pair<double, std::size_t>> strength;
  std::vector<Term> all;
  for (std::size_t j = 0; j < columns; ++j)
    for (Term& term : candidates(margins[j], j)) {
      if (!standardise(term, target)) continue;
      strength.push_back({-association(term, target), all.size()});
      all.push_back(term);
    }
  std::sort(strength.begin(), strength.end());
  if (strength.size() > most) strength.resize(most);
  for (const auto& entry : strength) design.terms_.push_back(all[entry.second]);
  return design;
}

std::size_t Design::add_products(const DesignTarget& target, const std::vector<double>& strength,
                                 std::size_t most) {
  std::vector<std::size_t> parents(terms_.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  std::sort(parents.begin(), parents.end(), [&](std::size_t a, std::size_t b) {
    const double left = std::fabs(strength[a]), right = std::fabs(strength[b]);
    return left > right || (left == right && a < b);
  });
  if (parents.size() > kMostParents) parents.resize(kMostParents);
  std::vector<std::pair<double, std::size_t>> found;
  std::vector<Term> products;
  for (std::size_t a = 0; a < parents.size(); ++a)
    for (std::size_t b = a; b < parents.size(); ++b) {
      Term term;
      term.first = terms_[parents[a]].first;
      term.second = terms_[parents[b]].first;
      term.product = true;
      const bool same = term.first.column == term.second.column;
      if (same && (a != b || term.first.kind != Kind::number)) continue;
      if (!standardise(term, target)) continue;
      const double share = association(term, target);
      const double n = static_cast<double>(target.rows.size());
      if (share * n < kProductT * kProductT) continue;
      found.push_back({-share, products.size()});
      products.push_back(term);
    }
  std::sort(found.begin(), found.end());
  if (found.size() > most) found.resize(most);
  for (const auto& entry : found) terms_.push_back(products[entry.second]);
  return found.size();
}

std::vector<double> Design::matrix(const RowView& data,
                                   const std::vector<std::size_t>& rows) const {
  std::vector<double> result(rows.size() * (terms_.size() + 1), 1.0);
  double* at = result.data() + rows.size();
  for (const Term& term : terms_)
    for (const std::size_t row : rows) *at++ = term.of(data, row);
  return result;
}

void Design::add(const RowView& data, const std::vector<std::uint32_t>& rows,
                 const std::vector<double>& coefficients, double* out) const {
  double constant = coefficients[0];
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const Term& term = terms_[t];
    const double slope = coefficients[t + 1] * term.scale;
    constant -= slope * term.mean;
    if (slope == 0.0) continue;
    const std::size_t n = rows.size();
    if (term.product) {
      for (std::size_t i = 0; i < n; ++i)
        out[i] += slope * term.first.of(data, rows[i]) * term.second.of(data, rows[i]);
    } else if (term.first.kind == Kind::level) {
      const double* value = data.value[term.first.column];
      for (std::size_t i = 0; i < n; ++i)
        out[i] += value[rows[i]] == term.first.level ? slope : 0.0;
    } else {
      for (std::size_t i = 0; i < n; ++i) out[i] += slope * term.first.of(data, rows[i]);
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] += constant;
}

void Design::pack(ArchiveWriter& out) const {
  out.value(static_cast<std::uint64_t>(terms_.size()));
  for (const Term& term : terms_) {
    for (const Factor* factor : {&term.first, &term.second}) {
      out.value(static_cast<std::uint8_t>(factor->kind));
      out.value(static_cast<std::uint64_t>(factor->column));
      out.value(factor->level);
      out.value(factor->centre);
    }
    out.value(static_cast<std::uint8_t>(term.product));
    out.value(term.mean);
    out.value(term.scale);
  }
}

Design Design::unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                      std::size_t columns) {
  Design design;
  design.terms_.resize(in.count());
  for (Term& term : design.terms_) {
    for (Factor* factor : {&term.first, &term.second}) {
      const auto kind = in.value<std::uint8_t>();
      ArchiveReader::require(kind <= static_cast<std::uint8_t>(Kind::level));
      factor->kind = static_cast<Kind>(kind);
      const auto column = in.value<std::uint64_t>();
      ArchiveReader::require(column < columns);
      factor->column = static_cast<std::size_t>(column);
      factor->level = in.value<double>();
      factor->centre = in.value<double>();
    }
    term.product = in.value<std::uint8_t>() != 0;
    // Factors have no scaled numbers.
    ArchiveReader::require(term.first.kind != Kind::number ||
                           !margins[term.first.column].factor());
    ArchiveReader::require(!term.product || term.second.kind != Kind::number ||
                           !margins[term.second.column].factor());
    term.mean = in.value<double>();
    term.scale = in.value<double>();
  }
  return design;
}

}  // namespace causalsynth
