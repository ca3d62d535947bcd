// Which rows a tree sees, and how often. Made from the tree's own stream, so that it can be made
// again.
#pragma once
#include <cstdint>
#include <vector>

#include "options.h"

namespace causalsynth {

// Draws a bag has, of n rows.
std::size_t bag_size(const ForestOptions& options, std::size_t rows);

// Counts of each row in the bag of tree number `tree`.
void draw_bag(const ForestOptions& options, std::size_t tree, std::vector<std::uint32_t>& counts);

}  // namespace causalsynth
