#include "neighbour_table.h"

#include <cmath>
#include <limits>

#include "../base/require.h"

namespace causalsynth {
namespace {

constexpr std::size_t kGroups = 4096;  // query groups a unit

double distance_between(const double* a, const double* b, std::size_t dims) {
  double sum = 0.0;
  for (std::size_t j = 0; j < dims; ++j) {
    const double difference = a[j] - b[j];
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

}  // namespace

NeighbourTable neighbour_table(const MatchedRows& matched, int m, const Execution& execution) {
  const PointGroups& queries = matched.queries;
  const PointGroups& reference = matched.reference;
  const NeighbourLists& lists = matched.lists;
  require(!lists.same, "a table of neighbours needs queries apart from the reference");
  const std::size_t n = queries.rows.size(), width = static_cast<std::size_t>(m);
  NeighbourTable table;
  table.index.assign(n * width, -1);
  table.distance.assign(n * width, std::numeric_limits<double>::infinity());
  const RowBlocks units{queries.count(), kGroups};
  parallel_for(units.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    cancel.check();
    std::vector<int> rows;
    std::vector<double> distances;
    for (std::size_t g = units.begin(unit); g < units.end(unit); ++g) {
      rows.clear();
      distances.clear();
      for (std::size_t e = lists.offset[g]; e < lists.offset[g + 1]; ++e) {
        const auto group = static_cast<std::size_t>(lists.group[e]);
        const double distance =
            distance_between(queries.point(g), reference.point(group), queries.dims);
        for (int i = 0; i < lists.taken[e]; ++i) {
          rows.push_back(reference.begin(group)[i]);
          distances.push_back(distance);
        }
      }
      require(rows.size() <= width, "a list of neighbours is longer than the table is wide");
      for (int i = queries.start[g]; i < queries.start[g + 1]; ++i)
        for (std::size_t k = 0; k < rows.size(); ++k) {
          table.index[static_cast<std::size_t>(i) + n * k] = rows[k];
          table.distance[static_cast<std::size_t>(i) + n * k] = distances[k];
        }
    }
  });
  return table;
}

}  // namespace causalsynth
