#include "forest.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "bootstrap.h"
#include "finish_tree.h"
#include "grow.h"
#include "honest.h"
#include "importance.h"
#include "out_of_bag.h"
#include "targets.h"

namespace causalsynth {
namespace {

constexpr std::size_t kMostExtraTrees = 2000;

// What one worker needs to grow trees; taken from a pool, so that there are as many as workers.
template <class Target>
struct Workbench {
  TreeGrower<Target> grower;
  LeafFinder finder;
  OutOfBag<Target> oob;
  std::vector<std::uint32_t> bag, estimate, left_out;
};

template <class Target>
class Trainer {
 public:
  Trainer(const Target& target, const CodedFrame& data, const Forest& forest, const Bags& bags)
      : target_(target), data_(data), lookup_(data), options_(forest.options), bags_(bags) {}

  // Grows trees first..first+count-1, tells keep(t, tree) of each and returns their out-of-bag
  // sums. keep() runs on the workers.
  template <class Keep>
  OutOfBag<Target> grow(std::size_t first, std::size_t count, Keep keep,
                        const Execution& execution) {
    benches_.clear();
    free_.clear();
    parallel_for(count, execution, [&](std::size_t t, const CancelFlag& cancel) {
      Workbench<Target>* bench = take();
      bags_.draw(first + t, bench->bag);
      const GrownTree& tree = options_.honest ? grow_honest(*bench, first + t, cancel)
                                              : bench->grower.grow(first + t, bench->bag, cancel);
      if (options_.out_of_bag) report_left_out(*bench, tree);
      keep(t, tree);
      give_back(bench);
    });
    OutOfBag<Target> total(target_, options_.out_of_bag ? candidates() : 0);
    if (options_.out_of_bag)
      for (const auto& bench : benches_) total.merge(bench->oob);
    return total;
  }

  std::size_t candidates() const { return options_.min_node_size.size(); }

 private:
  const GrownTree& grow_honest(Workbench<Target>& bench, std::size_t number,
                               const CancelFlag& cancel) {
    bags_.set_aside(number, bench.bag, bench.estimate);
    GrownTree& tree = bench.grower.grow(number, bench.bag, cancel);
    const bool single =
        std::all_of(bench.estimate.begin(), bench.estimate.end(), [](auto c) { return c == 0; });
    fill_tree(tree, target_, data_, single ? bench.bag : bench.estimate);
    return tree;
  }

  // Adds the predictions of rows that had no part in the tree.
  void report_left_out(Workbench<Target>& bench, const GrownTree& tree) {
    const std::size_t rows = bench.bag.size();
    std::vector<std::uint32_t>& left_out = bench.left_out;
    left_out.resize(rows + 1);
    const std::uint32_t* const also = options_.honest ? bench.estimate.data() : bench.bag.data();
    std::size_t count = 0;
    for (std::uint32_t row = 0; row < rows; ++row) {
      left_out[count] = row;
      count += (bench.bag[row] | also[row]) == 0;
    }
    left_out.resize(count);
    bench.oob.add(tree, options_.min_node_size, left_out, bench.finder);
  }

  Workbench<Target>* take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      Workbench<Target>* bench = free_.back();
      free_.pop_back();
      return bench;
    }
    benches_.emplace_back(
        new Workbench<Target>{TreeGrower<Target>(target_, data_, options_),
                              LeafFinder(lookup_),
                              OutOfBag<Target>(target_, options_.out_of_bag ? candidates() : 0),
                              {},
                              {},
                              {}});
    return benches_.back().get();
  }
  void give_back(Workbench<Target>* bench) {
    std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(bench);
  }

  const Target& target_;
  const CodedFrame& data_;
  const LookupCodes lookup_;
  const ForestOptions options_;
  const Bags& bags_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workbench<Target>>> benches_;
  std::vector<Workbench<Target>*> free_;
};

