// Rows of a chain given some columns, by sequential importance resampling: each row is carried by
// kCandidates candidates; a column that is given multiplies a candidate's weight by the probability
// (or density) of what is given, given its earlier columns, after which candidates are resampled in
// proportion to their weights. Columns before a given one thereby follow their law given it, but
// for the finite number of candidates: a row is an exact draw as that number grows.
#pragma once
#include <cstdint>
#include <vector>

#include "sequential.h"

namespace causalsynth {

struct GivenColumn {
  enum class Kind { free, value, range, codes };
  Kind kind = Kind::free;
  Span<const double> value;  // one a row, none missing
  double low = 0.0, high = 0.0;
  std::vector<double> codes;
};

constexpr std::size_t kCandidates = 32;

// Fills `out` as SequentialGenerator::draw() does; `given` has an entry a column of the chain. The
// number of rows for which no candidate could meet what is given (their values mean nothing).
std::size_t draw_given(const SequentialGenerator& generator, const std::vector<GivenColumn>& given,
                       std::uint64_t key, const std::vector<double*>& out, std::size_t n,
                       const Execution& execution);

}  // namespace causalsynth
