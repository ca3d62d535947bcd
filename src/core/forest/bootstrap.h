// Which rows a tree sees, and how often. Made from the tree's own stream, so that it can be made
// again.
#pragma once
#include <cstdint>
#include <vector>

#include "../random/stream.h"
#include "options.h"

namespace causalsynth {

// What bags are drawn by besides the options; at most one of the two is given.
struct Sampling {
  std::vector<double> weights;          // a row's chance, relative to others'; empty: all alike
  std::vector<std::uint32_t> clusters;  // cluster of each row, 0.. without gaps; empty: none

  void validate(std::size_t rows) const;
};

class Bags {
 public:
  Bags(const ForestOptions& options, const Sampling& sampling, std::size_t rows);

  std::size_t rows() const { return rows_; }
  // Units (rows, or clusters) a bag draws.
  std::size_t draws() const { return draws_; }
  // No bag weighs more.
  std::size_t most_weight() const { return draws_ * largest_cluster_; }
  bool leave_some_out() const { return options_.replace || draws_ < units_; }

  // Counts of each row in the bag of tree number `tree`.
  void draw(std::size_t tree, std::vector<std::uint32_t>& counts) const;
  // For honest trees: moves about half of the bag's units from `counts` to `estimate`. Moves none
  // where the bag has a single unit.
  void set_aside(std::size_t tree, std::vector<std::uint32_t>& counts,
                 std::vector<std::uint32_t>& estimate) const;

 private:
  void draw_units(Stream& stream, std::vector<std::uint32_t>& counts) const;
  void draw_weighted(Stream& stream, std::vector<std::uint32_t>& counts) const;
  void draw_weighted_once(Stream& stream, std::vector<std::uint32_t>& counts) const;
  void make_alias(const std::vector<double>& weights);
  void spread(const std::vector<std::uint32_t>& units, std::vector<std::uint32_t>& counts) const;

  const ForestOptions options_;
  const std::vector<std::uint32_t> clusters_;
  std::size_t rows_, units_, draws_, largest_cluster_ = 1;
  // Walker's alias method: unit i is kept with chance keep_[i], else it is alias_[i].
  std::vector<double> keep_;
  std::vector<std::uint32_t> alias_;
  std::vector<double> weights_;
};

}  // namespace causalsynth
