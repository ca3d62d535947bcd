#include <cmath>

#include "mixed_tiles.h"
#include "nearest_two.h"

namespace causalsynth {
namespace {

constexpr std::size_t kQueries = 64;  // a unit

}  // namespace

TwoNearest nearest_two_mixed(const TwoNearestInput& input, const Execution& execution) {
  const std::size_t n = input.queries.rows(), cols = input.queries.cols();
  const MixedTiles tiles({input.queries, input.reference, input.is_factor, false});
  const std::vector<double> queries = row_major(input.queries);
  TwoNearest result{std::vector<double>(n), std::vector<double>(n), std::vector<int>(n)};
  const RowBlocks units{n, kQueries};
  parallel_for(units.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    const std::size_t begin = units.begin(unit), end = units.end(unit);
    BestTwo found[kQueries];
    double squares[MixedTiles::kTile];
    for (std::size_t tile = 0; tile < tiles.count(); ++tile) {
      cancel.check();
      const std::size_t first = tile * MixedTiles::kTile, filled = tiles.filled(tile);
      for (std::size_t query = begin; query < end; ++query) {
        tiles.measure(queries.data() + query * cols, tile, squares);
        BestTwo& best = found[query - begin];
        for (std::size_t i = 0; i < filled; ++i) {
          if (!(squares[i] < best.second) || (input.same && first + i == query)) continue;
          best.offer(squares[i], static_cast<int>(first + i));
        }
      }
    }
    for (std::size_t query = begin; query < end; ++query) {
      const BestTwo& best = found[query - begin];
      result.first[query] = std::sqrt(best.first);
      result.second[query] = std::sqrt(best.second);
      result.index[query] = best.index;
    }
  });
  return result;
}

}  // namespace causalsynth
