// Rows drawn from a row language model, and their probabilities.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include "row_lm.h"

namespace causalsynth {
namespace {

using Kind = GivenColumn::Kind;

bool restricts(const GivenColumn& given) {
  return given.kind == Kind::range || given.kind == Kind::codes;
}

// The cumulative weights of classes after temperature, what is allowed, and top_p; their total
// before the last two is not needed, but the allowed mass is. Zero: nothing is allowed.
class ClassSampler {
 public:
  explicit ClassSampler(const DrawOptions& options) : options_(options) {}
  // `share[k]`: how much of class k is allowed.
  double prepare(const float* log_p, const std::vector<double>& share) {
    const std::size_t size = share.size();
    weights_.resize(size);
    double mass = 0.0;
    float most = log_p[0];
    for (std::size_t k = 1; k < size; ++k) most = std::max(most, log_p[k]);
    for (std::size_t k = 0; k < size; ++k) {
      mass += share[k] > 0.0 ? share[k] * std::exp(static_cast<double>(log_p[k])) : 0.0;
      weights_[k] = share[k] * std::exp((log_p[k] - most) / options_.temperature);
    }
    // Weights of a damaged model can be finite and yet overflow on the way.
    if (std::isnan(std::accumulate(weights_.begin(), weights_.end(), 0.0)))
      throw std::runtime_error("the row model's weights overflow: it is damaged");
    if (options_.top_p < 1.0) keep_likeliest();
    return mass;
  }
  std::size_t draw(Stream& stream) {
    cumulative_.resize(weights_.size());
    std::partial_sum(weights_.begin(), weights_.end(), cumulative_.begin());
    return stream.choose(cumulative_);
  }
  bool any() const {
    for (const double w : weights_)
      if (w > 0.0) return true;
    return false;
  }

 private:
  void keep_likeliest() {
    order_.resize(weights_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return weights_[a] > weights_[b]; });
    const double total = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    double sum = 0.0;
    for (const std::size_t k : order_) {
      if (sum >= options_.top_p * total) weights_[k] = 0.0;
      else sum += weights_[k];
    }
  }
  DrawOptions options_;
  std::vector<double> weights_, cumulative_;
  std::vector<std::size_t> order_;
};

// One block of rows while it is drawn; sequence s belongs to row s / candidates.
class BlockDraw {
 public:
  BlockDraw(const RowLm& model, const RowRequest& request, const DrawOptions& options,
            std::size_t begin, std::size_t end)
      : model_(model), codec_(model.codec()), request_(request), begin_(begin),
        rows_(end - begin), sampler_(options) {
    for (const auto j : codec_.active()) restricted_ += restricts(given(j));
    candidates_ = restricted_ > 1 ? kRowCandidates : 1;
    const std::size_t length = codec_.active().size();
    cells_.resize(rows_ * candidates_);
    values_.assign(rows_ * candidates_ * length, 0.0);
    log_weight_.assign(rows_ * candidates_, 0.0);
    for (std::size_t i = 0; i < rows_; ++i) set_order(i);
  }

  void run(Stream& stream, const std::vector<double*>& out, std::atomic<std::size_t>& lost) {
    const std::size_t length = codec_.active().size();
    if (length > 0) {
      model_.network().start(rows_ * candidates_, length, model_.context(), state_);
      for (std::size_t t = 0; t < length; ++t) {
        position(t, stream);
        if (candidates_ > 1 && t + 1 == prefix_) pick(t + 1, stream);
      }
    }
    std::size_t gone = 0;
    for (std::size_t i = 0; i < rows_; ++i) gone += !write(i, out);
    lost += gone;
  }

 private:
  const GivenColumn& given(std::size_t j) const {
    static const GivenColumn free;
    return request_.given.empty() ? free : request_.given[j];
  }
  bool has_value(std::size_t j, std::size_t i) const {
    return given(j).kind == Kind::value &&
           !codec_.margins()[j].is_missing(given(j).value[begin_ + i]);
  }
  // Values given, then ranges and codes, then the others.
  void set_order(std::size_t i) {
    std::vector<int> valued, limited, others;
    for (std::size_t c = 0; c < codec_.active().size(); ++c) {
      const std::size_t j = codec_.active()[c];
      (has_value(j, i) ? valued : restricts(given(j)) ? limited : others)
          .push_back(static_cast<int>(c));
    }
    const std::size_t prefix = valued.size() + limited.size();
    require(candidates_ == 1 || i == 0 || prefix == prefix_,
            "rows must have the same values given");
    prefix_ = prefix;
    valued.insert(valued.end(), limited.begin(), limited.end());
    valued.insert(valued.end(), others.begin(), others.end());
    orders_.insert(orders_.end(), valued.begin(), valued.end());
  }

