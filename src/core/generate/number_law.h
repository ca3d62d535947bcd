// The law of a column's numbers (beyond its spikes) given the columns before it: a linear part on
// the numbers' own scale or on that of their normal scores, whichever scores better, whose residual
// (perhaps with a log-linear spread) follows a mixture of a smooth law common to all rows, the same
// around a forest's mean, and histograms in the leaves of a forest.
#pragma once
#include <vector>

#include "class_law.h"

namespace causalsynth {

class NumberLaw {
 public:
  static NumberLaw fit(const LawInput& input);
  // Numbers (not rounded) for the rows given. `margin` is the column's.
  void draw(const ColumnMargin& margin, const RowView& data,
            const std::vector<std::uint32_t>& rows, Stream& stream, double* out) const;
  // Distribution function and density of `value` given each row's earlier columns.
  struct At {
    double cdf = 0.0, density = 0.0;
  };
  std::vector<At> at(const ColumnMargin& margin, const RowView& data,
                     const std::vector<std::uint32_t>& rows, const double* value) const;
  double linear_weight() const { return weights_[0]; }

  void pack(ArchiveWriter& out) const;
  static NumberLaw unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                          std::size_t column);

 private:
  struct Learning;
  struct Candidate;
  static Candidate try_scale(const Learning& at, bool scored);
  void fit_forest(Learning& at, const Candidate& chosen);
  void fill_leaves(Learning& at, const Forest& forest, const CodeFrame& predictors,
                   const Sampling& sampling);
  void centres(const RowView& data, const std::vector<std::uint32_t>& rows,
               std::vector<double>& centre, std::vector<double>& spread) const;
  double draw_residual(const RowView& data, std::size_t row, Stream& stream) const;

  bool scored_ = false;
  std::vector<double> weights_{1, 0, 0};  // common law, around the forest's mean, leaves
  Design design_;
  std::vector<double> coefficients_;  // intercept first
  std::vector<double> log_spread_;    // the same for the log of the spread; empty: 1
  double spread_low_ = 0.0, spread_high_ = 0.0;  // bounds of that log
  ScoreLaw common_, around_;
  LeafForest forest_;
};

}  // namespace causalsynth
