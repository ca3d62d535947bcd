#include "core/causal/tmle.h"

#include <algorithm>
#include <cmath>

#include "core/base/require.h"
#include "core/causal/fluctuation.h"
#include "core/linear/logistic.h"

namespace causalsynth {

void TmleOptions::validate() const {
  require(q_bounds > 0.0 && q_bounds < 0.5, "tmle: q_bounds must lie between 0 and .5");
  require(high > low, "tmle: the outcome's range is empty");
  require(estimand != Estimand::ato, "tmle: ATO is not available");
  require(two || both, "tmle: one epsilon needs both arms");
}

namespace {

class Targeting {
 public:
  Targeting(const StudyView& study, const TmleOptions& options)
      : study_(study), options_(options), n_(study.size()) {
    weight_options_.estimand = options.estimand;
    for (int arm = first_arm(); arm < 2; ++arm) fill_arm(arm);
    count_bounded();
  }

  TmleResult run() {
    fluctuate();
    result_.means.weights.resize(n_);
    for (int arm = first_arm(); arm < 2; ++arm) {
      update_arm(arm);
      fill_means(arm);
    }
    return std::move(result_);
  }

 private:
  int first_arm() const { return options_.both ? 0 : 1; }

  double unit(double y) const { return (y - options_.low) / (options_.high - options_.low); }

  double bounded(double q) const {
    return std::min(std::max(q, options_.q_bounds), 1.0 - options_.q_bounds);
  }

  void fill_arm(int arm) {
    const Span<const double> q = arm ? study_.q1 : study_.q0;
    const std::array<double, 2> share{1.0, 1.0};
    logits_[arm].resize(n_);
    clever_[arm].resize(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      logits_[arm][i] = logit(bounded(unit(q[i])));
      clever_[arm][i] = weight_in_arm(study_, i, arm, weight_options_, share).value;
    }
  }

  void count_bounded() {
    for (std::size_t i = 0; i < n_; ++i) {
      bool moved = false;
      for (int arm = first_arm(); arm < 2; ++arm) {
        const double q = unit((arm ? study_.q1 : study_.q0)[i]);
        moved = moved || bounded(q) != q;
      }
      result_.q_bounded += moved;
    }
  }

  void fluctuate() {
    if (options_.two) {
      for (int arm = first_arm(); arm < 2; ++arm) add_epsilon(rows_of(arm));
      return;
    }
    FluctuationRows rows = rows_of(0);
    for (double& x : rows.covariate) x = -x;
    rows.append(rows_of(1));
    add_epsilon(rows);
  }

  void add_epsilon(const FluctuationRows& rows) {
    const Fluctuation fit = solve_fluctuation(rows);
    result_.epsilon.push_back(fit.epsilon);
    result_.converged = result_.converged && fit.converged;
  }

  // The rows that fluctuate an arm: its own, of weight above 0.
  FluctuationRows rows_of(int arm) const {
    FluctuationRows rows;
    for (std::size_t i = 0; i < n_; ++i) {
      if (study_.treat[i] != arm || study_.weight(i) == 0.0) continue;
      const double h = clever_[arm][i];
      rows.outcome.push_back(unit(study_.outcome[i]));
      rows.offset.push_back(logits_[arm][i]);
      rows.covariate.push_back(options_.target_weights ? 1.0 : h);
      rows.weight.push_back(study_.weight(i) * (options_.target_weights ? h : 1.0));
    }
    return rows;
  }

  void update_arm(int arm) {
    const double epsilon = options_.two ? result_.epsilon[arm - first_arm()]
                                        : (arm ? 1.0 : -1.0) * result_.epsilon[0];
    std::vector<double>& q = result_.q[arm];
    q.resize(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      const double h = options_.target_weights ? 1.0 : clever_[arm][i];
      q[i] = options_.low + (options_.high - options_.low) * expit(logits_[arm][i] + epsilon * h);
    }
  }

  void fill_means(int arm) {
    const std::vector<double>& q = result_.q[arm];
    double sum = 0.0, total = 0.0;
    for (std::size_t i = 0; i < n_; ++i) {
      const double s = study_.weight(i) * target_weight(study_, i, options_.estimand);
      sum += s * q[i];
      total += s;
    }
    require(total > 0.0, "tmle: no row belongs to the target population");
    ArmMeans& means = result_.means;
    means.mean[arm] = sum / total;
    means.influence[arm].resize(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      double value = target_weight(study_, i, options_.estimand) * (q[i] - means.mean[arm]);
      if (study_.treat[i] == arm) {
        means.weights[i] = clever_[arm][i];
        value += clever_[arm][i] * (study_.outcome[i] - q[i]);
      }
      means.influence[arm][i] = study_.weight(i) * value * static_cast<double>(n_) / total;
    }
  }

  const StudyView& study_;
  const TmleOptions& options_;
  const std::size_t n_;
  WeightOptions weight_options_;
  std::array<std::vector<double>, 2> logits_, clever_;
  TmleResult result_;
};

}  // namespace

TmleResult tmle(const StudyView& study, const TmleOptions& options) {
  options.validate();
  for (const double y : study.outcome)
    require(y >= options.low && y <= options.high, "tmle: an outcome lies outside its bounds");
  return Targeting(study, options).run();
}

}  // namespace causalsynth
