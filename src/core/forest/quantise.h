// Columns as small integer codes: 0 is missing, 1..bins the ordered bins of a number or the levels
// of a factor. Exact where a column has no more distinct values than bins.
#pragma once
#include <cstdint>
#include <vector>

#include "../data/frame.h"
#include "../parallel/parallel_for.h"

namespace causalsynth {

struct ColumnBins {
  bool factor = false;
  std::uint32_t bins = 1;
  std::vector<double> cuts;  // bins - 1 ascending; a value x has code 1 + #{cuts < x}

  std::uint32_t code(const Column& column, std::size_t row) const;
  bool wide() const { return bins > 255; }
};

struct CodedColumn {
  std::vector<std::uint8_t> narrow;  // one of the two is filled
  std::vector<std::uint16_t> wide;
  std::uint32_t bins = 1;
  bool factor = false;
  bool missing = false;         // whether any row is
  Span<const double> cuts;      // of the quantiser, which must outlive this; empty for a factor
  std::vector<double> centres;  // of the bins of a number, by code; filled on request
  bool is_wide() const { return !wide.empty(); }
  std::uint32_t operator[](std::size_t i) const { return is_wide() ? wide[i] : narrow[i]; }
};

struct CodedFrame {
  std::size_t rows = 0;
  std::vector<CodedColumn> columns;
};

class Quantiser {
 public:
  static Quantiser learn(const Frame& frame, int max_bins, const Execution& execution);
  static Quantiser restore(std::vector<ColumnBins> columns);
  CodedFrame encode(const Frame& frame, const Execution& execution) const;
  // Fills in the mean value of each bin of the columns that are numbers.
  static void find_centres(const Frame& frame, CodedFrame& coded, const Execution& execution);
  const std::vector<ColumnBins>& columns() const { return columns_; }
  // Throws unless the frame has the same kinds of columns.
  void check(const Frame& frame) const;

 private:
  std::vector<ColumnBins> columns_;
};

}  // namespace causalsynth
