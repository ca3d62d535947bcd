// Distances between rows of numbers, levels and missing values, a tile of rows at a time. Columns
// missing on either side are left out (Gower 1971).
#pragma once
#include <cstddef>
#include <vector>

#include "../base/span.h"

namespace causalsynth {

// Like columns; NaN where missing. Levels of a factor are codes: they differ or they do not.
struct MixedRows {
  MatrixView<const double> queries, reference;
  std::vector<unsigned char> is_factor;
  // TRUE: the mean over columns of absolute differences (of columns scaled by their range) and of
  // 1 for levels that differ. FALSE: Euclid; the sum of squares is scaled up for missing columns.
  bool gower = false;
};

// Reference rows in tiles of kTile, column by column within a tile; the last one is padded. A
// tile's distances and one of its columns stay in the first-level cache.
class MixedTiles {
 public:
  static constexpr std::size_t kTile = 256;
  explicit MixedTiles(const MixedRows& rows);
  std::size_t rows() const { return rows_; }
  std::size_t count() const { return count_; }
  std::size_t filled(std::size_t tile) const {
    return rows_ - tile * kTile < kTile ? rows_ - tile * kTile : kTile;
  }
  // Of one query, its columns side by side, to the rows of a tile (kTile numbers): Gower's
  // distance, or the square of Euclid's. Infinite where no column is known on both sides.
  void measure(const double* query, std::size_t tile, double* result) const;

 private:
  const double* column(std::size_t tile, std::size_t j) const {
    return values_.data() + (tile * cols_ + j) * kTile;
  }
  void measure_known(const double* query, std::size_t tile, double* result) const;
  void measure_missing(const double* query, std::size_t tile, double* result) const;

  std::size_t rows_, cols_, count_;
  bool gower_, missing_;
  std::vector<unsigned char> is_factor_;
  std::vector<double> values_;
};

// The rows of a matrix one after the other.
std::vector<double> row_major(const MatrixView<const double>& x);

}  // namespace causalsynth
