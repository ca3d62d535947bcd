#include <cmath>

#include "catch.h"
#include "core/forest/forest.h"
#include "core/forest/leaf_finder.h"
#include "core/forest/predict.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

std::uint32_t walk(const Tree& tree, const CodedFrame& data, std::size_t row,
                   std::uint32_t at = 0) {
  while (!tree.nodes[at].leaf())
    at = tree.nodes[at].left() + tree.goes_right(at, data.columns[tree.nodes[at].column][row]);
  return at;
}

// A number of few values, one of many with gaps, factors of 5 and of 300 levels with gaps.
struct Mixed {
  std::vector<double> few, many;
  std::vector<int> small, large;
  explicit Mixed(std::size_t n, std::size_t key) {
    Stream stream(key, StreamTag::test, n);
    for (std::size_t i = 0; i < n; ++i) {
      few.push_back(static_cast<double>(stream.below(3)));
      many.push_back(stream.uniform() < .3 ? std::nan("") : stream.normal());
      small.push_back(stream.uniform() < .1 ? kMissingCode : 1 + static_cast<int>(stream.below(5)));
      large.push_back(stream.uniform() < .1 ? kMissingCode
                                            : 1 + static_cast<int>(stream.below(300)));
    }
  }
  Frame frame() const {
    Frame result(few.size());
    result.add(Column::numeric(few));
    result.add(Column::numeric(many));
    result.add(Column::factor(small, 5));
    result.add(Column::factor(large, 300));
    return result;
  }
};

// Cuts leaves at random in two until there are `leaves`; every code of a column may be a cut, and
// missing values go to either side.
class RandomTree {
 public:
  RandomTree(const std::vector<ColumnBins>& columns, std::size_t leaves, std::uint64_t key)
      : columns_(columns), stream_(key, StreamTag::test, leaves) {
    tree.nodes.resize(1);
    tree.subset_at.resize(1, Splits::kInNode);
    for (std::size_t have = 1; have < leaves; ++have) split(any_leaf());
  }
  Tree tree;

 private:
  std::uint32_t any_leaf() {
    for (;;) {
      const auto at = static_cast<std::uint32_t>(stream_.below(tree.nodes.size()));
      if (tree.nodes[at].leaf()) return at;
    }
  }
  void split(std::uint32_t at) {
    const auto left = static_cast<std::uint32_t>(tree.nodes.size());
    Node node;
    node.column = static_cast<std::uint16_t>(stream_.below(columns_.size()));
    const ColumnBins& bins = columns_[node.column];
    std::uint32_t flags = 0;
    if (bins.factor) {
      flags = Node::kFactor;
      tree.has_factors = true;
      if (bins.bins <= Node::kNarrowLevels) {
        node.cut = static_cast<std::uint16_t>(stream_.below(1u << 16));
      } else {
        tree.subset_at[at] = static_cast<std::uint32_t>(tree.subsets.size());
        for (std::uint32_t word = 0; word <= bins.bins / 64; ++word)
          tree.subsets.push_back(stream_.below(1u << 31) * 0x9e3779b97f4a7c15ull);
      }
    } else if (stream_.below(2)) {
      flags = Node::kMissingRight;
      node.cut = static_cast<std::uint16_t>(1 + stream_.below(bins.bins - 1));
    } else {
      node.cut = static_cast<std::uint16_t>(stream_.below(bins.bins));
    }
    node.link = (left << 3) | flags;
    tree.nodes[at] = node;
    tree.nodes.resize(left + 2);
    tree.subset_at.resize(left + 2, Splits::kInNode);
  }
  const std::vector<ColumnBins>& columns_;
  Stream stream_;
};

// Walking on from the exits leads where walking from the root leads; so does the leaf finder.
bool same_leaves(const Tree& tree, const LookupCodes& codes, std::size_t begin, std::size_t end) {
  const CodedFrame& data = codes.data();
  std::vector<ExitSet> sets(end - begin);
  std::vector<std::uint32_t> found(end - begin);
  ExitMasks exits;
  exits.build(tree, codes);
  exits.find(codes, RowRange{begin}, end - begin, sets.data(), found.data());
  LeafFinder finder(codes);
  finder.set_tree(tree, end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint32_t leaf = walk(tree, data, i), exit = found[i - begin];
    if (walk(tree, data, i, exit) != leaf) return false;
    if (exits.complete() && exit != leaf) return false;
    if (*finder.find(RowRange{i}, 1) != leaf) return false;
  }
  // Every third row, by a list.
  std::vector<std::uint32_t> rows;
  for (std::size_t i = begin; i < end && rows.size() < LeafFinder::kMostRows; i += 3)
    rows.push_back(static_cast<std::uint32_t>(i));
  const std::uint32_t* leaves = finder.find(RowList{rows.data()}, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (leaves[i] != walk(tree, data, rows[i])) return false;
  return true;
}

}  // namespace

