#include <cmath>

#include "../base/require.h"
#include "byte_tiles.h"
#include "mixed_tiles.h"
#include "nearest_two.h"

namespace causalsynth {
namespace {

constexpr std::size_t kQueries = 32;    // a unit
constexpr std::size_t kTogether = 512;  // tiles between two looks at the cancel flag

// The sum over columns, in their order.
double column_sum(const double* a, const double* b, const std::vector<unsigned char>& is_factor) {
  double sum = 0.0;
  for (std::size_t j = 0; j < is_factor.size(); ++j) {
    const double gap = std::fabs(a[j] - b[j]);
    if (std::isnan(gap))
      sum += std::isnan(a[j]) && std::isnan(b[j]) ? 0.0 : 1.0;
    else if (is_factor[j])
      sum += gap != 0.0 ? 1.0 : 0.0;
    else
      sum += gap < 1.0 ? gap : 1.0;
  }
  return sum;
}

// Rows that the bytes do not rule out are compared in double precision.
class GowerSearch {
 public:
  explicit GowerSearch(const TwoNearestInput& input)
      : input_(&input), scale_(input), tiles_(scale_, input.reference),
        reference_(row_major(input.reference)) {}

  struct Query {
    std::vector<double> values;
    ByteRow row;
    std::ptrdiff_t own = -1;
    BestTwo best;
    int limit = 0;
  };

  Query query(std::size_t i) const {
    Query q;
    for (std::size_t j = 0; j < input_->queries.cols(); ++j)
      q.values.push_back(input_->queries(i, j));
    to_bytes(scale_, input_->queries, i, q.row);
    if (input_->same) q.own = static_cast<std::ptrdiff_t>(i);
    set_limit(q);
    return q;
  }

  void scan(Query& q, std::size_t begin, std::size_t end) const {
    const std::size_t cols = input_->reference.cols();
    for (std::size_t tile = begin; tile < end; ++tile) {
      unsigned bits = tiles_.within(tile, q.row.bytes.data(), q.limit);
      if (bits == 0) continue;
      for (std::size_t row = tile * kLanes; bits != 0; ++row, bits >>= 1) {
        if ((bits & 1u) == 0 || static_cast<std::ptrdiff_t>(row) == q.own) continue;
        q.best.offer(column_sum(q.values.data(), reference_.data() + row * cols,
                                input_->is_factor),
                     static_cast<int>(row));
      }
      set_limit(q);
    }
  }
  std::size_t tiles() const { return tiles_.count(); }

 private:
  // In whole units, the query's error included; a margin for the rounding of doubles.
  void set_limit(Query& q) const {
    const double limit = q.best.second / scale_.unit + q.row.error + 0.01;
    q.limit = limit < 1e6 ? static_cast<int>(limit) : 1000000;
  }

  const TwoNearestInput* input_;
  ByteScale scale_;
  ByteTiles tiles_;
  std::vector<double> reference_;
};

}  // namespace

TwoNearest nearest_two_gower(const TwoNearestInput& input, const Execution& execution) {
  const std::size_t n = input.queries.rows(), cols = input.queries.cols();
  require(cols == input.reference.cols() && input.is_factor.size() == cols && cols >= 1,
          "queries and reference must have the same columns");
  const GowerSearch search(input);
  TwoNearest result{std::vector<double>(n), std::vector<double>(n), std::vector<int>(n)};
  const RowBlocks units{n, kQueries};
  parallel_for(units.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    std::vector<GowerSearch::Query> queries;
    for (std::size_t i = units.begin(unit); i < units.end(unit); ++i)
      queries.push_back(search.query(i));
    // All queries pass over some tiles while these are in the cache.
    for (std::size_t begin = 0; begin < search.tiles(); begin += kTogether) {
      cancel.check();
      const std::size_t end =
          begin + kTogether < search.tiles() ? begin + kTogether : search.tiles();
      for (auto& query : queries) search.scan(query, begin, end);
    }
    for (std::size_t i = units.begin(unit); i < units.end(unit); ++i) {
      const BestTwo& best = queries[i - units.begin(unit)].best;
      result.first[i] = best.first / static_cast<double>(cols);
      result.second[i] = best.second / static_cast<double>(cols);
      result.index[i] = best.index;
    }
  });
  return result;
}

}  // namespace causalsynth
