#include "number_law.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../forest/predict.h"
#include "../linear/ridge.h"

namespace causalsynth {
namespace {

constexpr std::size_t kMostTerms = 64, kMostProducts = 12, kFewest = 10;
constexpr std::size_t kLeafBins = 16;
constexpr double kLeafPrior = 6.0;  // rows' worth of the common law in each leaf's histogram
constexpr double kLeastWeight = 0.04;
constexpr double kBetter = 4.0;     // by how much log score another term or scale must pay
constexpr int kTriesInRange = 10;

double sum_of(const std::vector<double>& x, Span<const double> weights) {
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (weights.empty() ? 1.0 : weights[i]) * x[i];
  return sum;
}

// Skewed or heavy-tailed: then the scale of scores is the better guess.
bool far_from_normal(const std::vector<double>& x) {
  const double n = static_cast<double>(x.size());
  double mean = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0;
  for (double v : x) mean += v / n;
  for (double v : x) {
    const double d = v - mean;
    m2 += d * d / n, m3 += d * d * d / n, m4 += d * d * d * d / n;
  }
  return m2 > 0.0 && (std::fabs(m3) > 0.8 * std::pow(m2, 1.5) || m4 > 6.0 * m2 * m2);
}

}  // namespace

struct NumberLaw::Learning {
  const LawInput& input;
  const ColumnMargin& margin;
  const std::vector<std::size_t>& rows;
  const std::vector<double>& values;
  std::vector<double> weights;   // of the rows; empty: ones
  std::vector<double> residual;  // left out, divided by the spread
  std::vector<double> cell;      // of the residual in a leaf's histogram
  std::vector<std::vector<double>> density{3};
  Stream stream;
};

// A linear part with a law of its residuals on one of the two scales.
struct NumberLaw::Candidate {
  bool scored = false;
  Design design;
  RidgeFit fit;
  std::vector<double> target, log_spread;       // response; log spread of each row (empty: 0)
  std::vector<double> spread_coefficients;
  std::vector<double> left_out;                 // log density of each row on the response's scale
  double score = -HUGE_VAL;