template <class Target>
double squared_loss(const Target& target, const std::vector<double>& predictions,
                    Span<const double> y, const std::vector<double>& weights) {
  const std::size_t width = target.width();
  double sum = 0.0, total = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i];
    total += weight;
    for (std::size_t k = 0; k < width; ++k) {
      const double truth = width == 1 ? y[i] : (y[i] == static_cast<double>(k));
      const double error = predictions[i * width + k] - truth;
      sum += weight * error * error;
    }
  }
  return sum / total;
}

// Trees as they grow: finished at once where the node size is given, else kept whole until the
// out-of-bag losses tell it.
template <class Target>
class Keeper {
 public:
  Keeper(const Target& target, const ForestOptions& options)
      : target_(target), size_(options.min_node_size), undecided_(size_.size() > 1) {}

  // Room for the next `count` trees; what they are kept by.
  auto room(std::vector<Tree>& trees, std::size_t count) {
    const std::size_t first = trees.size(), first_grown = grown_.size();
    trees.resize(first + count);
    if (undecided_) grown_.resize(first_grown + count);
    return [this, &trees, first, first_grown](std::size_t t, const GrownTree& tree) {
      if (undecided_)
        grown_[first_grown + t] = tree;
      else
        trees[first + t] = finish_tree(tree, target_, static_cast<std::uint32_t>(size_.front()));
    };
  }

  // Grown trees are those of `forest.trees`, then `extra_trees`.
  void finish(Forest& forest, int size, const Execution& execution) {
    if (!undecided_) return;
    const std::size_t trees = forest.trees.size();
    parallel_for(grown_.size(), execution, [&](std::size_t t, const CancelFlag&) {
      Tree& out = t < trees ? forest.trees[t] : forest.extra_trees[t - trees];
      out = finish_tree(grown_[t], target_, static_cast<std::uint32_t>(size));
      grown_[t] = GrownTree{};
    });
  }

 private:
  const Target& target_;
  const std::vector<int> size_;
  const bool undecided_;
  std::vector<GrownTree> grown_;
};

// Rows that every tree has bagged get further trees until each is left out of one.
template <class Target>
void cover_all_rows(Trainer<Target>& trainer, Forest& forest, Keeper<Target>& keeper,
                    OutOfBag<Target>& oob, const Execution& execution) {
  OutOfBag<Target> extra = oob.none();
  while (!oob.covered_with(extra)) {
    if (forest.extra_trees.size() >= kMostExtraTrees)
      throw std::runtime_error(
          "some rows are in every bag: grow more trees or choose a smaller sample_fraction");
    const std::size_t first = forest.trees.size() + forest.extra_trees.size(), more = 32;
    extra.merge(trainer.grow(first, more, keeper.room(forest.extra_trees, more), execution));
  }
  oob.fill_gaps(extra);
}

template <class Target>
void choose_node_size(const Target& target, const OutOfBag<Target>& oob, Span<const double> y,
                      ForestFit& fit) {
  std::vector<int>& sizes = fit.forest.options.min_node_size;
  std::size_t best = 0;
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    std::vector<double> predictions = oob.means(c);
    fit.losses.push_back(squared_loss(target, predictions, y, fit.forest.sampling.weights));
    if (c > 0 && !(fit.losses[c] < fit.losses[best])) continue;
    best = c;
    fit.out_of_bag = std::move(predictions);
  }
  const int size = sizes[best];
  sizes.assign(1, size);
}

// The gains of a second forest, on the columns and their shuffled copies.
template <class Target>
std::vector<double> corrected_gains(const Target& target, const CodedFrame& data,
                                    const Forest& forest, const Execution& execution) {
  Forest second;
  second.options = copies_options(forest.options, data.columns.size());
  const CodedFrame doubled = with_shuffled_copies(data, second.options.key);
  const Bags bags(second.options, forest.sampling, data.rows);
  Trainer<Target> trainer(target, doubled, second, bags);
  GainRecord gains(second.options);
  auto note = [&](std::size_t t, const GrownTree& tree) { gains.note(t, tree, target.width()); };
  trainer.grow(0, static_cast<std::size_t>(second.options.trees), note, execution);
  return less_copies(gains.means(second.options.min_node_size.front(), doubled.columns.size()));
}

