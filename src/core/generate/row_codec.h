// Cells of rows as classes and back, for the row language model: levels, frequent values and
// missing are classes of their own, numbers fall into bins of equal probability under the column's
// smooth law (margin.h) and are drawn within their bin by that law.
#pragma once
#include <vector>

#include "conditional.h"
#include "margin.h"
#include "row_network.h"

namespace causalsynth {

class RowCodec {
 public:
  // `bins`: of each column's numbers; margins draw their edges from options.key.
  static RowCodec learn(const Frame& data, const GeneratorOptions& options, std::size_t bins,
                        const Execution& execution);

  std::size_t columns() const { return margins_.size(); }
  const std::vector<ColumnMargin>& margins() const { return margins_; }
  // Columns of at least two classes are the network's; the others are constant.
  const std::vector<std::uint32_t>& active() const { return active_; }
  const ColumnClasses& classes(std::size_t j) const { return classes_[j]; }
  std::vector<ColumnClasses> active_classes() const;

  Cell encode(std::size_t j, double value) const;
  // Rounding undone: `shift` in (-1/2, 1/2) steps.
  Cell encode_spread(std::size_t j, double value, double shift) const {
    return encode(j, value + shift * margins_[j].step());
  }
  bool spreads(std::size_t j) const { return margins_[j].continuous() && margins_[j].step() > 0; }

  // The share of a class that is allowed, and a value of that part.
  double allowed(std::size_t j, int kind, const GivenColumn& given) const;
  double decode(std::size_t j, int kind, const GivenColumn& given, Stream& stream) const;
  // Log density of a number within its bin; 0 for other classes.
  double log_within(std::size_t j, int kind, double value) const;
  double constant(std::size_t j) const;  // of a column that is not active

  void pack(ArchiveWriter& out) const;
  static RowCodec unpack(ArchiveReader& in);

 private:
  void count_classes();
  struct Part {
    double low, high;  // probabilities under the smooth law
  };
  Part part(std::size_t j, int kind, const GivenColumn& given) const;

  std::uint32_t bins_ = 0;
  std::vector<ColumnMargin> margins_;
  std::vector<ColumnClasses> classes_;
  std::vector<std::uint32_t> active_;
};

}  // namespace causalsynth