  void regress(const Learning& at);
  void judge(const Learning& at, double gain);
  void try_spread(const Learning& at, double gain);
  void try_products(const Learning& at, double gain);
  double spread(std::size_t i) const { return log_spread.empty() ? 1.0 : std::exp(log_spread[i]); }
};

void NumberLaw::Candidate::regress(const Learning& at) {
  const std::size_t n = at.rows.size();
  const std::vector<double> x = design.matrix(at.input.data, at.rows);
  const RidgeRegression regression({{x.data(), n, design.terms() + 1}, target, at.weights});
  double best = HUGE_VAL;
  for (const double penalty : ridge_penalties(n, design.terms())) {
    RidgeFit now = regression.fit(penalty);
    std::vector<double> square(n);
    for (std::size_t i = 0; i < n; ++i)
      square[i] = (target[i] - now.left_out[i]) * (target[i] - now.left_out[i]);
    const double error = sum_of(square, at.weights);
    if (error < best) best = error, fit = std::move(now);
  }
}

// Log score of the residuals by their own smooth law. `gain`: log density won by the scale.
void NumberLaw::Candidate::judge(const Learning& at, double gain) {
  std::vector<double> residual(target.size());
  for (std::size_t i = 0; i < residual.size(); ++i)
    residual[i] = (target[i] - fit.left_out[i]) / spread(i);
  Stream stream(at.input.key, StreamTag::generator, 1);
  ScoreLaw::learn(residual, at.weights, ScoreLaw::Use::residuals, stream, &left_out);
  for (std::size_t i = 0; i < log_spread.size(); ++i) left_out[i] -= log_spread[i];
  score = sum_of(left_out, at.weights) + gain;
}

void NumberLaw::Candidate::try_products(const Learning& at, double gain) {
  Candidate wider = *this;
  std::vector<double> left(target.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = target[i] - fit.left_out[i];
  const DesignTarget rest{at.input.data, at.rows, left, {}, at.weights};
  const std::vector<double> strength(fit.coefficients.begin() + 1, fit.coefficients.end());
  if (wider.design.add_products(rest, strength, std::min(kMostProducts, left.size() / 50)) == 0)
    return;
  wider.regress(at);
  wider.judge(at, gain);
  if (wider.score > score + kBetter) *this = std::move(wider);
}

// The log of the absolute residual regressed on the same terms; predictions without the row itself.
void NumberLaw::Candidate::try_spread(const Learning& at, double gain) {
  const std::size_t n = target.size();
  if (design.terms() == 0 || n < 20 * (design.terms() + 2)) return;
  Candidate other = *this;
  std::vector<double> size(n);
  double typical = 0.0;
  for (std::size_t i = 0; i < n; ++i) typical += std::fabs(target[i] - fit.left_out[i]) / n;
  if (!(typical > 0.0)) return;
  for (std::size_t i = 0; i < n; ++i)
    size[i] = std::log(std::max(std::fabs(target[i] - fit.left_out[i]), 0.01 * typical) / typical);
  const std::vector<double> x = design.matrix(at.input.data, at.rows);
  const RidgeFit spread =
      RidgeRegression({{x.data(), n, design.terms() + 1}, size, at.weights}).fit(0.02 * n);
  const double middle = sum_of(spread.fitted, {}) / n;
  other.log_spread.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    other.log_spread[i] = std::min(std::max(spread.left_out[i] - middle, -2.0), 2.0);
  other.judge(at, gain);
  if (!(other.score > score + kBetter)) return;
  other.spread_coefficients = spread.coefficients;
  other.spread_coefficients[0] -= middle;
  *this = std::move(other);
}

NumberLaw::Candidate NumberLaw::try_scale(const Learning& at, bool scored) {
  Candidate result;
  result.scored = scored;
  const std::size_t n = at.values.size();
  double gain = 0.0;  // of the density on the column's own scale, left-out corrected
  result.target = at.values;
  for (std::size_t i = 0; scored && i < n; ++i) {
    const double w = at.weights.empty() ? 1.0 : at.weights[i];
    const double z = at.margin.law().score(at.values[i]);
    result.target[i] = z;
    gain += w * (at.margin.spread().left_out[i] + 0.5 * z * z + 0.918938533204673);
  }
  const DesignTarget target{at.input.data, at.rows, result.target, {}, at.weights};
  const std::size_t most = std::min(kMostTerms, n / 10);
  if (n >= kFewest) result.design = Design::choose(at.input.margins, at.input.column, target, most);
  result.regress(at);
  result.judge(at, gain);
  if (result.design.terms() == 0) return result;
  result.try_products(at, gain);
  result.try_spread(at, gain);
  return result;
}

// Histograms of the residuals' cells in the leaves, from each tree's bag; rows outside it score
// them.
void NumberLaw::fill_leaves(Learning& at, const Forest& forest, const CodeFrame& predictors,
                            const Sampling& sampling) {
  const std::size_t n = at.rows.size(), trees = forest.trees.size();
  Execution serial;
  serial.threads = 1;
  const auto leaves = predict_leaves(forest, predictors.frame(), serial);
  const Bags bags(forest.options, sampling, n);
  std::vector<std::uint32_t> bag;
  std::vector<double> sums(n, 0.0), counts(n, 0.0), shares(kLeafBins);
  std::size_t first = 0;
  for (std::size_t t = 0; t < trees; ++t) {
    const Tree& tree = forest.trees[t];
    bags.draw(t, bag);
    std::vector<double> cells(tree.leaves() * kLeafBins, kLeafPrior / kLeafBins);
    std::vector<double> totals(tree.leaves(), kLeafPrior);
    auto leaf_of = [&](std::size_t i) {
      return tree.nodes[static_cast<std::size_t>(leaves[i + t * n])].leaf_number();
    };
    for (std::size_t i = 0; i < n; ++i) {
      if (bag[i] == 0) continue;
      cells[leaf_of(i) * kLeafBins + static_cast<std::size_t>(at.cell[i])] += bag[i];
      totals[leaf_of(i)] += bag[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (bag[i] > 0) continue;
      sums[i] += cells[leaf_of(i) * kLeafBins + static_cast<std::size_t>(at.cell[i])] /
                 totals[leaf_of(i)] * kLeafBins;
      ++counts[i];
    }
    for (std::size_t l = 0; l < tree.leaves(); ++l)
      forest_.set_shares(first + l, cells.data() + l * kLeafBins);
    first += tree.leaves();
  }
  auto& density = at.density[2];
  density.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    density[i] = at.density[0][i] * (counts[i] > 0 ? sums[i] / counts[i] : 1.0);
}

void NumberLaw::fit_forest(Learning& at, const Candidate& chosen) {
  const std::size_t n = at.rows.size();
  if (n < 40) return;
  const CodeFrame predictors(at.input.margins, at.input.column, at.input.data, at.rows);
  const ForestOptions options =
      generator_forest(at.input.options, at.input.column, n, at.input.key);
  Sampling sampling;
  sampling.weights = at.weights;
  Execution serial;
  serial.threads = 1;
  const ForestFit fit = causalsynth::fit_forest(
      predictors.frame(), {TargetKind::mean, at.residual, 0}, options, sampling, serial);
  forest_ = LeafForest(fit.forest, kLeafBins);
  forest_.keep_means(fit.forest);
  std::vector<double> around(n), scores;
  for (std::size_t i = 0; i < n; ++i)
    around[i] = at.residual[i] - (std::isnan(fit.out_of_bag[i]) ? 0.0 : fit.out_of_bag[i]);
  around_ = ScoreLaw::learn(around, at.weights, ScoreLaw::Use::residuals, at.stream, &scores);
  at.cell.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double p = common_.cdf(at.residual[i]);
    at.cell[i] = std::min(std::floor(p * kLeafBins), kLeafBins - 1.0);
    at.density[0].push_back(std::exp(chosen.left_out[i]));
    at.density[1].push_back(std::exp(scores[i] - std::log(chosen.spread(i))));
  }
  fill_leaves(at, fit.forest, predictors, sampling);
  weights_ = mixture_weights(at.density, at.weights, kLeastWeight);
  if (weights_[0] == 1.0) forest_ = LeafForest(), around_ = ScoreLaw();
}

NumberLaw NumberLaw::fit(const LawInput& input) {
  const ColumnMargin& margin = input.margins[input.column];
  Learning at{input, margin, margin.spread().rows, margin.spread().values, {}, {}, {},
              std::vector<std::vector<double>>(3),
              Stream(input.key, StreamTag::generator, 0)};
  if (!input.options.weights.empty())
    for (const std::size_t row : at.rows) at.weights.push_back(input.options.weights[row]);
  NumberLaw law;
  const bool guess = far_from_normal(at.values);
  Candidate chosen = try_scale(at, guess);
  if (chosen.design.terms() > 0) {
    Candidate other = try_scale(at, !guess);
    if (other.score > chosen.score + kBetter) chosen = std::move(other);
  }
  law.scored_ = chosen.scored;
  law.design_ = chosen.design;
  law.coefficients_ = chosen.fit.coefficients;
  law.log_spread_ = chosen.spread_coefficients;
  if (!chosen.log_spread.empty()) {
    const auto range = std::minmax_element(chosen.log_spread.begin(), chosen.log_spread.end());
    law.spread_low_ = *range.first;
    law.spread_high_ = *range.second;
  }
  const std::size_t n = at.rows.size();
  std::vector<double> fair(n);  // of the noise's own variance: between fitted and left out
  at.residual.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double e = chosen.target[i] - chosen.fit.left_out[i];
    fair[i] = e * std::sqrt(1.0 - chosen.fit.leverage[i]) / chosen.spread(i);
    at.residual[i] = e / chosen.spread(i);
  }
  law.common_ = ScoreLaw::learn(fair, at.weights, ScoreLaw::Use::residuals, at.stream);
  if (input.column > 0) law.fit_forest(at, chosen);
  return law;
}

void NumberLaw::centres(const RowView& data, const std::vector<std::uint32_t>& rows,
                        std::vector<double>& centre, std::vector<double>& spread) const {
  centre.assign(rows.size(), 0.0);
  design_.add(data, rows, coefficients_, centre.data());
  spread.assign(rows.size(), 0.0);
  if (!log_spread_.empty()) design_.add(data, rows, log_spread_, spread.data());
  for (double& s : spread) s = std::exp(std::min(std::max(s, spread_low_), spread_high_));
}

double NumberLaw::draw_residual(const RowView& data, std::size_t row, Stream& stream) const {
  if (forest_.empty()) return common_.draw(stream);
  const double u = stream.uniform();
  if (u < weights_[0]) return common_.draw(stream);
  if (u < weights_[0] + weights_[1]) return forest_.mean(data, row) + around_.draw(stream);
  const std::size_t tree = stream.below(static_cast<std::uint32_t>(forest_.trees()));
  const std::size_t bin = forest_.draw_class(forest_.leaf(tree, data, row), stream);
  return common_.quantile((bin + stream.uniform()) / kLeafBins);
}

void NumberLaw::draw(const ColumnMargin& margin, const RowView& data,
                     const std::vector<std::uint32_t>& rows, Stream& stream, double* out) const {
  std::vector<double> centre, spread;
  centres(data, rows, centre, spread);
  const double low = scored_ ? margin.law().score(margin.low()) : margin.low();
  const double high = scored_ ? margin.law().score(margin.high()) : margin.high();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double y = 0.0;
    bool inside = false;
    for (int attempt = 0; attempt < kTriesInRange && !inside; ++attempt) {
      y = centre[i] + spread[i] * draw_residual(data, rows[i], stream);
      inside = y > low && y < high;
    }
    if (!inside) {  // the linear part has left the range: somewhere in the nearer eighth of it
      const double reach = stream.uniform() * (high - low) / 8;
      y = y <= low ? low + reach : high - reach;
    }
    out[i] = scored_ ? margin.law().value(y) : y;
  }
}