TEST_CASE("exits lead to the leaves that walking finds: trees of 1 to 300 leaves") {
  const Mixed rows(700, 3);
  const Quantiser quantiser = Quantiser::learn(rows.frame(), 255, Execution{});
  const CodedFrame data = quantiser.encode(rows.frame(), Execution{});
  REQUIRE(quantiser.columns()[3].wide());
  const LookupCodes codes(data);
  CHECK(codes.groups().size() == 3);  // the first and the third column share a table
  CHECK(codes.group_of(0) == codes.group_of(2));
  for (std::size_t leaves = 1; leaves <= 300; leaves += leaves < 140 ? 1 : 13) {
    for (std::uint64_t key = 0; key < 4; ++key) {
      const RandomTree random(quantiser.columns(), leaves, key);
      CHECK(same_leaves(random.tree, codes, 0, 700));
    }
  }
  // A block in the middle of the rows.
  const RandomTree random(quantiser.columns(), 40, 9);
  CHECK(same_leaves(random.tree, codes, 123, 456));
}

TEST_CASE("exits lead to the leaves of grown trees, also for rows never seen") {
  const Mixed rows(600, 5), fresh(500, 6);
  std::vector<double> y;
  Stream stream(8, StreamTag::test, 0);
  for (std::size_t i = 0; i < 600; ++i)
    y.push_back((std::isnan(rows.many[i]) ? 2 : rows.many[i]) + (rows.small[i] == 2) +
                .3 * stream.normal());
  ForestOptions options;
  options.trees = 20;
  options.key = 4;
  options.mtry = 2;
  options.min_node_size = {2};
  const Forest forest =
      fit_forest(rows.frame(), {TargetKind::mean, y, 0}, options, Execution{}).forest;
  const CodedFrame data = forest.quantiser.encode(fresh.frame(), Execution{});
  const LookupCodes codes(data);
  std::vector<double> mean(500, 0.0);
  for (const Tree& tree : forest.trees) {
    CHECK(same_leaves(tree, codes, 0, 500));
    for (std::size_t i = 0; i < 500; ++i) mean[i] += *tree.value(walk(tree, data, i), 1);
  }
  for (double& value : mean) value /= 20.0;
  CHECK(predict_forest(forest, fresh.frame(), Execution{}) == mean);
}

TEST_CASE("frames of more columns than a tree's top looks up are walked") {
  const std::size_t n = 300, p = LookupCodes::kMostColumns + 1;
  std::vector<std::vector<double>> x(p, std::vector<double>(n));
  std::vector<double> y(n, 0.0);
  Stream stream(12, StreamTag::test, 0);
  Frame frame(n);
  for (auto& column : x) {
    for (double& value : column) value = stream.normal();
    frame.add(Column::numeric(column));
  }
  for (std::size_t i = 0; i < n; ++i) y[i] = x[0][i] + x[1][i];
  ForestOptions options;
  options.trees = 5;
  options.key = 6;
  const Forest forest = fit_forest(frame, {TargetKind::mean, y, 0}, options, Execution{}).forest;
  const CodedFrame data = forest.quantiser.encode(frame, Execution{});
  const LookupCodes codes(data);
  CHECK(codes.empty());
  LeafFinder finder(codes);
  for (const Tree& tree : forest.trees) {
    finder.set_tree(tree, n);
    for (std::size_t i = 0; i < n; ++i) CHECK(*finder.find(RowRange{i}, 1) == walk(tree, data, i));
  }
}

TEST_CASE("nodes that nothing leads to have no exits") {
  const Mixed rows(400, 7);
  const Quantiser quantiser = Quantiser::learn(rows.frame(), 255, Execution{});
  const CodedFrame data = quantiser.encode(rows.frame(), Execution{});
  const LookupCodes codes(data);
  for (std::uint64_t key = 0; key < 10; ++key) {
    RandomTree random(quantiser.columns(), 60, key);
    random.tree.nodes[random.tree.nodes[0].left()] = Node{};
    CHECK(same_leaves(random.tree, codes, 0, 400));
  }
}
