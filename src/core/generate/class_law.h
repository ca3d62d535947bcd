// The law of a column's class (a level, a spike, missing, "a number") given the columns before it:
// a mixture of its shares, a chain of logistic regressions (each class against those that follow
// it, so that no class of several needs a joint fit) and a probability forest. The weights of the
// mixture maximise the left-out log score.
#pragma once
#include <cmath>
#include <vector>

#include "mixture.h"

namespace causalsynth {

// What a law is learnt from: the columns before `column` are its predictors.
struct LawInput {
  const std::vector<ColumnMargin>& margins;
  std::size_t column;
  const RowView& data;
  const GeneratorOptions& options;
  std::uint64_t key;
};

// One regression of a chain, its penalty by the left-out log score.
struct RegressionStep {
  std::vector<double> coefficients, left_out, gram;
  double score = -HUGE_VAL, penalty = 0.0;
};

class ClassLaw {
 public:
  // `classes` of all rows (ColumnMargin::kUnseen: not learnt from).
  static ClassLaw fit(const LawInput& input, const std::vector<int>& classes);
  // Classes of the rows from..from + out.size() - 1.
  void draw(const RowView& data, Stream& stream, std::vector<std::uint16_t>& out) const;
  // Probabilities, row after row.
  std::vector<double> probabilities(const RowView& data) const;
  double linear_weight() const { return weights_[1]; }
  double forest_weight() const { return weights_[2]; }

  void pack(ArchiveWriter& out) const;
  static ClassLaw unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                         std::size_t column);

 private:
  struct Learning;
  struct StepRows;
  void fit_shares(const Learning& at);
  void fit_linear(Learning& at);
  void try_products(const Learning& at, const StepRows& of, RegressionStep& step);
  void fit_forest(Learning& at);
  void fit_weights(Learning& at);
  void calibrate(const Learning& at);
  void draw_linear(const RowView& data, std::vector<std::uint32_t> rows, Stream& stream,
                   std::vector<std::uint16_t>& out) const;

  std::size_t classes_ = 1;
  std::vector<double> shares_;                // of the classes
  std::vector<double> weights_{1.0, 0.0, 0.0};  // shares, linear, forest
  Design design_;
  std::vector<std::uint16_t> order_;               // all classes; one step a coefficient vector
  std::vector<std::vector<double>> coefficients_;  // step k: class order_[k] against the later ones
  LeafForest forest_;
};

}  // namespace causalsynth
