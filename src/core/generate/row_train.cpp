#include "row_train.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "../neural/adam.h"
#include "../neural/gradient_sum.h"

namespace causalsynth {
namespace {

constexpr std::size_t kBlockRows = 16, kJudgements = 100;
constexpr std::size_t kDistanceRows = 300, kDistanceBase = 4000;
constexpr double kTooClose = 0.92;

class Trainer {
 public:
  Trainer(const Frame& data, const RowLmOptions& options, const Execution& execution,
          TrainWatch& watch, TrainReport& report)
      : data_(data), options_(options), execution_(execution), watch_(watch), report_(report) {}

  std::unique_ptr<RowLm> run() {
    set_up();
    if (model_->length() == 0) return std::move(model_);
    for (epoch_ = 0; epoch_ < options_.epochs && !ended_; ++epoch_) {
      one_epoch();
      const bool last = epoch_ + 1 == options_.epochs;
      if (!ended_ && (last || (epoch_ + 1) % every_ == 0)) judge();
    }
    const bool whole = report_.end != TrainEnd::stopped && report_.end != TrainEnd::diverged;
    if (whole && !held_.empty() && report_.best_epoch > 0) train_on_all();
    model_->network().parameters().values() = best_;
    return std::move(model_);
  }

 private:
  // What a step changes.
  struct State {
    std::vector<float> weights, average;
    Adam adam;
  };
  Adam new_adam() const {
    return {first_.size(), AdamOptions{0.9, 0.99, 1e-8, options_.weight_decay, 1.0}};
  }
  void start_anew() {
    step_ = 0;
    adam_ = new_adam();
    model_->network().parameters().values() = average_ = first_;
    safe_.keep({first_, first_, adam_});
  }
  void set_up();
  void split_rows();
  void encode(Stream& stream);
  void add_row(RowBatch& batch, std::size_t row, bool random, Stream& stream) const;
  void hold_out();
  void one_epoch();
  bool one_step(std::size_t begin, std::size_t end, Stream& stream);
  void roll_back();
  void average();
  double held_loss();
  double distance_ratio(double& spread);
  void judge();
  void train_on_all();
  void finish(TrainEnd end) {
    ended_ = true;
    report_.end = end;
  }

