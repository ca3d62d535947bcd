#include "margin.h"

#include <algorithm>
#include <map>

namespace causalsynth {
namespace {

constexpr std::size_t kMostEdges = 120;
constexpr double kStandsOut = 3.0;   // a spike has so many times the rows of its neighbours
constexpr std::size_t kNeighbours = 6;

// Rows of each value, ascending, without the missing ones.
std::map<double, std::size_t> count_values(const Column& column) {
  std::map<double, std::size_t> counts;
  for (std::size_t i = 0; i < column.size(); ++i)
    if (!column.missing(i)) ++counts[cell_value(column, i)];
  return counts;
}

// Whether value number k has many times the mean count of the values around it.
bool stands_out(const std::vector<std::size_t>& counts, std::size_t k) {
  const std::size_t from = k > kNeighbours ? k - kNeighbours : 0;
  const std::size_t to = std::min(counts.size(), k + kNeighbours + 1);
  double sum = 0.0;
  for (std::size_t i = from; i < to; ++i)
    if (i != k) sum += static_cast<double>(counts[i]);
  return static_cast<double>(counts[k]) * static_cast<double>(to - from - 1) >= kStandsOut * sum;
}

}  // namespace

void GeneratorOptions::validate(std::size_t rows, std::size_t columns) const {
  require(trees >= 1, "trees must be at least 1");
  require(min_node_size >= 0, "min_node_size must not be negative");
  require(most_atoms >= 2, "most_atoms must be at least 2");
  require(atom_share > 0.0 && atom_share <= 1.0, "atom_share must be in (0, 1]");
  require(min_count >= 1, "min_count must be at least 1");
  require(decimals.empty() || decimals.size() == columns, "decimals: one a column");
  require(ordered.empty() || ordered.size() == columns, "ordered: one a column");
  require(weights.empty() || weights.size() == rows, "weights: one a row");
}

void ColumnMargin::find_atoms(const Column& column, const GeneratorOptions& options) {
  const auto counted = count_values(column);
  std::vector<double> values;
  std::vector<std::size_t> counts;
  std::size_t seen = 0;
  for (const auto& entry : counted) {
    values.push_back(entry.first);
    counts.push_back(entry.second);
    seen += entry.second;
  }
  const auto enough = static_cast<std::size_t>(options.min_count);
  const bool all = factor_ || values.size() <= static_cast<std::size_t>(options.most_atoms);
  const double share = options.atom_share * static_cast<double>(column.size());
  std::size_t kept = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const bool spike = static_cast<double>(counts[k]) >= share && stands_out(counts, k);
    if (counts[k] < enough || !(all || spike)) continue;
    atoms_.push_back(values[k]);
    kept += counts[k];
  }
  if (values.empty()) {
    missing_ = true;
    return;
  }
  const std::size_t rest = seen - kept;
  if (factor_ || values.size() == 1) {
    // Where no level has enough rows, all are alike.
    if (atoms_.empty()) atoms_ = values;
    else protected_ = values.size() - atoms_.size();
  } else if (rest > 0) {
    continuous_ = atoms_.empty() || (!all && rest >= enough);
    nearest_ = !continuous_;
  }
  const std::size_t gaps = column.size() - seen;
  missing_ = gaps >= enough || (gaps > 0 && gaps * 5 >= column.size());
}

void ColumnMargin::learn_edges(std::vector<double> sorted, Stream& stream) {
  std::vector<double> distinct(sorted);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  auto edge_below = [&](std::size_t k) {  // k >= 1, in distinct
    edges_.push_back(jitter_between(distinct[k - 1], distinct[k], stream));
  };
  if (distinct.size() <= kMostEdges + 1) {
    for (std::size_t k = 1; k < distinct.size(); ++k) edge_below(k);
    return;
  }
  std::vector<std::size_t> at;
  auto position = [&](double value) {
    return static_cast<std::size_t>(
        std::lower_bound(distinct.begin(), distinct.end(), value) - distinct.begin());
  };
  for (std::size_t e = 1; e <= kMostEdges; ++e)
    at.push_back(position(sorted[e * sorted.size() / (kMostEdges + 1)]));
  for (const double atom : atoms_) {
    at.push_back(position(atom));
    at.push_back(position(atom) + 1);
  }
  std::sort(at.begin(), at.end());
  at.erase(std::unique(at.begin(), at.end()), at.end());
  for (const std::size_t k : at)
    if (k >= 1 && k < distinct.size()) edge_below(k);
}

