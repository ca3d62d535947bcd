#include "gan_training.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/require.h"
#include "core/neural/elementwise.h"

namespace causalsynth {
namespace {

constexpr std::uint64_t kSplit = 4, kCriticWeights = 5, kBatch = 6, kHeads = 7, kDropout = 8,
                        kMixing = 9, kFool = 10, kLook = 11;

// A critic's batch is divided in two.
RowBlocks critic_blocks(std::size_t groups) {
  const std::size_t half = (groups + 1) / 2;
  return {groups, std::max<std::size_t>(16, (half + 3) / 4 * 4)};
}

}  // namespace

void GanOptions::validate() const {
  require(!critic.empty(), "the critic needs a hidden layer");
  for (const std::size_t size : generator) require(size > 0, "layers need units");
  require(noise > 0 && batch > 0 && pac > 0 && batch % pac == 0 && critic_steps > 0 && every > 0,
          "batch must be a multiple of pac");
  require(rate_generator > 0.0 && rate_critic > 0.0 && decay >= 0.0 && temperature > 0.0 &&
              penalty >= 0.0 && average >= 0.0 && average < 1.0 && holdout >= 0.0 && holdout < 1.0,
          "an option of the training is out of range");
}

GanTrainer::GanTrainer(GanModel& model, const GanRows& rows, const GanOptions& options)
    : model_(model), rows_(rows), options_(options) {
  options.validate();
  split(options.key);
  model.noise = options.noise;
  model.hidden = options.generator;
  model.build(options.key);
  Stream stream(derive_key(options.key, kCriticWeights, 0), StreamTag::gan, 0);
  const std::size_t row = model.layout.width + model.layout.condition_width;
  critic_ = Critic<float>({row * options.pac, options.critic, options.dropout}, critic_weights_,
                          stream);
  AdamOptions adam;
  adam.beta1 = 0.5;
  adam.beta2 = 0.9;
  generator_adam_ = Adam(model.weights.size(), adam);
  critic_adam_ = Adam(critic_weights_.size(), adam);
  generator_gradient_.resize(model.weights.size());
  critic_gradient_.resize(critic_weights_.size());
  if (options.average > 0.0) average_ = model.weights.values();
  model.net.prepare(work_, options.batch);
  for (Matrix<float>* m : {&real_, &fake_, &mixed_, &d_fake_}) m->resize(options.batch, row);
  conditions_.resize(model.layout.choices.empty() ? 0 : options.batch);
  const std::size_t blocks = critic_blocks(options.batch / options.pac).count();
  critic_work_.resize(blocks);
  parts_.resize(blocks);
  block_score_.resize(blocks);
  block_penalty_.resize(blocks);
  block_loss_.resize(batch_blocks(options.batch).count());
  best_distance_ = std::numeric_limits<double>::infinity();
}

// Rows for training and, where some are held out, for the monitor.
void GanTrainer::split(std::uint64_t key) {
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < rows_.rows; ++i)
    if (options_.weights.empty() || options_.weights[i] > 0.0)
      order.push_back(static_cast<std::uint32_t>(i));
  require(!order.empty(), "no row has a positive weight");
  model_.shares = GanSampler(model_.layout, rows_, options_.weights, order).shares();
  Stream stream(derive_key(key, kSplit, 0), StreamTag::gan, 0);
  stream.shuffle(Span<std::uint32_t>(order));
  auto held = static_cast<std::size_t>(options_.holdout * static_cast<double>(order.size()));
  if (held < 20) held = 0;
  if (options_.holdout > 0.0) {
    std::vector<std::uint32_t> watched(order.begin(),
                                       held ? order.begin() + static_cast<std::ptrdiff_t>(held)
                                            : order.end());
    if (watched.size() > GanMonitor::kMostRows) watched.resize(GanMonitor::kMostRows);
    monitor_ = std::make_unique<GanMonitor>(model_.layout, rows_, watched);
  }
  order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(held));
  sampler_ = std::make_unique<GanSampler>(model_.layout, rows_, options_.weights, order);
}

