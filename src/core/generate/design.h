// The terms of a column's linear parts: numbers (missing: their mean), indicators of missing
// values, spikes and levels, and products of two of these. Terms have mean 0 and standard
// deviation 1 on the rows they were chosen on, so that one penalty suits all.
#pragma once
#include <cstdint>
#include <vector>

#include "../base/archive.h"
#include "margin.h"

namespace causalsynth {

// Rows as the laws see them, one array a column: values (numbers or codes), numbers on the scale of
// linear parts (NaN where missing or a spike beside other numbers; empty for factors), small codes.
struct RowView {
  std::size_t rows = 0;
  std::vector<const double*> value, scaled;
  std::vector<const std::uint16_t*> code;
};

// What a design is chosen for: rows, and either their numbers or their classes.
struct DesignTarget {
  const RowView& data;
  const std::vector<std::size_t>& rows;
  Span<const double> numbers;
  Span<const int> classes;
  Span<const double> weights;  // of the rows chosen; empty: ones
};

class Design {
 public:
  // Terms of the columns with these margins (all before the column at hand); at most `most`, those
  // most associated with the target.
  static Design choose(const std::vector<ColumnMargin>& margins, std::size_t columns,
                       const DesignTarget& target, std::size_t most);
  // Adds up to `most` products of terms associated with what is left of the target; how many.
  std::size_t add_products(const DesignTarget& target, const std::vector<double>& strength,
                           std::size_t most);

  std::size_t terms() const { return terms_.size(); }
  // Intercept and terms of the rows, column-major.
  std::vector<double> matrix(const RowView& data, const std::vector<std::size_t>& rows) const;
  // Adds coefficients (intercept first) times terms to `out`, one entry a row of `rows`.
  void add(const RowView& data, const std::vector<std::uint32_t>& rows,
           const std::vector<double>& coefficients, double* out) const;

  void pack(ArchiveWriter& out) const;
  static Design unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                       std::size_t columns);

 private:
  enum class Kind : std::uint8_t { number, missing, level };
  struct Factor {
    Kind kind = Kind::number;
    std::size_t column = 0;
    double level = 0.0;   // of kind level
    double centre = 0.0;  // of numbers, for missing ones
    double of(const RowView& data, std::size_t row) const;
  };
  struct Term {
    Factor first, second;
    bool product = false;
    double mean = 0.0, scale = 1.0;  // the term is (value - mean) * scale
    double of(const RowView& data, std::size_t row) const {
      const double value = first.of(data, row);
      return ((product ? value * second.of(data, row) : value) - mean) * scale;
    }
  };
  static std::vector<Term> candidates(const ColumnMargin& margin, std::size_t column);
  static bool standardise(Term& term, const DesignTarget& target);
  static double association(const Term& term, const DesignTarget& target);
  std::vector<Term> terms_;
};

}  // namespace causalsynth
