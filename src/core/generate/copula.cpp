#include "copula.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../base/require.h"
#include "../random/stream.h"

namespace causalsynth {

namespace {

constexpr std::size_t kBlock = 1024;  // rows of one stream
constexpr std::size_t kLanes = 64;    // rows that are multiplied by the factor together

// A margin with its sums as quantiles of the latent normal.
struct ReadyColumn {
  const CopulaColumn* column;
  std::vector<double> cuts;  // inner ones
  double missing_above = std::numeric_limits<double>::infinity();

  double value(double z) const {
    const CopulaMargin& margin = column->margin;
    const auto k =
        static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), z) - cuts.begin());
    const double low = margin.low[k], width = margin.high[k] - low;
    if (width == 0.0) return low;
    const double share = (normal_cdf(z) - margin.cum[k]) / (margin.cum[k + 1] - margin.cum[k]);
    return low + width * std::min(std::max(share, 0.0), 1.0);
  }
};

std::vector<ReadyColumn> make_ready(const Copula& copula) {
  std::vector<ReadyColumn> ready;
  for (const CopulaColumn& column : copula.columns) {
    ReadyColumn one{&column, {}};
    const auto& cum = column.margin.cum;
    for (std::size_t k = 1; k + 1 < cum.size(); ++k) one.cuts.push_back(normal_quantile(cum[k]));
    if (column.missing >= 0 && column.share_missing > 0.0)
      one.missing_above = normal_quantile(1.0 - column.share_missing);
    ready.push_back(std::move(one));
  }
  return ready;
}

struct Interval {
  double low, high;
};

// Probability of a standard normal in an interval, exact in both tails.
double mass(Interval x) {
  return x.low > 0.0 ? normal_cdf(-x.low) - normal_cdf(-x.high)
                     : normal_cdf(x.high) - normal_cdf(x.low);
}

double truncated_normal(Interval x, Stream& stream) {
  if (x.low > 0.0) return -truncated_normal({-x.high, -x.low}, stream);
  const double from = normal_cdf(x.low), width = normal_cdf(x.high) - from;
  const double at = from + stream.uniform() * width;
  if (!(width > 0.0) || at <= 0.0 || at >= 1.0) return std::isfinite(x.high) ? x.high : x.low;
  return std::min(std::max(normal_quantile(at), x.low), x.high);
}

// Draws the latents that are given, row by row, as innovations of the factor.
class GivenDraw {
 public:
  GivenDraw(const Copula& copula, const GivenLatents& given)
      : factor_(copula.factor), given_(given), eps_(given.count()), z_(given.count()) {}

  void row(std::size_t i, Stream& stream) {
    const std::size_t points = given_.points.cols();
    for (std::size_t k = 0; k < points; ++k) {
      z_[k] = given_.points(given_.points.rows() == 1 ? 0 : i, k);
      eps_[k] = (z_[k] - mean(k)) / factor_(k, k);
    }
    if (given_.intervals() == 0) return;
    for (int attempt = 0; attempt < kExactTries; ++attempt)
      if (propose(i, stream, true)) return;
    propose(i, stream, false);
    for (int sweep = 0; sweep < kSweeps; ++sweep) gibbs(i, stream);
    for (std::size_t k = points; k < given_.count(); ++k)
      eps_[k] = (z_[k] - mean(k)) / factor_(k, k);
  }
  double innovation(std::size_t k) const { return eps_[k]; }

