#include "pack.h"

#include <algorithm>

namespace causalsynth {
namespace {

// Set in the kind of a forest whose links are stored as differences.
constexpr std::uint32_t kDifferences = 16;

// Adds `sign` times what a link would be if nodes lay level by level, as they do: what is stored is
// then all but 0, and costs a file nothing.
void shift_links(std::vector<Node>& nodes, std::uint32_t sign) {
  std::uint32_t inner = 0, leaves = 0;
  for (Node& node : nodes) {
    const std::uint32_t leaf = node.leaf();
    const std::uint32_t expected = leaf * leaves + (1 - leaf) * (1 + 2 * inner);
    node.link += sign * (expected << 3);
    leaves += leaf;
    inner += 1 - leaf;
  }
}

void pack(const Tree& tree, ArchiveWriter& out) {
  std::vector<Node> nodes = tree.nodes;
  shift_links(nodes, ~std::uint32_t{0});  // -1
  out.vector(nodes);
  out.vector(tree.values);
  out.vector(tree.subset_at);
  out.vector(tree.subsets);
}

// A split by a factor of many levels has its subset.
bool has_subset(const Tree& tree, std::size_t node, const ColumnBins& column) {
  if (column.bins <= Node::kNarrowLevels) return true;
  const std::size_t words = (column.bins + 64) / 64;
  return !tree.subset_at.empty() && tree.subset_at[node] + words <= tree.subsets.size();
}

// What splits of each column may be.
struct SplitLimits {
  std::vector<std::uint32_t> cuts;  // cuts lie below; a factor's hold levels
  std::vector<std::uint8_t> factor;

  explicit SplitLimits(const std::vector<ColumnBins>& columns) {
    for (const ColumnBins& column : columns) {
      cuts.push_back(column.factor ? 65536 : column.bins);
      factor.push_back(column.factor);
    }
  }
};

// Also notes whether there are factor splits. Children lie behind their parent, so that no walk can
// run in a circle or out of the arrays. Nodes are judged without branches: they are many.
void check(Tree& tree, const Forest& forest, const SplitLimits& limits) {
  const std::size_t n = tree.nodes.size(), leaves = tree.leaves();
  ArchiveReader::require(n % 2 == 1 && tree.values.size() == leaves * forest.width);
  ArchiveReader::require(tree.subset_at.empty() || tree.subset_at.size() == n);
  const std::size_t columns = limits.cuts.size();
  bool good = columns > 0, factors = false;
  for (std::size_t i = 0; good && i < n; ++i) {
    const Node node = tree.nodes[i];
    const std::size_t link = node.left(), column = std::min<std::size_t>(node.column, columns - 1);
    const bool leaf = node.leaf(), factor = node.factor();
    const bool child = (link > i) & (link + 1 < n) & (node.column < columns);
    const bool fits = factor == (limits.factor[column] != 0);
    const bool below = node.cut < limits.cuts[column];
    const bool cut = fits & below;
    good &= (leaf & (link < leaves)) | (!leaf & child & cut);
    factors |= factor & !leaf;
  }
  ArchiveReader::require(good);
  tree.has_factors = factors;
  for (std::size_t i = 0; factors && i < n; ++i)
    if (tree.nodes[i].factor() && !tree.nodes[i].leaf())
      ArchiveReader::require(has_subset(tree, i, forest.quantiser.columns()[tree.nodes[i].column]));
}

Tree unpack_tree(ArchiveReader& in, const Forest& forest, const SplitLimits& limits,
                 bool differences) {
  Tree tree;
  in.vector(tree.nodes);
  if (differences) shift_links(tree.nodes, 1);
  in.vector(tree.values);
  in.vector(tree.subset_at);
  in.vector(tree.subsets);
  check(tree, forest, limits);
  return tree;
}

void pack(const Quantiser& quantiser, ArchiveWriter& out) {
  out.value(static_cast<std::uint64_t>(quantiser.columns().size()));
  for (const ColumnBins& column : quantiser.columns()) {
    out.value(static_cast<std::uint8_t>(column.factor));
    out.value(column.bins);
    out.vector(column.cuts);
  }
}

Quantiser unpack_quantiser(ArchiveReader& in) {
  std::vector<ColumnBins> columns(in.count());
  for (ColumnBins& column : columns) {
    column.factor = in.value<std::uint8_t>() != 0;
    column.bins = in.value<std::uint32_t>();
    in.vector(column.cuts);
    ArchiveReader::require(column.bins >= 1 && column.bins <= 65534);
    ArchiveReader::require(column.factor ? column.cuts.empty()
                                         : column.cuts.size() + 1 == column.bins);
    for (std::size_t i = 1; i < column.cuts.size(); ++i)
      ArchiveReader::require(column.cuts[i] > column.cuts[i - 1]);
  }
  return Quantiser::restore(std::move(columns));
}

}  // namespace

// Of the options, those that drawing the bags anew needs.
void pack(const Forest& forest, ArchiveWriter& out) {
  out.value(static_cast<std::uint32_t>(forest.kind) | kDifferences);
  out.value(static_cast<std::uint64_t>(forest.width));
  out.value(static_cast<std::uint64_t>(forest.rows));
  out.value(forest.options.key);
  out.value(forest.options.sample_fraction);
  out.value(static_cast<std::uint8_t>(forest.options.replace));
  out.value(static_cast<std::uint8_t>(forest.options.out_of_bag));
  out.value(static_cast<std::uint8_t>(forest.options.honest));
  out.vector(forest.sampling.weights);
  out.vector(forest.sampling.clusters);
  pack(forest.quantiser, out);
  for (const auto* trees : {&forest.trees, &forest.extra_trees}) {
    out.value(static_cast<std::uint64_t>(trees->size()));
    for (const Tree& tree : *trees) pack(tree, out);
  }
}

Forest unpack_forest(ArchiveReader& in) {
  Forest forest;
  const auto mark = in.value<std::uint32_t>();
  const bool differences = mark & kDifferences;
  const std::uint32_t kind = mark & ~kDifferences;
  ArchiveReader::require(kind <= static_cast<std::uint32_t>(TargetKind::classes));
  forest.kind = static_cast<TargetKind>(kind);
  forest.width = static_cast<std::size_t>(in.value<std::uint64_t>());
  ArchiveReader::require(forest.width >= 1 && forest.width <= 65535);
  forest.rows = static_cast<std::size_t>(in.value<std::uint64_t>());
  forest.options.key = in.value<std::uint64_t>();
  const double share = in.value<double>();
  ArchiveReader::require(share > 0.0 && share <= 1.0);
  forest.options.sample_fraction = share;
  forest.options.replace = in.value<std::uint8_t>() != 0;
  forest.options.out_of_bag = in.value<std::uint8_t>() != 0;
  forest.options.honest = in.value<std::uint8_t>() != 0;
  in.vector(forest.sampling.weights);
  in.vector(forest.sampling.clusters);
  forest.quantiser = unpack_quantiser(in);
  const SplitLimits limits(forest.quantiser.columns());
  for (auto* trees : {&forest.trees, &forest.extra_trees}) {
    trees->resize(in.count());
    for (Tree& tree : *trees) tree = unpack_tree(in, forest, limits, differences);
  }
  return forest;
}

}  // namespace causalsynth