void ColumnMargin::learn_numbers(const Column& column, const GeneratorOptions& options,
                                 Stream& stream) {
  std::vector<double> all, weights;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const double value = column.numbers[i];
    if (std::isnan(value)) continue;
    all.push_back(value);
    if (class_of(value) != static_cast<int>(number_class()) || !continuous_) continue;
    spread_.rows.push_back(i);
    spread_.values.push_back(value + step() * (stream.uniform() - 0.5));
    if (!options.weights.empty()) weights.push_back(options.weights[i]);
  }
  std::sort(all.begin(), all.end());
  learn_edges(std::move(all), stream);
  if (!continuous_) return;
  law_ = ScoreLaw::learn(spread_.values, weights, ScoreLaw::Use::numbers, stream,
                         &spread_.left_out);
}

ColumnMargin ColumnMargin::learn(const Column& column, const GeneratorOptions& options,
                                 std::size_t j, Stream& stream) {
  ColumnMargin margin;
  margin.factor_ = column.is_factor();
  margin.levels_ = column.levels;
  margin.ordered_ = !options.ordered.empty() && options.ordered[j] != 0;
  margin.decimals_ = options.decimals.empty() ? -1 : options.decimals[j];
  margin.find_atoms(column, options);
  if (!margin.factor_) margin.learn_numbers(column, options, stream);
  return margin;
}

bool ColumnMargin::is_atom(double value) const {
  return std::binary_search(atoms_.begin(), atoms_.end(), value);
}

int ColumnMargin::class_of(double value) const {
  if (is_missing(value))
    return missing_ ? static_cast<int>(atoms_.size() + continuous_) : kUnseen;
  const auto found = std::lower_bound(atoms_.begin(), atoms_.end(), value);
  if (found != atoms_.end() && *found == value) return static_cast<int>(found - atoms_.begin());
  if (continuous_) return static_cast<int>(atoms_.size());
  if (!nearest_) return kUnseen;
  if (found == atoms_.end()) return static_cast<int>(atoms_.size()) - 1;
  const auto k = static_cast<int>(found - atoms_.begin());
  return k > 0 && value - atoms_[k - 1] < *found - value ? k - 1 : k;
}

std::uint16_t ColumnMargin::code(double value) const {
  if (is_missing(value)) return 0;
  if (factor_) return static_cast<std::uint16_t>(value);
  const auto above = std::lower_bound(edges_.begin(), edges_.end(), value);
  return static_cast<std::uint16_t>(1 + (above - edges_.begin()));
}

double ColumnMargin::step() const {
  return decimals_ < 0 ? 0.0 : std::pow(10.0, -decimals_);
}

double ColumnMargin::rounded(double value) const {
  static constexpr double kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
  if (decimals_ < 0) return value;
  return std::nearbyint(value * kPowers[decimals_]) / kPowers[decimals_];
}

void ColumnMargin::pack(ArchiveWriter& out) const {
  for (const bool flag : {factor_, ordered_, continuous_, missing_, scored_, nearest_})
    out.value(static_cast<std::uint8_t>(flag));
  out.value(static_cast<std::int32_t>(levels_));
  out.value(static_cast<std::int32_t>(decimals_));
  out.value(static_cast<std::uint64_t>(protected_));
  out.vector(atoms_);
  out.vector(edges_);
  law_.pack(out);
}

ColumnMargin ColumnMargin::unpack(ArchiveReader& in) {
  ColumnMargin margin;
  for (bool* flag : {&margin.factor_, &margin.ordered_, &margin.continuous_, &margin.missing_,
                     &margin.scored_, &margin.nearest_})
    *flag = in.value<std::uint8_t>() != 0;
  margin.levels_ = in.value<std::int32_t>();
  margin.decimals_ = in.value<std::int32_t>();
  margin.protected_ = static_cast<std::size_t>(in.value<std::uint64_t>());
  in.vector(margin.atoms_);
  in.vector(margin.edges_);
  margin.law_ = ScoreLaw::unpack(in);
  ArchiveReader::require(margin.classes() >= 1 && margin.edges_.size() < 65000);
  ArchiveReader::require(margin.decimals_ >= -1 && margin.decimals_ <= 6);
  ArchiveReader::require(margin.levels_ >= 0 && margin.levels_ < 65000);
  ArchiveReader::require(margin.factor_ == (margin.levels_ > 0));
  ArchiveReader::require(!margin.factor_ || !margin.continuous_);
  ArchiveReader::require(margin.continuous_ != margin.law_.empty());
  for (std::size_t k = 0; k < margin.atoms_.size(); ++k) {
    const double atom = margin.atoms_[k];
    ArchiveReader::require(std::isfinite(atom) && (k == 0 || atom > margin.atoms_[k - 1]));
    ArchiveReader::require(!margin.factor_ ||
                           (atom >= 1.0 && atom <= margin.levels_ && atom == std::floor(atom)));
  }
  for (std::size_t k = 1; k < margin.edges_.size(); ++k)
    ArchiveReader::require(margin.edges_[k] >= margin.edges_[k - 1]);
  return margin;
}

}  // namespace causalsynth
