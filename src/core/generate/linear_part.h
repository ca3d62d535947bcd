// The linear part of a column's conditional mean: intercept, numbers (missing: their mean, and an
// indicator), dummies of factors. At most `kMostTerms` terms, those most correlated with the
// outcome.
#pragma once
#include <cstddef>
#include <vector>

#include "../base/archive.h"
#include "../data/frame.h"

namespace causalsynth {

class LinearPart {
 public:
  // `y` for the rows given; predictors are columns 0..predictors-1 of the frame.
  static LinearPart fit(const Frame& x, std::size_t predictors,
                        const std::vector<std::size_t>& rows, const std::vector<double>& y);

  void pack(ArchiveWriter& out) const;
  static LinearPart unpack(ArchiveReader& in, std::size_t predictors);

  // value(j): the row's number (NaN: missing) or code (0: missing) in column j.
  template <class Values>
  double at(const Values& value) const {
    double sum = intercept_;
    for (const Term& term : terms_) sum += term.slope * term.of(value(term.column));
    return sum;
  }

 private:
  enum class Kind { number, missing, level };
  struct Term {
    Kind kind;
    std::size_t column;
    double level;   // of a factor
    double centre;  // mean, for missing numbers
    double slope;
    double of(double value) const {
      if (kind == Kind::level) return value == level;
      const bool missing = value != value;
      if (kind == Kind::missing) return missing;
      return missing ? centre : value;
    }
  };
  static std::vector<Term> candidate_terms(const Frame& x, std::size_t predictors,
                                           const std::vector<std::size_t>& rows);
  double intercept_ = 0.0;
  std::vector<Term> terms_;
};

// The number or code of a cell as the generator handles it.
inline double cell_value(const Column& column, std::size_t row) {
  if (!column.is_factor()) return column.numbers[row];
  return column.missing(row) ? 0.0 : static_cast<double>(column.codes[row]);
}

}  // namespace causalsynth