// `gains`: of the trees as they grew.
template <class Target>
void find_importance(const Target& target, const CodedFrame& data, Span<const double> y,
                     const GainRecord& gains, ForestFit& fit, const Execution& execution) {
  const ForestOptions& options = fit.forest.options;
  ColumnImportance& result = fit.importance;
  if (options.importance == ImportanceKind::permutation)
    result = permutation_importance(fit.forest, data, y, execution);
  else if (options.importance == ImportanceKind::corrected)
    result.value = corrected_gains(target, data, fit.forest, execution);
  else if (options.importance == ImportanceKind::impurity)
    result.value = gains.means(options.min_node_size.front(), data.columns.size());
  if (options.importance == ImportanceKind::permutation) return;
  for (double& value : result.value) value *= target.scale() * target.scale();
}

template <class Target>
void train(const Target& target, const Frame& x, Span<const double> y, ForestFit& fit,
           const Bags& bags, const Execution& execution) {
  Forest& forest = fit.forest;
  forest.quantiser = Quantiser::learn(x, forest.options.max_bins, execution);
  CodedFrame data = forest.quantiser.encode(x, execution);
  if (forest.options.split_rule == SplitRule::random) Quantiser::find_centres(x, data, execution);
  Trainer<Target> trainer(target, data, forest, bags);
  Keeper<Target> keeper(target, forest.options);
  const auto trees = static_cast<std::size_t>(forest.options.trees);
  GainRecord gains(forest.options);
  auto keep = [&, store = keeper.room(forest.trees, trees)](std::size_t t, const GrownTree& tree) {
    gains.note(t, tree, target.width());
    store(t, tree);
  };
  OutOfBag<Target> oob = trainer.grow(0, trees, keep, execution);
  if (forest.options.out_of_bag) {
    cover_all_rows(trainer, forest, keeper, oob, execution);
    choose_node_size(target, oob, y, fit);
    keeper.finish(forest, forest.options.min_node_size.front(), execution);
  }
  find_importance(target, data, y, gains, fit, execution);
}

}  // namespace

ForestFit fit_forest(const Frame& x, const ForestTarget& target, const ForestOptions& options,
                     const Sampling& sampling, const Execution& execution) {
  options.validate(x.cols());
  require(x.rows() >= 1, "a forest needs at least one row");
  require(x.rows() == target.y.size(), "x and y differ in length");
  const Bags bags(options, sampling, x.rows());
  require(bags.most_weight() < (std::size_t{1} << 32), "bags are too large");
  ForestFit fit;
  fit.forest.kind = target.kind;
  fit.forest.options = options;
  fit.forest.sampling = sampling;
  fit.forest.rows = x.rows();
  if (!bags.leave_some_out() || x.rows() == 1) fit.forest.options.out_of_bag = false;
  require(fit.forest.options.out_of_bag || options.min_node_size.size() == 1,
          "several node sizes need out-of-bag rows to choose by");
  switch (target.kind) {
    case TargetKind::binary:
      if (bags.most_weight() <= 65535)
        train(BinaryTarget<std::uint32_t>(target.y), x, target.y, fit, bags, execution);
      else
        train(BinaryTarget<std::uint64_t>(target.y), x, target.y, fit, bags, execution);
      break;
    case TargetKind::mean:
      train(MeanTarget(target.y), x, target.y, fit, bags, execution);
      break;
    case TargetKind::classes:
      fit.forest.width = target.classes;
      train(ClassTarget(target.y, target.classes), x, target.y, fit, bags, execution);
      break;
  }
  return fit;
}

}  // namespace causalsynth
