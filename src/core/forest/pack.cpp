#include "pack.h"

namespace causalsynth {
namespace {

void pack(const Tree& tree, ArchiveWriter& out) {
  out.vector(tree.nodes);
  out.vector(tree.values);
  out.vector(tree.subset_at);
  out.vector(tree.subsets);
}

// Also notes whether there are factor splits. Children lie behind their parent, so that no walk can
// run in a circle or out of the arrays.
void check(Tree& tree, const Forest& forest) {
  const std::size_t n = tree.nodes.size();
  ArchiveReader::require(n % 2 == 1 && tree.values.size() == tree.leaves() * forest.width);
  ArchiveReader::require(tree.subset_at.empty() || tree.subset_at.size() == n);
  for (std::size_t i = 0; i < n; ++i) {
    const Node& node = tree.nodes[i];
    if (node.leaf()) {
      ArchiveReader::require(node.leaf_number() < tree.leaves());
      continue;
    }
    ArchiveReader::require(node.left() > i && node.left() + 1u < n);
    ArchiveReader::require(node.column < forest.quantiser.columns().size());
    const ColumnBins& column = forest.quantiser.columns()[node.column];
    ArchiveReader::require(node.factor() == column.factor);
    tree.has_factors = tree.has_factors || node.factor();
    if (!node.factor() || column.bins <= Node::kNarrowLevels) continue;
    const std::size_t words = (column.bins + 64) / 64;
    ArchiveReader::require(!tree.subset_at.empty() &&
                           tree.subset_at[i] + words <= tree.subsets.size());
  }
}

Tree unpack_tree(ArchiveReader& in, const Forest& forest) {
  Tree tree;
  in.vector(tree.nodes);
  in.vector(tree.values);
  in.vector(tree.subset_at);
  in.vector(tree.subsets);
  check(tree, forest);
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
  out.value(static_cast<std::uint32_t>(forest.kind));
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
  const auto kind = in.value<std::uint32_t>();
  ArchiveReader::require(kind <= static_cast<std::uint32_t>(TargetKind::classes));
  forest.kind = static_cast<TargetKind>(kind);
  forest.width = static_cast<std::size_t>(in.value<std::uint64_t>());
  ArchiveReader::require(forest.width >= 1 && forest.width <= 65535);
  forest.rows = static_cast<std::size_t>(in.value<std::uint64_t>());
  forest.options.key = in.value<std::uint64_t>();
  forest.options.sample_fraction = in.value<double>();
  forest.options.replace = in.value<std::uint8_t>() != 0;
  forest.options.out_of_bag = in.value<std::uint8_t>() != 0;
  forest.options.honest = in.value<std::uint8_t>() != 0;
  in.vector(forest.sampling.weights);
  in.vector(forest.sampling.clusters);
  forest.quantiser = unpack_quantiser(in);
  for (auto* trees : {&forest.trees, &forest.extra_trees}) {
    trees->resize(in.count());
    for (Tree& tree : *trees) tree = unpack_tree(in, forest);
  }
  return forest;
}

}  // namespace causalsynth
