// The column store: typed, borrowed columns of equal length.
#pragma once
#include <algorithm>
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
  Span<const double> numbers;  // empty for a factor; of a sparse column the stored values alone
  Span<const int> codes;       // empty for a numeric column
  int levels = 0;              // 0: numeric
  bool is_sparse = false;
  Span<const int> at;      // of a sparse column: the stored values' rows, ascending; 0 elsewhere
  std::size_t length = 0;  // of a sparse column: rows

  static Column numeric(Span<const double> values) { return {values, {}, 0, false, {}, 0}; }
  static Column factor(Span<const int> values, int levels) {
    return {{}, values, levels, false, {}, 0};
  }
  static Column sparse(Span<const double> values, Span<const int> at, std::size_t rows) {
    require(values.size() == at.size(), "a sparse column needs a row for each value");
    for (std::size_t k = 0; k < at.size(); ++k)
      require(at[k] >= 0 && static_cast<std::size_t>(at[k]) < rows && (k == 0 || at[k - 1] < at[k]),
              "the rows of a sparse column must ascend within the frame");
    return {values, {}, 0, true, at, rows};
  }
  bool is_factor() const { return levels > 0; }
  std::size_t size() const {
    return is_sparse ? length : (is_factor() ? codes.size() : numbers.size());
  }
  // Of a numeric column; a search where it is sparse.
  double number(std::size_t i) const {
    if (!is_sparse) return numbers[i];
    const int* found = std::lower_bound(at.begin(), at.end(), static_cast<int>(i));
    return found != at.end() && static_cast<std::size_t>(*found) == i ? numbers[found - at.begin()]
                                                                      : 0.0;
  }
  // Calls use(row, number) for every row of a numeric column, in order.
  template <class Use>
  void each_number(Use use) const {
    if (!is_sparse) {
      for (std::size_t i = 0; i < numbers.size(); ++i) use(i, numbers[i]);
      return;
    }
    std::size_t i = 0;
    for (std::size_t k = 0; k < at.size(); ++k) {
      for (; i < static_cast<std::size_t>(at[k]); ++i) use(i, 0.0);
      use(i++, numbers[k]);
    }
    for (; i < length; ++i) use(i, 0.0);
  }
  bool missing(std::size_t i) const {
    return is_factor() ? codes[i] == kMissingCode : std::isnan(number(i));
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
  // For whatever reads columns cell by cell: sparse ones are the forest's quantiser's alone.
  void require_dense() const {
    for (const Column& column : columns_)
      require(!column.is_sparse, "sparse columns are for forests only");
  }

 private:
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
};

}  // namespace causalsynth