  void position(std::size_t t, Stream& stream) {
    const std::size_t length = codec_.active().size(), sequences = rows_ * candidates_;
    columns_.resize(sequences);
    wanted_.assign(sequences, 1);
    for (std::size_t s = 0; s < sequences; ++s) {
      const std::size_t i = s / candidates_;
      columns_[s] = orders_[i * length + t];
      wanted_[s] = !has_value(codec_.active()[static_cast<std::size_t>(columns_[s])], i);
    }
    before_ = cells_;
    before_.resize(sequences);
    for (std::size_t s = 0; s < sequences; ++s)
      if (!wanted_[s]) take_given(s);
    model_.network().next(state_, t, before_, columns_before_, columns_, wanted_,
                          [&](std::size_t s, const float* log_p) { draw(s, log_p, stream); });
    columns_before_ = columns_;
  }

  void take_given(std::size_t s) {
    const auto c = static_cast<std::size_t>(columns_[s]);
    const std::size_t j = codec_.active()[c];
    const double value = given(j).value[begin_ + s / candidates_];
    cells_[s] = codec_.encode(j, value);
    values_[s * codec_.active().size() + c] = value;
  }

  void draw(std::size_t s, const float* log_p, Stream& stream) {
    const auto c = static_cast<std::size_t>(columns_[s]);
    const std::size_t j = codec_.active()[c];
    const ColumnClasses& classes = codec_.classes(j);
    static const GivenColumn free;
    const GivenColumn& limit = restricts(given(j)) ? given(j) : free;
    share_.assign(classes.count(), 1.0);
    if (restricts(limit))
      for (std::size_t k = 0; k < share_.size(); ++k)
        share_[k] = codec_.allowed(j, static_cast<int>(k), limit);
    else if (request_.fill_missing && classes.missing)
      share_.back() = 0.0;
    const double mass = sampler_.prepare(log_p, share_);
    if (!(mass > 0.0) || !sampler_.any()) {
      log_weight_[s] = -std::numeric_limits<double>::infinity();
      cells_[s] = Cell{};
      return;
    }
    if (restricts(limit)) log_weight_[s] += std::log(mass);
    const auto kind = static_cast<int>(sampler_.draw(stream));
    const double value = codec_.decode(j, kind, limit, stream);
    values_[s * codec_.active().size() + c] = value;
    cells_[s] = {kind, classes.is_bin(kind)
                           ? static_cast<float>(codec_.margins()[j].law().score(value))
                           : 0.0f};
  }

  // One candidate a row goes on, in proportion to the probability of what is given.
  void pick(std::size_t positions, Stream& stream) {
    const std::size_t length = codec_.active().size();
    for (std::size_t i = 0; i < rows_; ++i) {
      const double* weights = log_weight_.data() + i * candidates_;
      const double most = *std::max_element(weights, weights + candidates_);
      std::size_t chosen = i * candidates_;
      if (most > -std::numeric_limits<double>::infinity()) {
        std::vector<double> cumulative(candidates_);
        double sum = 0.0;
        for (std::size_t k = 0; k < candidates_; ++k)
          cumulative[k] = sum += std::exp(weights[k] - most);
        chosen += stream.choose(cumulative);
      }
      log_weight_[i] = log_weight_[chosen];
      cells_[i] = cells_[chosen];
      columns_before_[i] = columns_before_[chosen];
      std::copy_n(values_.data() + chosen * length, length, values_.data() + i * length);
      model_.network().copy(state_, chosen, i, positions);
    }
    candidates_ = 1;
    state_.rows = rows_;
    cells_.resize(rows_);
    columns_before_.resize(rows_);
  }

  bool write(std::size_t i, const std::vector<double*>& out) const {
    const std::size_t length = codec_.active().size();
    bool good = log_weight_[i] > -std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < length; ++c)
      out[codec_.active()[c]][begin_ + i] = values_[i * length + c];
    for (std::size_t j = 0; j < codec_.columns(); ++j) {
      if (codec_.classes(j).count() > 1) continue;
      out[j][begin_ + i] = has_value(j, i) ? given(j).value[begin_ + i] : codec_.constant(j);
      if (restricts(given(j))) good = good && codec_.allowed(j, 0, given(j)) > 0.0;
    }
    return good;
  }

  const RowLm& model_;
  const RowCodec& codec_;
  const RowRequest& request_;
  std::size_t begin_, rows_, restricted_ = 0, candidates_ = 1, prefix_ = 0;
  ClassSampler sampler_;
  NetworkState<float> state_;
  std::vector<int> orders_, columns_, columns_before_;
  std::vector<Cell> cells_, before_;
  std::vector<std::uint8_t> wanted_;
  std::vector<double> values_, log_weight_, share_;
};

}  // namespace

