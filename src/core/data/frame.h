// The column store: typed, borrowed columns of equal length.
#pragma once
#include <climits>
#include <cmath>
#include <cstddef>
#include <vector>

#include "../base/require.h"
#include "../base/span.h"

namespace causalsynth {

// Codes of a factor are 1..levels; a missing code is INT_MIN, a missing number NaN.
constexpr int kMissingCode = INT_MIN;

struct Column {
  Span<const double> numbers;  // empty for a factor
  Span<const int> codes;       // empty for a numeric column
  int levels = 0;              // 0: numeric

  static Column numeric(Span<const double> values) { return {values, {}, 0}; }
  static Column factor(Span<const int> values, int levels) { return {{}, values, levels}; }
  bool is_factor() const { return levels > 0; }
  std::size_t size() const { return is_factor() ? codes.size() : numbers.size(); }
  bool missing(std::size_t i) const {
    return is_factor() ? codes[i] == kMissingCode : std::isnan(numbers[i]);
  }
};

class Frame {
 public:
  Frame() = default;
  explicit Frame(std::size_t rows) : rows_(rows) {}
  void add(Column column) {
    require(column.size() == rows_, "columns of a frame must have equal lengths");
    columns_.push_back(column);
  }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return columns_.size(); }
  const Column& operator[](std::size_t j) const { return columns_[j]; }

 private:
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
};

}  // namespace causalsynth