double GanTrainer::rate_now() const {
  const double done = static_cast<double>(step_) / static_cast<double>(options_.steps);
  return safe_.rate_share() * (1.0 + (options_.anneal - 1.0) * done);
}

std::uint64_t GanTrainer::step_key(std::uint64_t kind) const {
  return derive_key(options_.key, kind, turn_);
}

// Conditions, and real rows that have them.
void GanTrainer::draw_batch(bool real) {
  Stream stream(step_key(kBatch), StreamTag::gan, 0);
  const std::size_t width = model_.layout.width;
  for (std::size_t i = 0; i < options_.batch; ++i) {
    Condition one;
    if (!conditions_.empty()) one = conditions_[i] = sampler_->condition(stream);
    if (!real) continue;
    float* to = real_.row(i);
    model_.layout.write(rows_, sampler_->row(one, stream), to);
    std::fill(to + width, to + real_.cols(), 0.0f);
    if (!conditions_.empty())
      model_.layout.write_condition(model_.layout.choices[one.at], one.code, to + width);
  }
}

void GanTrainer::fake_batch(bool real, const Execution& execution) {
  ++turn_;
  draw_batch(real);
  const std::size_t width = model_.layout.width, noise = options_.noise;
  model_.net.forward(
      model_.weights.data(), work_, execution,
      [&](std::size_t block, std::size_t begin, std::size_t end) {
        Stream stream(step_key(kBatch), StreamTag::gan, 1 + block);
        std::vector<Condition> own;
        if (!conditions_.empty())
          own.assign(conditions_.begin() + static_cast<std::ptrdiff_t>(begin),
                     conditions_.begin() + static_cast<std::ptrdiff_t>(end));
        model_.fill_inputs(work_.wide.view().block(begin, end), own, stream);
      },
      [&](std::size_t block, std::size_t begin, std::size_t end) {
        Stream stream(step_key(kHeads), StreamTag::gan, block);
        const Rows<float> fake = fake_.view().block(begin, end);
        heads_forward<float>(model_.layout.heads, work_.logits.view().block(begin, end),
                             static_cast<float>(options_.temperature), stream,
                             fake.columns(0, width));
        for (std::size_t i = begin; i < end; ++i)
          std::copy(work_.wide.row(i) + noise, work_.wide.row(i) + model_.net.inputs(),
                    fake_.row(i) + width);
      });
}

// Groups `begin` to `end` of pac rows each.
void GanTrainer::critic_block(std::size_t block, std::size_t begin, std::size_t end) {
  const std::size_t size = real_.cols() * options_.pac, groups = options_.batch / options_.pac;
  CriticWork<float>& work = critic_work_[block];
  std::vector<float>& gradient = parts_[block];
  set_zeros(gradient, critic_weights_.size());
  Stream dropout(step_key(kDropout), StreamTag::gan, block);
  Stream mixing(step_key(kMixing), StreamTag::gan, block);
  const float* weights = critic_weights_.data();
  auto packed = [&](Matrix<float>& m) {
    return Rows<const float>(m.data() + begin * size, end - begin, size);
  };
  const float share = 1.0f / static_cast<float>(groups);
  double score = 0.0;
  for (const float sign : {1.0f, -1.0f}) {
    const Rows<const float> x = packed(sign > 0 ? fake_ : real_);
    critic_.forward(weights, x, work, &dropout);
    for (const float s : work.score) score += static_cast<double>(sign) * s;
    const std::vector<float> d_score(end - begin, sign * share);
    critic_.backward(weights, x, work, d_score.data(), Rows<float>(), gradient.data());
  }
  for (std::size_t g = begin; g < end; ++g) {
    const auto share = static_cast<float>(mixing.uniform());
    mix_each(mixed_.data() + g * size, real_.data() + g * size, fake_.data() + g * size, share,
             size);
  }
  block_score_[block] = score / static_cast<double>(groups);
  block_penalty_[block] = 0.0;
  if (options_.penalty <= 0.0) return;
  critic_.forward(weights, packed(mixed_), work, &dropout);
  const auto scale = static_cast<float>(options_.penalty) * share;
  block_penalty_[block] = critic_.penalty(weights, work, scale, gradient.data()) *
                          static_cast<double>(scale);
}