  const Frame& data_;
  const RowLmOptions& options_;
  const Execution& execution_;
  TrainWatch& watch_;
  TrainReport& report_;
  std::unique_ptr<RowLm> model_;
  std::vector<std::size_t> train_, held_;
  std::vector<Cell> cells_;  // rows x active columns
  RowBatch held_batch_, batch_;
  std::vector<double> held_distance_;
  std::vector<Cell> base_;
  std::vector<float> first_, average_, best_;
  Adam adam_;
  SafePoint<State> safe_;
  std::unique_ptr<GradientSum<float>> sum_;
  std::vector<NetworkTape<float>> tapes_;
  double epoch_loss_ = 0, epoch_weight_ = 0;
  double best_held_ = std::numeric_limits<double>::infinity();
  std::size_t epoch_ = 0, step_ = 0, steps_ = 0, every_ = 1, since_best_ = 0, judged_ = 0;
  bool ended_ = false;
};

void Trainer::split_rows() {
  std::vector<std::size_t> rows(data_.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  Stream stream(options_.margins.key, StreamTag::fold, 0);
  stream.shuffle(Span<std::size_t>(rows));
  std::size_t held = 0;
  if (options_.holdout > 0.0 && rows.size() >= 100)
    held = std::max<std::size_t>(
        20, static_cast<std::size_t>(options_.holdout * static_cast<double>(rows.size())));
  held_.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(held));
  train_.assign(rows.begin() + static_cast<std::ptrdiff_t>(held), rows.end());
  report_.held_rows = held;
}

void Trainer::set_up() {
  options_.validate();
  RowCodec codec = RowCodec::learn(data_, options_.margins, options_.bins, execution_);
  Stream stream(derive_key(options_.margins.key, 1, 0), StreamTag::row_lm, 0);
  model_ = std::make_unique<RowLm>(std::move(codec), options_.shape, options_.context, stream);
  split_rows();
  encode(stream);
  RowNetwork<float>& network = model_->network();
  network.start_at_margins(cells_, train_, options_.margins.weights);
  first_ = best_ = network.parameters().values();
  start_anew();
  sum_ = std::make_unique<GradientSum<float>>(first_.size());
  tapes_.resize((options_.batch + kBlockRows - 1) / kBlockRows);
  steps_ = options_.epochs * ((train_.size() + options_.batch - 1) / options_.batch);
  every_ = (options_.epochs + kJudgements - 1) / kJudgements;
  if (model_->length() > 0) hold_out();
}

// All cells anew: rounded numbers fall at random within their step.
void Trainer::encode(Stream& stream) {
  const RowCodec& codec = model_->codec();
  const std::size_t count = codec.active().size();
  const bool first = cells_.empty();
  cells_.resize(data_.rows() * count);
  for (std::size_t c = 0; c < count; ++c) {
    const std::size_t j = codec.active()[c];
    const bool spreads = codec.spreads(j);
    if (!first && !spreads) continue;
    for (std::size_t i = 0; i < data_.rows(); ++i) {
      const double value = cell_value(data_[j], i);
      cells_[i * count + c] = spreads ? codec.encode_spread(j, value, stream.uniform() - 0.5)
                                      : codec.encode(j, value);
    }
  }
}

void Trainer::add_row(RowBatch& batch, std::size_t row, bool random, Stream& stream) const {
  const std::size_t count = model_->codec().active().size(), length = model_->length();
  thread_local std::vector<int> order;
  order.resize(count);
  std::iota(order.begin(), order.end(), 0);
  std::size_t from = 0;
  if (random)
    stream.shuffle(Span<int>(order));
  else if (length < count)
    from = stream.below(static_cast<std::uint32_t>(count - length + 1));
  for (std::size_t t = 0; t < length; ++t) {
    const int c = order[from + t];
    batch.columns.push_back(c);
    batch.cells.push_back(cells_[row * count + static_cast<std::size_t>(c)]);
  }
  const auto& weights = options_.margins.weights;
  batch.weights.push_back(weights.empty() ? 1.0f : static_cast<float>(weights[row]));
  ++batch.rows;
  batch.length = length;
}

// Each held row in the data's order and in a random one, and how far held rows are from the others.
void Trainer::hold_out() {
  Stream stream(options_.margins.key, StreamTag::fold, 1);
  for (const std::size_t row : held_) {
    if (options_.random_order < 1.0) add_row(held_batch_, row, false, stream);
    if (options_.random_order > 0.0) add_row(held_batch_, row, true, stream);
  }
  if (held_.empty()) return;
  const std::size_t count = model_->codec().active().size();
  auto take = [&](const std::vector<std::size_t>& rows, std::size_t most) {
    std::vector<Cell> taken;
    for (std::size_t k = 0; k < std::min(most, rows.size()); ++k)
      taken.insert(taken.end(), cells_.begin() + static_cast<std::ptrdiff_t>(rows[k] * count),
                   cells_.begin() + static_cast<std::ptrdiff_t>((rows[k] + 1) * count));
    return taken;
  };
  base_ = take(train_, kDistanceBase);
  held_distance_ = nearest_cells(take(held_, kDistanceRows), base_,
                                 model_->codec().active_classes(), execution_);
}

void Trainer::one_epoch() {
  Stream stream(options_.margins.key, StreamTag::row_lm, 1000000 + epoch_);
  if (epoch_ > 0) encode(stream);
  stream.shuffle(Span<std::size_t>(train_));
  epoch_loss_ = epoch_weight_ = 0.0;
  for (std::size_t begin = 0; begin < train_.size() && !ended_; begin += options_.batch) {
    if (watch_.stop.load()) return finish(TrainEnd::stopped);
    if (!one_step(begin, std::min(begin + options_.batch, train_.size()), stream)) roll_back();
    watch_.share.store(static_cast<double>(step_) / static_cast<double>(steps_));
  }
}

bool Trainer::one_step(std::size_t begin, std::size_t end, Stream& stream) {
  batch_ = RowBatch{};
  double weight = 0.0;
  for (std::size_t k = begin; k < end; ++k) {
    add_row(batch_, train_[k], stream.uniform() < options_.random_order, stream);
    weight += batch_.weights.back();
  }
  RowNetwork<float>& network = model_->network();
  const auto scale = static_cast<float>(1.0 / (std::max(weight, 1e-12) * batch_.length));
  std::vector<double> losses(tapes_.size(), 0.0);
  const auto& gradient =
      sum_->over({batch_.rows, kBlockRows}, execution_,
                 [&](std::size_t block, std::size_t first, std::size_t last, float* to) {
                   losses[block] = network.loss(batch_, first, last, options_.smooth, scale, to,
                                                tapes_[block]);
                 });
  const double loss = std::accumulate(losses.begin(), losses.end(), 0.0);
  const auto warmup = static_cast<std::size_t>(options_.warmup * static_cast<double>(steps_)) + 1;
  const double rate =
      options_.rate * safe_.rate_share() * warmup_cosine(step_++, warmup, steps_, 0.02);
  if (!std::isfinite(loss) ||
      !adam_.step(network.parameters().values(), gradient, rate, network.parameters().decays()))
    return false;
  epoch_loss_ += loss;
  epoch_weight_ += weight;
  average();
  return true;
}

// A loss or gradient that is no number.
void Trainer::roll_back() {
  State state;
  if (!safe_.roll_back(state)) return finish(TrainEnd::diverged);
  report_.rollbacks = safe_.count();
  model_->network().parameters().values() = std::move(state.weights);
  average_ = std::move(state.average);
  adam_ = std::move(state.adam);
}

// Over some epochs' steps; over fewer at the start.
void Trainer::average() {
  const auto& now = model_->network().parameters().values();
  const double per_epoch = static_cast<double>(steps_) / static_cast<double>(options_.epochs);
  const double span = std::min(4.0 * per_epoch, 0.1 * static_cast<double>(step_)) + 1.0;
  const auto keep = static_cast<float>(1.0 - 1.0 / span);
  for (std::size_t k = 0; k < now.size(); ++k)
    average_[k] = keep * average_[k] + (1.0f - keep) * now[k];
}

double Trainer::held_loss() {
  const RowBlocks blocks{held_batch_.rows, kBlockRows};
  std::vector<double> losses(blocks.count());
  parallel_for(blocks.count(), execution_, [&](std::size_t b, const CancelFlag&) {
    NetworkTape<float> tape;
    losses[b] = model_->network().loss(held_batch_, blocks.begin(b), blocks.end(b), 0.0, 1.0f,
                                       nullptr, tape);
  });
  double weight = 0.0;
  for (const float w : held_batch_.weights) weight += w;
  return std::accumulate(losses.begin(), losses.end(), 0.0) / std::max(weight, 1e-12);
}

// Mean distance of drawn rows over that of held ones, and the standard error of this ratio.
double Trainer::distance_ratio(double& spread) {
  const RowCodec& codec = model_->codec();
  const std::size_t rows = std::min(kDistanceRows, std::max<std::size_t>(100, held_.size()));
  std::vector<std::vector<double>> columns(codec.columns(), std::vector<double>(rows));
  std::vector<double*> out;
  out.reserve(columns.size());
  for (auto& column : columns) out.push_back(column.data());
  RowRequest request;
  request.rows = rows;
  model_->draw(request, {}, derive_key(options_.margins.key, 2, epoch_), out, execution_);
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < rows; ++i)
    for (const auto j : codec.active()) cells.push_back(codec.encode(j, columns[j][i]));
  const auto drawn = nearest_cells(cells, base_, codec.active_classes(), execution_);
  auto moments = [](const std::vector<double>& x, double& error) {
    double mean = 0.0, square = 0.0;
    for (const double v : x) mean += v / static_cast<double>(x.size());
    for (const double v : x) square += (v - mean) * (v - mean);
    error = std::sqrt(square) / static_cast<double>(x.size());
    return mean;
  };
  double error1, error2;
  const double mean1 = moments(drawn, error1), mean2 = moments(held_distance_, error2);
  if (!(mean2 > 0.0)) return std::nan("");
  const double ratio = mean1 / mean2;
  spread = std::sqrt(error1 * error1 + ratio * ratio * error2 * error2) / mean2;
  return ratio;
}

void Trainer::judge() {
  auto& weights = model_->network().parameters().values();
  Judgement one;
  one.epoch = static_cast<double>(epoch_ + 1);
  one.train = epoch_weight_ > 0.0 ? epoch_loss_ / epoch_weight_ : std::nan("");
  one.held = one.distance = std::nan("");
  std::swap(weights, average_);
  // A last step may have left weights that are no numbers.
  bool better = std::isfinite(std::accumulate(weights.begin(), weights.end(), one.train));
  if (!held_.empty()) {
    one.held = held_loss();
    better = one.held < best_held_;
    if (better && judged_ % 4 == 0) {
      double spread = 0.0;
      one.distance = distance_ratio(spread);
      if (one.distance < kTooClose - 2.0 * spread) {
        finish(TrainEnd::too_close);
        better = false;
      }
    }
  }
  ++judged_;
  watch_.loss.store(held_.empty() ? one.train : one.held);
  if (better) {
    best_ = weights;
    safe_.keep({average_, weights, adam_});
    best_held_ = one.held;
    report_.best_epoch = one.epoch;
    since_best_ = 0;
  } else if (++since_best_ >= options_.patience && !ended_) {
    finish(TrainEnd::no_gain);
  }
  std::swap(weights, average_);
  report_.trace.push_back(one);
}

// Anew from the first weights, with the held rows, for as many epochs as were best without them.
void Trainer::train_on_all() {
  train_.insert(train_.end(), held_.begin(), held_.end());
  steps_ = options_.epochs * ((train_.size() + options_.batch - 1) / options_.batch);
  const TrainEnd end = report_.end;
  const std::size_t rollbacks = report_.rollbacks;
  start_anew();
  ended_ = false;
  const auto epochs = static_cast<std::size_t>(report_.best_epoch);
  for (epoch_ = 0; epoch_ < epochs && !ended_ && report_.rollbacks == rollbacks; ++epoch_)
    one_epoch();
  if (ended_ || report_.rollbacks != rollbacks) return;  // the weights without them stay
  report_.end = end;
  report_.on_all = true;
  best_ = average_;
}

}  // namespace

