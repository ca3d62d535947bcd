#include "column_law.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "../forest/pack.h"
#include "../forest/predict.h"

namespace causalsynth {
namespace {

constexpr int kTriesInRange = 12;

Frame first_columns(const Frame& data, std::size_t count) {
  Frame result(data.rows());
  for (std::size_t j = 0; j < count; ++j) result.add(data[j]);
  return result;
}

// The leaf of a row given by values: x goes left of cut c if at most c - 1 cuts lie below it.
std::uint32_t leaf_of_values(const Tree& tree, const std::vector<ColumnBins>& columns,
                             const double* row) {
  std::uint32_t at = 0;
  while (!tree.nodes[at].leaf()) {
    const Node& node = tree.nodes[at];
    const double value = row[node.column];
    bool right;
    if (node.factor())
      right = tree.goes_right(at, static_cast<std::uint32_t>(value));
    else if (std::isnan(value))
      right = node.missing_right();
    else if (node.cut == 0)
      right = true;  // only missing values go left
    else
      right = node.cut <= columns[node.column].cuts.size() &&
              value > columns[node.column].cuts[node.cut - 1];
    at = node.left() + right;
  }
  return at;
}

// Between the order statistics of a leaf: piecewise linear quantile function, tails as long as
// half the outermost gap.
double draw_between(const double* sorted, std::size_t count, Stream& stream) {
  if (count == 1) return sorted[0];
  const double position = stream.uniform() * static_cast<double>(count) - 0.5;
  if (position < 0.0) return sorted[0] + position * (sorted[1] - sorted[0]);
  const auto below = static_cast<std::size_t>(position);
  if (below >= count - 1)
    return sorted[count - 1] + (position - (count - 1)) * (sorted[count - 1] - sorted[count - 2]);
  return sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
}

ForestOptions forest_options(const GeneratorOptions& options, std::size_t column, std::size_t rows,
                             std::vector<int> sizes) {
  ForestOptions result;
  result.trees = options.trees;
  result.key = derive_key(options.key, static_cast<std::uint64_t>(StreamTag::generator), column);
  result.mtry = static_cast<int>(column <= 12 ? column : std::max<std::size_t>(12, column / 3));
  if (options.min_node_size > 0) sizes.assign(1, options.min_node_size);
  while (sizes.size() > 1 && sizes.back() > static_cast<int>(rows)) sizes.pop_back();
  result.min_node_size = sizes;
  if (rows == 1) result.min_node_size.assign(1, 1);
  return result;
}

}  // namespace

void ColumnLaw::find_atoms(const Column& column, const GeneratorOptions& options) {
  std::map<double, std::size_t> counts;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (column.missing(i))
      ++missing;
    else
      ++counts[cell_value(column, i)];
  }
  const double threshold = std::max(options.atom_share * static_cast<double>(column.size()), 5.0);
  const bool all = factor_ || counts.size() <= static_cast<std::size_t>(options.most_atoms);
  for (const auto& entry : counts)
    if (all || static_cast<double>(entry.second) >= threshold) atoms_.push_back(entry.first);
  continuous_ = atoms_.size() < counts.size();
  if (missing > 0) atoms_.push_back(factor_ ? 0.0 : std::nan(""));
  if (!counts.empty()) {
    low_ = counts.begin()->first;
    high_ = counts.rbegin()->first;
  }
}

std::size_t ColumnLaw::class_of(double value) const {
  for (std::size_t k = 0; k < atoms_.size(); ++k)
    if (value == atoms_[k] || (std::isnan(value) && std::isnan(atoms_[k]))) return k;
  return atoms_.size();
}

void ColumnLaw::fit_atoms(const Frame& data, const GeneratorOptions& options,
                          const Execution& execution) {
  const std::size_t classes = atoms_.size() + continuous_;
  std::vector<double> labels(data.rows()), counts(classes, 0.0);
  for (std::size_t i = 0; i < data.rows(); ++i) {
    labels[i] = static_cast<double>(class_of(cell_value(data[column_], i)));
    ++counts[static_cast<std::size_t>(labels[i])];
  }
  double sum = 0.0;
  for (double count : counts) shares_.push_back(sum += count);
  const double cells = static_cast<double>(classes) * static_cast<double>(data.rows());
  if (classes < 2 || column_ == 0 || cells > options.most_cells) return;
  const ForestTarget target{classes == 2 ? TargetKind::binary : TargetKind::classes, labels,
                            classes};
  std::vector<int> sizes{5, 10, 20, 50, 100};
  if (cells > options.most_cells / 5) sizes.assign(1, 20);  // each candidate keeps sums of its own
  atom_forest_ = fit_forest(first_columns(data, column_), target,
                            forest_options(options, column_, data.rows(), sizes), execution)
                     .forest;
}

