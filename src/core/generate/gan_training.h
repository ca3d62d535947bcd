// Training of CTGAN (Xu et al. 2019): Wasserstein loss with gradient penalty (Gulrajani et al.
// 2017), packed rows (Lin et al. 2018), training by sampling, conditional cross-entropy.
#pragma once
#include <memory>

#include "core/neural/adam.h"
#include "core/neural/critic.h"
#include "core/neural/safe_point.h"
#include "gan_model.h"
#include "gan_monitor.h"

namespace causalsynth {

struct GanOptions {
  std::vector<std::size_t> generator{256, 256}, critic{256, 256};
  std::size_t noise = 128, batch = 500, pac = 10, steps = 100, critic_steps = 1;
  std::size_t every = 2;    // steps between entries of the trace
  double rate_generator = 2e-4, rate_critic = 2e-4, decay = 1e-6;
  double dropout = 0.5, penalty = 10.0, temperature = 0.2;
  double average = 0.0;     // decay of the mean of the generator's weights, 0: the last ones
  double holdout = 0.0;     // share of rows kept for the monitor; 0: the last weights are kept
  double anneal = 1.0;      // rates at the end, as a share of those at the start
  std::vector<double> weights;  // of rows, or empty
  std::uint64_t key = 0;
  void validate() const;
};

struct GanTrace {
  std::vector<double> step, critic, generator, penalty, distance;  // distance: NaN where not taken
};

struct GanResult {
  GanTrace trace;
  std::size_t steps = 0;      // done
  std::size_t best = 0;       // the step whose weights were kept
  std::size_t rollbacks = 0;  // losses that were no number
  bool stopped = false;       // from outside
  bool diverged = false;      // losses that were no number, time and again
};

class GanTrainer {
 public:
  GanTrainer(GanModel& model, const GanRows& rows, const GanOptions& options);
  GanResult run(const Execution& execution, TrainWatch& watch, const CancelFlag& cancel);

 private:
  struct Snapshot {
    std::vector<float> generator, critic, average;
    Adam generator_adam, critic_adam;
  };
  void split(std::uint64_t key);
  double rate_now() const;
  std::uint64_t step_key(std::uint64_t kind) const;
  void draw_batch(bool real);
  void fake_batch(bool real, const Execution& execution);
  bool critic_step(const Execution& execution);
  void critic_block(std::size_t block, std::size_t begin, std::size_t end);
  bool generator_step(const Execution& execution);
  double head_gradients(std::size_t begin, std::size_t end);
  bool take_step(Parameters<float>& weights, Adam& adam, std::vector<float>& gradient, double rate);
  void look(const Execution& execution, TrainWatch& watch);
  Snapshot state() const;
  bool roll_back();

  GanModel& model_;
  const GanRows& rows_;
  const GanOptions& options_;
  std::unique_ptr<GanSampler> sampler_;
  std::unique_ptr<GanMonitor> monitor_;
  Critic<float> critic_;
  Parameters<float> critic_weights_;
  Adam generator_adam_, critic_adam_;
  GeneratorWork<float> work_;
  std::vector<CriticWork<float>> critic_work_;
  std::vector<std::vector<float>> parts_;
  std::vector<float> generator_gradient_, critic_gradient_, average_;
  Matrix<float> real_, fake_, mixed_, d_fake_;
  std::vector<Condition> conditions_;
  std::size_t step_ = 0, turn_ = 0;
  std::vector<double> block_score_, block_penalty_, block_loss_;
  double loss_critic_ = 0.0, loss_generator_ = 0.0, loss_penalty_ = 0.0, best_distance_ = 0.0;
  std::vector<float> best_;
  SafePoint<Snapshot> safe_;
  GanResult result_;
};

// Mixtures of the columns' numbers and rows as codes: `numbers` and `codes` by column (codes of
// numbers: specials from 0, or kNumber).
struct GanInput {
  std::vector<Span<const double>> numbers;
  std::vector<std::vector<std::uint32_t>> codes;
  std::size_t rows = 0;
};
GanRows encode_rows(const GanInput& input, const MixtureOptions& mixture, GanLayout& layout,
                    const GanOptions& options, const Execution& execution);

}  // namespace causalsynth