bool GanTrainer::critic_step(const Execution& execution) {
  fake_batch(true, execution);
  critic_.refresh(critic_weights_.data());
  const RowBlocks blocks = critic_blocks(options_.batch / options_.pac);
  over_blocks(blocks, execution, [&](std::size_t unit) {
    critic_block(unit, blocks.begin(unit), blocks.end(unit));
  });
  set_zeros(critic_gradient_, critic_gradient_.size());
  for (const auto& part : parts_)
    add_each(critic_gradient_.data(), part.data(), part.size());
  loss_critic_ = std::accumulate(block_score_.begin(), block_score_.end(), 0.0);
  loss_penalty_ = std::accumulate(block_penalty_.begin(), block_penalty_.end(), 0.0);
  if (!std::isfinite(loss_critic_ + loss_penalty_)) return false;
  return take_step(critic_weights_, critic_adam_, critic_gradient_,
                   options_.rate_critic * rate_now());
}

// Through the heads, and the cross-entropy of what the condition asked for.
double GanTrainer::head_gradients(std::size_t begin, std::size_t end) {
  const std::size_t width = model_.layout.width;
  const Rows<const float> fake = fake_.view().block(begin, end).columns(0, width);
  const Rows<const float> d_fake = d_fake_.view().block(begin, end).columns(0, width);
  heads_backward<float>(model_.layout.heads, fake, static_cast<float>(options_.temperature),
                        d_fake, work_.d_logits.view().block(begin, end));
  double loss = 0.0;
  const float scale = 1.0f / static_cast<float>(options_.batch);
  for (std::size_t i = begin; i < end && !conditions_.empty(); ++i) {
    GanLayout::Part part[2];
    const int count = model_.layout.parts(model_.layout.choices[conditions_[i].at],
                                          conditions_[i].code, part);
    for (int p = 0; p < count; ++p)
      loss += cross_entropy(work_.logits.row(i) + part[p].at, part[p].size, part[p].chosen, scale,
                            work_.d_logits.row(i) + part[p].at);
  }
  return loss / static_cast<double>(options_.batch);
}

bool GanTrainer::generator_step(const Execution& execution) {
  fake_batch(false, execution);
  critic_.refresh(critic_weights_.data());
  const std::size_t groups = options_.batch / options_.pac, size = fake_.cols() * options_.pac;
  const RowBlocks blocks = critic_blocks(groups);
  over_blocks(blocks, execution, [&](std::size_t unit) {
    const std::size_t begin = blocks.begin(unit), count = blocks.end(unit) - begin;
    CriticWork<float>& work = critic_work_[unit];
    Stream dropout(step_key(kFool), StreamTag::gan, unit);
    const Rows<const float> x(fake_.data() + begin * size, count, size);
    critic_.forward(critic_weights_.data(), x, work, &dropout);
    block_score_[unit] = 0.0;
    for (const float s : work.score) block_score_[unit] -= s;
    const std::vector<float> d_score(count, -1.0f / static_cast<float>(groups));
    critic_.backward(critic_weights_.data(), x, work, d_score.data(),
                     Rows<float>(d_fake_.data() + begin * size, count, size), nullptr);
  });
  set_zeros(generator_gradient_, generator_gradient_.size());
  model_.net.backward(
      model_.weights.data(), work_, execution,
      [&](std::size_t block, std::size_t begin, std::size_t end) {
        block_loss_[block] = head_gradients(begin, end);
      },
      generator_gradient_.data());
  loss_generator_ = std::accumulate(block_score_.begin(), block_score_.end(), 0.0) /
                        static_cast<double>(groups) +
                    std::accumulate(block_loss_.begin(), block_loss_.end(), 0.0);
  if (!std::isfinite(loss_generator_)) return false;
  if (!take_step(model_.weights, generator_adam_, generator_gradient_,
                 options_.rate_generator * rate_now()))
    return false;
  blend_each(average_.data(), model_.weights.data(), static_cast<float>(options_.average),
             average_.size());
  return true;
}