void ColumnLaw::fit_residuals(const Frame& data, const GeneratorOptions& options,
                              const Execution& execution) {
  std::vector<std::size_t> rows;
  std::vector<double> y;
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const double value = cell_value(data[column_], i);
    if (class_of(value) < atoms_.size()) continue;
    rows.push_back(i);
    y.push_back(value);
  }
  linear_ = LinearPart::fit(data, column_, rows, y);
  for (std::size_t i = 0; i < rows.size(); ++i)
    y[i] -= linear_.at([&](std::size_t j) { return cell_value(data[j], rows[i]); });
  if (column_ == 0 || rows.size() < 4) {
    std::sort(y.begin(), y.end());
    residuals_ = y;
    return;
  }
  // The rows that have a value, as a frame of their own.
  std::vector<std::vector<double>> numbers(column_);
  std::vector<std::vector<int>> codes(column_);
  Frame predictors(rows.size());
  for (std::size_t j = 0; j < column_; ++j) {
    for (std::size_t row : rows) {
      if (data[j].is_factor())
        codes[j].push_back(data[j].codes[row]);
      else
        numbers[j].push_back(data[j].numbers[row]);
    }
    predictors.add(data[j].is_factor() ? Column::factor(codes[j], data[j].levels)
                                       : Column::numeric(numbers[j]));
  }
  ForestOptions forest = forest_options(options, column_, rows.size(), {10, 20, 50, 100, 200});
  forest.key = mix64(forest.key);
  forest.min_bucket = 5;  // no leaf has a law of one or two rows
  if (options.min_node_size == 0 && forest.min_node_size.back() < static_cast<int>(rows.size()))
    forest.min_node_size.push_back(static_cast<int>(rows.size()));  // no structure: the root alone
  residual_forest_ = fit_forest(predictors, {TargetKind::mean, y, 0}, forest, execution).forest;

  const auto leaves = predict_leaves(residual_forest_, predictors, execution);
  const std::size_t n = rows.size(), trees = residual_forest_.trees.size();
  residuals_.resize(n * trees);
  leaf_at_.resize(trees);
  for (std::size_t t = 0; t < trees; ++t) {
    auto& at = leaf_at_[t];
    at.assign(residual_forest_.trees[t].nodes.size() + 1, 0);
    for (std::size_t i = 0; i < n; ++i) ++at[leaves[i + t * n] + 1];
    for (std::size_t l = 1; l < at.size(); ++l) at[l] += at[l - 1];
    std::vector<std::uint32_t> next(at.begin(), at.end() - 1);
    double* base = residuals_.data() + t * n;
    for (std::size_t i = 0; i < n; ++i) base[next[leaves[i + t * n]]++] = y[i];
    for (std::size_t l = 0; l + 1 < at.size(); ++l) std::sort(base + at[l], base + at[l + 1]);
  }
}

ColumnLaw ColumnLaw::fit(const Frame& data, std::size_t column, const GeneratorOptions& options,
                         const Execution& execution) {
  ColumnLaw law;
  law.column_ = column;
  law.factor_ = data[column].is_factor();
  law.find_atoms(data[column], options);
  law.fit_atoms(data, options, execution);
  if (law.continuous_) law.fit_residuals(data, options, execution);
  return law;
}

double ColumnLaw::draw_number(const double* row, Stream& stream) const {
  const double centre = linear_.at([row](std::size_t j) { return row[j]; });
  double value = centre;
  for (int attempt = 0; attempt < kTriesInRange; ++attempt) {
    if (leaf_at_.empty()) {
      value = centre + draw_between(residuals_.data(), residuals_.size(), stream);
    } else {
      const std::size_t trees = leaf_at_.size();
      const std::size_t t = stream.below(static_cast<std::uint32_t>(trees));
      const auto leaf =
          leaf_of_values(residual_forest_.trees[t], residual_forest_.quantiser.columns(), row);
      const auto& at = leaf_at_[t];
      const double* base = residuals_.data() + t * (residuals_.size() / trees);
      value = centre + draw_between(base + at[leaf], at[leaf + 1] - at[leaf], stream);
    }
    if (value >= low_ && value <= high_) return value;
  }
  // The linear part has left the column's range: somewhere in the nearer quarter of it.
  const double reach = stream.uniform() * (high_ - low_) / 4;
  return value < low_ ? low_ + reach : high_ - reach;
}

