#include "neighbours.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../base/require.h"
#include "kd_tree.h"

namespace causalsynth {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kQueries = 64;  // query groups a unit

struct Entry {
  double square;
  int group;
  int rows;  // of the group, that may be taken
};

// The groups within the m-th smallest distance so far, and within the tolerance beyond it.
class NearestGroups {
 public:
  // `own`: the group whose query this is where rows are matched to one another, or -1.
  NearestGroups(const NeighbourOptions& options, const PointGroups& reference, int own)
      : options_(&options), reference_(&reference), own_(own), bound_(options.max_square) {}
  double bound() const { return bound_; }

  void offer(double square, std::size_t group) {
    const int rows = reference_->size(group) - (static_cast<int>(group) == own_ ? 1 : 0);
    if (rows == 0) return;
    const Entry entry{square, static_cast<int>(group), rows};
    if (reached_ && square >= nearest_.back().square) {
      beyond_.push_back(entry);
      return;
    }
    const auto place =
        std::upper_bound(nearest_.begin(), nearest_.end(), square,
                         [](double value, const Entry& other) { return value < other.square; });
    nearest_.insert(place, entry);
    shrink();
  }

  // All groups within the bound, by distance and then by number.
  std::vector<Entry> finish() {
    for (const Entry& entry : beyond_)
      if (entry.square <= bound_) nearest_.push_back(entry);
    std::sort(nearest_.begin(), nearest_.end(), [](const Entry& a, const Entry& b) {
      return a.square != b.square ? a.square < b.square : a.group < b.group;
    });
    return std::move(nearest_);
  }

 private:
  // Keeps the fewest groups that hold m rows; what falls out may still be tied.
  void shrink() {
    std::size_t total = 0, keep = 0;
    while (keep < nearest_.size() && total < static_cast<std::size_t>(options_->m))
      total += static_cast<std::size_t>(nearest_[keep++].rows);
    reached_ = total >= static_cast<std::size_t>(options_->m);
    if (!reached_) return;
    bound_ = std::min(options_->max_square, nearest_[keep - 1].square + options_->tolerance);
    for (std::size_t i = keep; i < nearest_.size(); ++i)
      if (nearest_[i].square <= bound_) beyond_.push_back(nearest_[i]);
    nearest_.resize(keep);
  }

  const NeighbourOptions* options_;
  const PointGroups* reference_;
  int own_;
  double bound_;
  bool reached_ = false;
  std::vector<Entry> nearest_;  // ascending
  std::vector<Entry> beyond_;
};

// Leaves exactly m rows where there are more: of groups at the same distance, the lowest rows.
void take_exactly(std::vector<Entry>& entries, const PointGroups& reference, int m) {
  std::size_t first = 0;
  int left = m;
  while (first < entries.size() && left > 0) {
    std::size_t last = first;
    int rows = 0;
    while (last < entries.size() && entries[last].square == entries[first].square)
      rows += entries[last++].rows;
    if (rows > left) {
      std::vector<std::pair<int, std::size_t>> candidates;  // row, entry
      for (std::size_t e = first; e < last; ++e)
        for (int i = 0; i < std::min(entries[e].rows, left); ++i)
          candidates.emplace_back(reference.begin(static_cast<std::size_t>(entries[e].group))[i],
                                  e);
      std::sort(candidates.begin(), candidates.end());
      for (std::size_t e = first; e < last; ++e) entries[e].rows = 0;
      for (int i = 0; i < left; ++i) ++entries[candidates[static_cast<std::size_t>(i)].second].rows;
      rows = left;
    }
    left -= rows;
    first = last;
  }
  entries.resize(first);
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [](const Entry& entry) { return entry.rows == 0; }),
                entries.end());
}

// Lists of a block of query groups, put together in their order afterwards.
struct Block {
  std::vector<Entry> entries;
  std::vector<std::size_t> ends;
};

NeighbourLists join(const std::vector<Block>& blocks, std::size_t groups) {
  NeighbourLists lists;
  lists.offset.reserve(groups + 1);
  lists.offset.push_back(0);
  for (const Block& block : blocks) {
    std::size_t begin = 0;
    for (std::size_t end : block.ends) {
      int rows = 0;
      for (std::size_t e = begin; e < end; ++e) {
        lists.group.push_back(block.entries[e].group);
        lists.taken.push_back(block.entries[e].rows);
        rows += block.entries[e].rows;
      }
      lists.found.push_back(rows);
      lists.offset.push_back(lists.group.size());
      begin = end;
    }
  }
  return lists;
}

// The distance of the m-th row, or of the last where there are fewer.
double reached_square(const std::vector<Entry>& entries, int m) {
  int rows = 0;
  for (const Entry& entry : entries) {
    rows += entry.rows;
    if (rows >= m) return entry.square;
  }
  return entries.empty() ? kInfinity : entries.back().square;
}

}  // namespace

void NeighbourOptions::validate() const {
  require(m >= 1, "at least one neighbour must be asked for");
  require(tolerance >= 0.0 && std::isfinite(tolerance),
          "the tolerance of ties must not be below 0");
  require(max_square >= 0.0, "the largest squared distance must not be below 0");
}

NeighbourLists find_neighbours(const PointGroups& queries, const PointGroups* reference,
                               const NeighbourOptions& options, const Execution& execution) {
  options.validate();
  const bool same = reference == nullptr;
  const PointGroups& pool = same ? queries : *reference;
  require(queries.dims == pool.dims, "queries and reference must have the same coordinates");
  const KdTree tree(pool.coords, pool.dims);
  NeighbourOptions search = options;
  if (!options.ties) search.tolerance = 0.0;
  const RowBlocks units{queries.count(), kQueries};
  std::vector<Block> blocks(units.count());
  std::vector<double> squares(queries.count());

  parallel_for(units.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    const std::size_t begin = units.begin(unit), end = units.end(unit);
    cancel.check();
    std::vector<NearestGroups> found;
    for (std::size_t g = begin; g < end; ++g)
      found.emplace_back(search, pool, same ? static_cast<int>(g) : -1);
    tree.search(queries.point(begin), end - begin, found.data());
    for (std::size_t g = begin; g < end; ++g) {
      std::vector<Entry> entries = found[g - begin].finish();
      squares[g] = reached_square(entries, options.m);
      if (!options.ties) take_exactly(entries, pool, options.m);
      Block& block = blocks[unit];
      block.entries.insert(block.entries.end(), entries.begin(), entries.end());
      block.ends.push_back(block.entries.size());
    }
  });

  NeighbourLists lists = join(blocks, queries.count());
  lists.same = same;
  lists.square = std::move(squares);
  return lists;
}

}  // namespace causalsynth
