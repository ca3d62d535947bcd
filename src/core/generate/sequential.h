// The joint law of mixed columns as a chain of conditional laws, each column's given those before.
#pragma once
#include <vector>

#include "class_law.h"
#include "number_law.h"

namespace causalsynth {

// One column: its class, and where that says so, its number.
struct ColumnLaw {
  ClassLaw classes;
  NumberLaw numbers;  // used where the margin is continuous
};

// A block of rows while it is drawn, column after column.
class RowBlock {
 public:
  RowBlock(std::size_t rows, const std::vector<ColumnMargin>& margins);
  const RowView& view() const { return view_; }
  double* values(std::size_t j) { return value_[j].data(); }
  void refresh(std::size_t j, const ColumnMargin& margin);  // after the values of a column

 private:
  RowView view_;
  std::vector<std::vector<double>> value_, scaled_;
  std::vector<std::vector<std::uint16_t>> code_;
};

class SequentialGenerator {
 public:
  // Columns in the order of the chain.
  static SequentialGenerator fit(const Frame& data, const GeneratorOptions& options,
                                 const Execution& execution);

  // Writes n rows column by column (numbers with NaN missing; codes from 1, 0 missing). Blocks of
  // rows have their own streams: the rows do not depend on the threads.
  void draw(std::size_t n, std::uint64_t key, const std::vector<double*>& out,
            const Execution& execution) const;
  // Draws column j of a block whose earlier columns are there.
  void draw_column(std::size_t j, RowBlock& block, Stream& stream) const;

  std::size_t columns() const { return margins_.size(); }
  const std::vector<ColumnMargin>& margins() const { return margins_; }
  const ColumnLaw& law(std::size_t j) const { return laws_[j]; }
  std::vector<unsigned char> pack() const;
  // `layout`, if given, notes which bytes are alike (core/base/layout.h).
  static SequentialGenerator unpack(Span<const unsigned char> bytes, ByteLayout* layout = nullptr);

 private:
  std::vector<ColumnMargin> margins_;
  std::vector<ColumnLaw> laws_;
};

}  // namespace causalsynth