void RowLmOptions::validate() const {
  shape.validate();
  require(bins >= 2 && context >= 2, "bins and context must be at least 2");
  require(epochs >= 1 && batch >= 1 && patience >= 1, "epochs, batch, patience: at least 1");
  require(rate > 0.0 && rate < 1.0, "rate must be in (0, 1)");
  require(weight_decay >= 0.0 && smooth >= 0.0, "weight_decay, smooth must not be negative");
  require(warmup >= 0.0 && warmup < 1.0 && holdout >= 0.0 && holdout < 1.0, "shares below 1");
  require(random_order >= 0.0 && random_order <= 1.0, "random_order must be in [0, 1]");
}

std::unique_ptr<RowLm> train_row_lm(const Frame& data, const RowLmOptions& options,
                                    const Execution& execution, TrainWatch& watch,
                                    TrainReport& report) {
  std::unique_ptr<RowLm> model;
  train_watched(execution, watch, [&](const CancelFlag&) {
    model = Trainer(data, options, execution, watch, report).run();
  });
  return model;
}

std::vector<double> nearest_cells(const std::vector<Cell>& rows, const std::vector<Cell>& base,
                                  const std::vector<ColumnClasses>& columns,
                                  const Execution& execution) {
  const std::size_t p = columns.size(), n = rows.size() / p, m = base.size() / p;
  std::vector<double> result(n);
  parallel_for(n, execution, [&](std::size_t i, const CancelFlag& cancel) {
    cancel.check();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < m; ++k) {
      double sum = 0.0;
      for (std::size_t c = 0; c < p && sum < least; ++c) {
        const Cell &a = rows[i * p + c], &b = base[k * p + c];
        if (columns[c].is_bin(a.kind) && columns[c].is_bin(b.kind)) {
          const double gap = static_cast<double>(a.score) - b.score;
          sum += gap * gap;
        } else {
          sum += a.kind != b.kind;
        }
      }
      least = std::min(least, sum);
    }
    result[i] = std::sqrt(least);
  });
  return result;
}

}  // namespace causalsynth