// Weight decay as in the paper's program: part of the gradient.
bool GanTrainer::take_step(Parameters<float>& weights, Adam& adam, std::vector<float>& gradient,
                           double rate) {
  const auto decay = static_cast<float>(options_.decay);
  if (decay > 0.0f) add_times_each(gradient.data(), weights.data(), decay, gradient.size());
  return adam.step(weights.values(), gradient, rate);
}

// An entry of the trace; the best weights so far by the monitor.
void GanTrainer::look(const Execution& execution, TrainWatch& watch) {
  double distance = std::numeric_limits<double>::quiet_NaN();
  std::vector<float> current;
  if (!average_.empty()) {
    current = model_.weights.values();
    model_.weights.values() = average_;
  }
  if (monitor_) {
    model_.settle(options_.key, execution);
    // The same noise each time: differences are the weights'.
    distance = monitor_->distance(
        model_.draw(GanMonitor::kMostRows, derive_key(options_.key, kLook, 0), {}, execution),
        execution);
  }
  watch.loss.store(monitor_ ? distance : loss_critic_);
  // A last step may have left weights that are no numbers.
  const auto& now = model_.weights.values();
  const bool sound = std::isfinite(std::accumulate(now.begin(), now.end(), 0.0));
  if (sound && (!monitor_ || distance < best_distance_)) {
    best_ = model_.weights.values();
    best_distance_ = distance;
    result_.best = step_;
  }
  if (!average_.empty()) model_.weights.values() = std::move(current);
  result_.trace.step.push_back(static_cast<double>(step_));
  result_.trace.critic.push_back(loss_critic_);
  result_.trace.generator.push_back(loss_generator_);
  result_.trace.penalty.push_back(loss_penalty_);
  result_.trace.distance.push_back(distance);
}

GanTrainer::Snapshot GanTrainer::state() const {
  return {model_.weights.values(), critic_weights_.values(), average_, generator_adam_,
          critic_adam_};
}

// Back to the last entry of the trace at half the rates; false: not again.
bool GanTrainer::roll_back() {
  Snapshot from;
  if (!safe_.roll_back(from)) return false;
  result_.rollbacks = safe_.count();
  model_.weights.values() = std::move(from.generator);
  critic_weights_.values() = std::move(from.critic);
  average_ = std::move(from.average);
  generator_adam_ = std::move(from.generator_adam);
  critic_adam_ = std::move(from.critic_adam);
  return true;
}

GanResult GanTrainer::run(const Execution& execution, TrainWatch& watch,
                          const CancelFlag& cancel) {
  safe_.keep(state());
  while (step_ < options_.steps && !result_.stopped) {
    cancel.check();
    bool good = true;
    for (std::size_t k = 0; k < options_.critic_steps && good; ++k) good = critic_step(execution);
    good = good && generator_step(execution);
    if (!good) {
      if (roll_back()) continue;
      result_.diverged = true;
      break;
    }
    ++step_;
    watch.share.store(static_cast<double>(step_) / static_cast<double>(options_.steps));
    result_.stopped = watch.stop.load();
    if (step_ % options_.every == 0 || step_ == options_.steps || result_.stopped) {
      look(execution, watch);
      safe_.keep(state());
    }
  }
  if (result_.best > 0) model_.weights.values() = best_;
  model_.settle(options_.key, execution);
  result_.steps = step_;
  return result_;
}

}  // namespace causalsynth
