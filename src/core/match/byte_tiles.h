// A lower bound of Gower's distance in bytes: what most pairs of rows need to be ruled out.
//
// Each number x becomes q = round((x - centre) / unit) + 64, held within 0..127 (holding back never
// widens a gap), with one unit for all columns; unit <= 1/127, so that no column counts for more
// than 1. Then sum |a - b| / unit >= sum |qa - qb| - e(a) - e(b), e being a row's sum of rounding
// errors. Levels are bytes too: equal codes have equal bytes, and a mismatch counts `weight` <=
// 1 / unit.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nearest_two.h"

namespace causalsynth {

// Sixteen rows at once; the compilers that R has know vectors of this kind on any processor.
typedef std::uint8_t Bytes16 __attribute__((vector_size(16)));
typedef std::uint16_t Words8 __attribute__((vector_size(16)));

constexpr std::size_t kLanes = 16;

// How values become bytes; set by the reference rows.
struct ByteScale {
  explicit ByteScale(const TwoNearestInput& input);
  std::vector<std::size_t> factors, numbers;  // columns: most levels and widest spread first
  std::vector<double> centre;                 // one a column
  double unit = 1.0 / 127.0;
  int weight = 0;
};

// A query row: bytes of its factors and then of its numbers, and its rounding error in units.
struct ByteRow {
  std::vector<std::uint8_t> bytes;
  double error = 0.0;
};
void to_bytes(const ByteScale& scale, const MatrixView<const double>& x, std::size_t row,
              ByteRow& result);

// Reference rows, sixteen at a time, column by column.
class ByteTiles {
 public:
  ByteTiles(const ByteScale& scale, const MatrixView<const double>& reference);
  std::size_t count() const { return count_; }
  // Of tile `tile`: a bit for each row that may lie within `limit` units of the query (the
  // query's rounding error included in the limit).
  unsigned within(std::size_t tile, const std::uint8_t* query, int limit) const;

 private:
  std::size_t factors_, numbers_, cols_, count_;
  int weight_;
  std::vector<Bytes16> bytes_;
  std::vector<Words8> errors_;  // rounded up; two of eight rows a tile, even rows and odd ones
  std::vector<unsigned> filled_;
};

}  // namespace causalsynth