std::vector<NumberLaw::At> NumberLaw::at(const ColumnMargin& margin, const RowView& data,
                                         const std::vector<std::uint32_t>& rows,
                                         const double* value) const {
  std::vector<double> centre, spread;
  centres(data, rows, centre, spread);
  std::vector<At> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double y = scored_ ? margin.law().score(value[i]) : value[i];
    const double e = (y - centre[i]) / spread[i];
    const double slope = (scored_ ? std::exp(margin.law().log_slope(value[i])) : 1.0) / spread[i];
    const double p = common_.cdf(e), f = std::exp(common_.log_density(e));
    At& here = result[i];
    here.cdf = weights_[0] * p;
    here.density = weights_[0] * f;
    if (!forest_.empty() && weights_[1] > 0.0) {
      const double inner = e - forest_.mean(data, rows[i]);
      here.cdf += weights_[1] * around_.cdf(inner);
      here.density += weights_[1] * std::exp(around_.log_density(inner));
    }
    if (!forest_.empty() && weights_[2] > 0.0) {
      const auto bin = static_cast<std::size_t>(std::min(p * kLeafBins, kLeafBins - 1.0));
      const double share = weights_[2] / static_cast<double>(forest_.trees());
      for (std::size_t t = 0; t < forest_.trees(); ++t) {
        const std::size_t leaf = forest_.leaf(t, data, rows[i]);
        double below = 0.0;
        for (std::size_t k = 0; k < bin; ++k) below += forest_.share(leaf, k);
        const double own = forest_.share(leaf, bin);
        here.cdf += share * (below + own * (p * kLeafBins - static_cast<double>(bin)));
        here.density += share * own * kLeafBins * f;
      }
    }
    here.density *= slope;
  }
  return result;
}