double ColumnLaw::draw(const double* row, Stream& stream) const {
  const std::size_t classes = atoms_.size() + continuous_;
  std::size_t drawn = 0;
  if (classes > 1 && atom_forest_.trees.empty()) {
    drawn = stream.choose(shares_);
  } else if (classes > 1) {
    // A class from the shares in the leaf of a random tree: in law, the forest's mean
    // probabilities.
    const Tree& tree =
        atom_forest_.trees[stream.below(static_cast<std::uint32_t>(atom_forest_.trees.size()))];
    const auto leaf = leaf_of_values(tree, atom_forest_.quantiser.columns(), row);
    double left = stream.uniform();
    const double* shares = tree.value(leaf, atom_forest_.width);
    if (atom_forest_.width == 1) {
      drawn = left < shares[0];
    } else {
      while (drawn + 1 < classes && left >= shares[drawn]) left -= shares[drawn++];
    }
  }
  return drawn < atoms_.size() ? atoms_[drawn] : draw_number(row, stream);
}

void ColumnLaw::pack(ArchiveWriter& out) const {
  out.value(static_cast<std::uint64_t>(column_));
  out.value(static_cast<std::uint8_t>(factor_));
  out.value(static_cast<std::uint8_t>(continuous_));
  out.value(low_);
  out.value(high_);
  out.vector(atoms_);
  out.vector(shares_);
  out.vector(residuals_);
  linear_.pack(out);
  out.value(static_cast<std::uint64_t>(leaf_at_.size()));
  for (const auto& at : leaf_at_) out.vector(at);
  causalsynth::pack(atom_forest_, out);
  causalsynth::pack(residual_forest_, out);
}

ColumnLaw ColumnLaw::unpack(ArchiveReader& in) {
  ColumnLaw law;
  law.column_ = static_cast<std::size_t>(in.value<std::uint64_t>());
  law.factor_ = in.value<std::uint8_t>() != 0;
  law.continuous_ = in.value<std::uint8_t>() != 0;
  law.low_ = in.value<double>();
  law.high_ = in.value<double>();
  in.vector(law.atoms_);
  in.vector(law.shares_);
  in.vector(law.residuals_);
  law.linear_ = LinearPart::unpack(in, law.column_);
  law.leaf_at_.resize(in.count());
  for (auto& at : law.leaf_at_) in.vector(at);
  law.atom_forest_ = unpack_forest(in);
  law.residual_forest_ = unpack_forest(in);
  law.check();
  return law;
}

// What draw() relies on.
void ColumnLaw::check() const {
  const std::size_t classes = atoms_.size() + continuous_, trees = leaf_at_.size();
  ArchiveReader::require(classes >= 1 && shares_.size() == classes);
  for (const Forest* forest : {&atom_forest_, &residual_forest_})
    ArchiveReader::require(forest->trees.empty() || forest->quantiser.columns().size() == column_);
  ArchiveReader::require(atom_forest_.trees.empty() ||
                         atom_forest_.width == (classes == 2 ? 1 : classes));
  ArchiveReader::require(residual_forest_.trees.size() == trees);
  ArchiveReader::require(!continuous_ || (!residuals_.empty() && !factor_));
  if (factor_)
    for (const double code : atoms_)
      ArchiveReader::require(code >= 0.0 && code == std::floor(code));
  for (std::size_t t = 0; t < trees; ++t) {
    const auto& at = leaf_at_[t];
    ArchiveReader::require(at.size() == residual_forest_.trees[t].nodes.size() + 1);
    ArchiveReader::require(at.front() == 0 && at.back() <= residuals_.size() / trees);
    for (std::size_t l = 1; l < at.size(); ++l)
      ArchiveReader::require(at[l] > at[l - 1] || (at[l] == at[l - 1] &&
                                                   !residual_forest_.trees[t].nodes[l - 1].leaf()));
  }
}

// Walks down the forests look a factor's code up in sets of bits.
void ColumnLaw::check_codes(const std::vector<ColumnLaw>& before) const {
  for (const Forest* forest : {&atom_forest_, &residual_forest_}) {
    if (forest->trees.empty()) continue;
    for (std::size_t j = 0; j < column_; ++j) {
      const ColumnBins& bins = forest->quantiser.columns()[j];
      ArchiveReader::require(bins.factor == before[j].factor_);
      if (!bins.factor) continue;
      for (const double code : before[j].atoms_) ArchiveReader::require(code <= bins.bins);
    }
  }
}

}  // namespace causalsynth