std::size_t RowLm::draw(const RowRequest& request, const DrawOptions& options, std::uint64_t key,
                        const std::vector<double*>& out, const Execution& execution) const {
  options.validate();
  require(out.size() == codec_.columns(), "as many outputs as columns");
  require(request.given.empty() || request.given.size() == codec_.columns(), "one entry a column");
  for (const GivenColumn& one : request.given)
    require(one.kind != Kind::value || one.value.size() == request.rows, "one value a row");
  std::size_t restricted = 0;
  for (const GivenColumn& one : request.given) restricted += restricts(one);
  const std::size_t full = block_rows();
  const RowBlocks blocks{request.rows,
                         restricted > 1 ? std::max<std::size_t>(1, full / kRowCandidates) : full};
  std::atomic<std::size_t> lost{0};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    cancel.check();
    Stream stream(key, StreamTag::rows, b);
    BlockDraw block(*this, request, options, blocks.begin(b), blocks.end(b));
    block.run(stream, out, lost);
  });
  return lost.load();
}

namespace {

// Adds each row's log density in one order of its columns.
void add_order(const RowLm& model, const Frame& data, std::size_t begin, std::size_t rows,
               const std::vector<int>& orders, NetworkState<float>& state, double* sums) {
  const RowCodec& codec = model.codec();
  const std::size_t length = codec.active().size();
  std::vector<Cell> cells(rows), before(rows);
  std::vector<int> columns(rows), columns_before(rows);
  std::vector<double> values(rows);
  const std::vector<std::uint8_t> wanted(rows, 1);
  model.network().start(rows, length, model.context(), state);
  for (std::size_t t = 0; t < length; ++t) {
    before = cells;
    columns_before = columns;
    for (std::size_t i = 0; i < rows; ++i) {
      columns[i] = orders[i * length + t];
      const std::size_t j = codec.active()[static_cast<std::size_t>(columns[i])];
      values[i] = cell_value(data[j], begin + i);
      cells[i] = codec.encode(j, values[i]);
    }
    model.network().next(
        state, t, before, columns_before, columns, wanted, [&](std::size_t i, const float* log_p) {
          const std::size_t j = codec.active()[static_cast<std::size_t>(columns[i])];
          const int kind = cells[i].kind;
          sums[i] += kind < 0 ? -std::numeric_limits<double>::infinity()
                              : static_cast<double>(log_p[kind]) +
                                    codec.log_within(j, kind, values[i]);
        });
  }
}

}  // namespace

void RowLm::log_prob(const Frame& data, std::size_t orders, std::uint64_t key, Span<double> out,
                     const Execution& execution) const {
  require(data.cols() == codec_.columns() && out.size() == data.rows(), "rows of other columns");
  const std::size_t length = codec_.active().size(), times = std::max<std::size_t>(orders, 1);
  const RowBlocks blocks{data.rows(), block_rows()};
  parallel_for(blocks.count(), execution, [&](std::size_t b, const CancelFlag& cancel) {
    const std::size_t begin = blocks.begin(b), rows = blocks.end(b) - begin;
    NetworkState<float> state;
    std::vector<double> sums(times * rows, 0.0);
    std::vector<int> order(length), all;
    for (std::size_t o = 0; o < times; ++o) {
      cancel.check();
      // The same orders for all rows: only so is the mean a density.
      std::iota(order.begin(), order.end(), 0);
      Stream stream(key, StreamTag::row_lm, o);
      if (orders > 0) stream.shuffle(Span<int>(order));
      all.clear();
      for (std::size_t i = 0; i < rows; ++i) all.insert(all.end(), order.begin(), order.end());
      add_order(*this, data, begin, rows, all, state, sums.data() + o * rows);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      double most = -std::numeric_limits<double>::infinity(), sum = 0.0;
      for (std::size_t o = 0; o < times; ++o) most = std::max(most, sums[o * rows + i]);
      for (std::size_t o = 0; o < times; ++o) sum += std::exp(sums[o * rows + i] - most);
      out[begin + i] = std::isfinite(most) ? most + std::log(sum / static_cast<double>(times))
                                           : most;
      for (std::size_t j = 0; j < codec_.columns(); ++j)
        if (codec_.classes(j).count() <= 1 &&
            codec_.encode(j, cell_value(data[j], begin + i)).kind < 0)
          out[begin + i] = -std::numeric_limits<double>::infinity();
    }
  });
}

}  // namespace causalsynth