void NumberLaw::pack(ArchiveWriter& out) const {
  out.value(static_cast<std::uint8_t>(scored_));
  out.vector(weights_);
  design_.pack(out);
  out.vector(coefficients_);
  out.vector(log_spread_);
  out.value(spread_low_);
  out.value(spread_high_);
  common_.pack(out);
  around_.pack(out);
  forest_.pack(out);
}

NumberLaw NumberLaw::unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                            std::size_t column) {
  NumberLaw law;
  law.scored_ = in.value<std::uint8_t>() != 0;
  in.vector(law.weights_);
  law.design_ = Design::unpack(in, margins, column);
  in.vector(law.coefficients_);
  in.vector(law.log_spread_);
  law.spread_low_ = in.value<double>();
  law.spread_high_ = in.value<double>();
  law.common_ = ScoreLaw::unpack(in);
  law.around_ = ScoreLaw::unpack(in);
  law.forest_ = LeafForest::unpack(in, margins, column);
  const std::size_t terms = law.design_.terms();
  const auto require = [](bool ok) { ArchiveReader::require(ok); };
  require(law.weights_.size() == 3 && law.coefficients_.size() == terms + 1);
  require(law.log_spread_.empty() || law.log_spread_.size() == terms + 1);
  require(!law.common_.empty() && std::isfinite(law.spread_low_) &&
          std::isfinite(law.spread_high_));
  require(law.forest_.empty() ||
          (law.forest_.width() == kLeafBins && law.forest_.has_means() && !law.around_.empty()));
  return law;
}

}  // namespace causalsynth