 private:
  double mean(std::size_t k) const {
    double sum = 0.0;
    for (std::size_t l = 0; l < k; ++l) sum += factor_(k, l) * eps_[l];
    return sum;
  }
  // Row i's interval for piece p, on the scale of a normal of that centre and spread.
  Interval piece(std::size_t i, std::size_t p, double centre, double spread) const {
    const std::size_t row = given_.low.rows() == 1 ? 0 : i;
    return {(given_.low(row, p) - centre) / spread, (given_.high(row, p) - centre) / spread};
  }
  // A normal within latent m's pieces; `chance` is their probability.
  double draw(std::size_t i, std::size_t m, Interval scale, double& chance, Stream& stream) const {
    const std::size_t first = given_.pieces[m], last = given_.pieces[m + 1];
    chance = 0.0;
    for (std::size_t p = first; p < last; ++p) chance += mass(piece(i, p, scale.low, scale.high));
    std::size_t chosen = first;
    if (last > first + 1) {
      double left = stream.uniform() * chance;
      while (chosen + 1 < last) {
        const double one = mass(piece(i, chosen, scale.low, scale.high));
        if (left < one) break;
        left -= one;
        ++chosen;
      }
    }
    return truncated_normal(piece(i, chosen, scale.low, scale.high), stream);
  }
  // One pass through the sequential conditionals; accepted with the product of all chances but
  // the first, which is the same for every proposal.
  bool propose(std::size_t i, Stream& stream, bool exact) {
    for (std::size_t m = 0; m < given_.intervals(); ++m) {
      const std::size_t k = given_.points.cols() + m;
      const double centre = mean(k), spread = factor_(k, k);
      double chance;
      eps_[k] = draw(i, m, {centre, spread}, chance, stream);
      z_[k] = centre + spread * eps_[k];
      if (exact && m > 0 && !(stream.uniform() < chance)) return false;
    }
    return true;
  }
  void gibbs(std::size_t i, Stream& stream) {
    const auto& q = given_.precision;
    for (std::size_t m = 0; m < given_.intervals(); ++m) {
      const std::size_t k = given_.points.cols() + m;
      double sum = 0.0;
      for (std::size_t l = 0; l < given_.count(); ++l)
        if (l != k) sum += q(k, l) * z_[l];
      const double centre = -sum / q(k, k), spread = 1.0 / std::sqrt(q(k, k));
      double chance;
      z_[k] = centre + spread * draw(i, m, {centre, spread}, chance, stream);
    }
  }

  MatrixView<const double> factor_;
  const GivenLatents& given_;
  std::vector<double> eps_, z_;
};

// Latents of kLanes rows: z[k][lane].
struct Lanes {
  explicit Lanes(std::size_t latents) : eps(latents * kLanes), z(latents * kLanes) {}
  std::vector<double> eps, z;
  void multiply(MatrixView<const double> factor) {
    std::fill(z.begin(), z.end(), 0.0);
    for (std::size_t l = 0; l < factor.cols(); ++l)
      for (std::size_t k = l; k < factor.rows(); ++k) {
        const double weight = factor(k, l);
        const double* from = eps.data() + l * kLanes;
        double* to = z.data() + k * kLanes;
        for (std::size_t r = 0; r < kLanes; ++r) to[r] += weight * from[r];
      }
  }
};

void write_lane(const std::vector<ReadyColumn>& ready, const Lanes& lanes, std::size_t row,
                std::size_t lane, const std::vector<Span<double>>& out) {
  for (std::size_t j = 0; j < ready.size(); ++j) {
    const CopulaColumn& column = *ready[j].column;
    const bool lost =
        column.value < 0 ||
        (column.missing >= 0 && lanes.z[static_cast<std::size_t>(column.missing) * kLanes + lane] >
                                    ready[j].missing_above);
    out[j][row] =
        lost ? std::numeric_limits<double>::quiet_NaN()
             : ready[j].value(lanes.z[static_cast<std::size_t>(column.value) * kLanes + lane]);
  }
}

bool is_margin(const CopulaMargin& margin) {
  const std::size_t cells = margin.low.size();
  if (cells == 0 || margin.high.size() != cells || margin.cum.size() != cells + 1) return false;
  if (margin.cum[0] != 0.0 || margin.cum[cells] != 1.0) return false;
  for (std::size_t k = 0; k < cells; ++k)
    if (!(margin.cum[k] < margin.cum[k + 1]) || !(margin.low[k] <= margin.high[k]) ||
        !std::isfinite(margin.low[k]) || !std::isfinite(margin.high[k]))
      return false;
  return true;
}

}  // namespace

