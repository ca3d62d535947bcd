// A forest for drawing: trees over the generator's small codes, whose leaves hold cumulative shares
// of classes (or of the bins of a histogram) as 16-bit numbers, and perhaps a mean.
#pragma once
#include <cstdint>
#include <vector>

#include "../base/archive.h"
#include "../forest/forest.h"
#include "design.h"

namespace causalsynth {

class LeafForest {
 public:
  // Takes the trees over; shares are to be added leaf by leaf in their order.
  LeafForest() = default;
  // `factors`: which columns are; `width` classes.
  LeafForest(const Forest& forest, std::size_t width);

  bool empty() const { return trees_.empty(); }
  std::size_t trees() const { return trees_.size(); }
  std::size_t width() const { return width_; }
  std::size_t leaves(std::size_t tree) const { return trees_[tree].leaves; }
  // Number of the leaf among all leaves of all trees.
  std::size_t leaf(std::size_t tree, const RowView& data, std::size_t row) const;
  // Shares of a leaf, from counts or probabilities (any positive multiple).
  void set_shares(std::size_t leaf, const double* shares);
  double share(std::size_t leaf, std::size_t k) const;
  std::size_t draw_class(std::size_t leaf, Stream& stream) const;
  // Mean over trees of the means of the row's leaves.
  double mean(const RowView& data, std::size_t row) const;
  bool has_means() const { return !means_.empty(); }
  void keep_means(const Forest& forest);

  void pack(ArchiveWriter& out) const;
  static LeafForest unpack(ArchiveReader& in, const std::vector<ColumnMargin>& margins,
                           std::size_t columns);

 private:
  struct LeafTree : Splits {
    std::size_t first_leaf = 0, leaves = 0;
  };
  void check(const std::vector<ColumnMargin>& margins, std::size_t columns) const;
  std::size_t width_ = 0, leaves_ = 0;
  std::vector<LeafTree> trees_;
  std::vector<std::uint16_t> shares_;  // width - 1 a leaf, cumulative, of 65535
  std::vector<double> means_;          // empty, or one a leaf
};

// The codes of some rows of the first columns as a frame for a forest.
class CodeFrame {
 public:
  CodeFrame(const std::vector<ColumnMargin>& margins, std::size_t columns, const RowView& data,
            const std::vector<std::size_t>& rows);
  const Frame& frame() const { return frame_; }

 private:
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<int>> codes_;
  Frame frame_;
};

}  // namespace causalsynth