void Copula::validate() const {
  const auto latents = static_cast<int>(factor.rows());
  require(factor.cols() == factor.rows(), "the copula's factor must be square");
  for (std::size_t k = 0; k < factor.rows(); ++k)
    for (std::size_t l = 0; l <= k; ++l)
      require(std::isfinite(factor(k, l)) && (l < k || factor(k, k) > 0.0),
              "the copula's factor must be finite, its diagonal positive");
  for (const CopulaColumn& column : columns) {
    require(column.value >= -1 && column.value < latents && column.missing >= -1 &&
                column.missing < latents,
            "the copula has no such latent");
    require(column.share_missing >= 0.0 && column.share_missing <= 1.0,
            "shares of missing values must be probabilities");
    require(column.value < 0 || is_margin(column.margin), "a margin of the copula is damaged");
  }
}

namespace {

void check_given(const GivenLatents& given, const Copula& copula) {
  require(given.count() <= copula.factor.rows(), "more latents are given than there are");
  for (std::size_t k = 0; k < given.points.cols(); ++k)
    for (const double x : given.points.column(k))
      require(!std::isnan(x), "points given must not be missing");
  for (std::size_t p = 0; p < given.low.cols(); ++p)
    for (std::size_t i = 0; i < given.low.rows(); ++i)
      require(given.low(i, p) <= given.high(i, p), "intervals given must have ends in order");
}

}  // namespace

void draw_copula(const Copula& copula, const GivenLatents& given, std::uint64_t key,
                 const std::vector<Span<double>>& out, const Execution& execution) {
  copula.validate();
  require(out.size() == copula.columns.size() && !out.empty(), "one output a column is needed");
  check_given(given, copula);
  const std::size_t n = out[0].size(), latents = copula.factor.rows();
  const std::vector<ReadyColumn> ready = make_ready(copula);
  const RowBlocks blocks{n, kBlock};
  parallel_for(blocks.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    Stream stream(key, StreamTag::copula, unit);
    GivenDraw known(copula, given);
    Lanes lanes(latents);
    for (std::size_t start = blocks.begin(unit); start < blocks.end(unit); start += kLanes) {
      cancel.check();
      const std::size_t rows = std::min(kLanes, blocks.end(unit) - start);
      for (std::size_t r = 0; r < rows; ++r) {
        if (given.count() > 0) known.row(start + r, stream);
        for (std::size_t k = 0; k < given.count(); ++k)
          lanes.eps[k * kLanes + r] = known.innovation(k);
        for (std::size_t k = given.count(); k < latents; ++k)
          lanes.eps[k * kLanes + r] = stream.normal();
      }
      lanes.multiply(copula.factor);
      for (std::size_t r = 0; r < rows; ++r) write_lane(ready, lanes, start + r, r, out);
    }
  });
}

namespace {

double mean_product(double rho, Span<const double> a, Span<const double> b) {
  double sum = 0.0;
  for (std::size_t k = a.size(); k-- > 0;) sum = rho * (a[k] * b[k] + sum);
  return sum;
}

double solve_correlation(double target, Span<const double> a, Span<const double> b, double limit) {
  double low = -limit, high = limit;
  if (mean_product(low, a, b) >= target) return low;
  if (mean_product(high, a, b) <= target) return high;
  for (int step = 0; step < 50 && high - low > 1e-12; ++step) {
    const double middle = 0.5 * (low + high);
    (mean_product(middle, a, b) < target ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

void latent_correlations(MatrixView<double> products, MatrixView<const double> hermite,
                         double limit, const Execution& execution) {
  const std::size_t latents = products.rows();
  require(products.cols() == latents && hermite.cols() == latents && hermite.rows() > 0,
          "products and coefficients do not fit together");
  // Where either score is the latent itself, only the first terms count.
  std::vector<std::size_t> terms(latents, 1);
  for (std::size_t j = 0; j < latents; ++j)
    for (std::size_t k = 0; k < hermite.rows(); ++k)
      if (hermite(k, j) != 0.0) terms[j] = k + 1;
  parallel_for(latents, execution, [&](std::size_t j, const CancelFlag& cancel) {
    products(j, j) = 1.0;
    for (std::size_t i = 0; i < j; ++i) {
      cancel.check();
      const std::size_t most = std::min(terms[i], terms[j]);
      const double rho = solve_correlation(products(i, j), {hermite.column(i).data(), most},
                                           {hermite.column(j).data(), most}, limit);
      products(i, j) = products(j, i) = rho;
    }
  });
}

}  // namespace causalsynth
