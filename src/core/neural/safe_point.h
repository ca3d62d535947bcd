// What a training loop shares with the thread that waits for it, and what it goes back to when a
// loss is no number. For every neural generator.
#pragma once
#include <atomic>
#include <cstddef>
#include <utility>

#include "../parallel/parallel_for.h"

namespace causalsynth {

// `stop`, set by another thread: end at the next step, the best model so far is kept.
struct TrainWatch {
  std::atomic<double> share{0.0}, loss{0.0};
  std::atomic<bool> stop{false};
};

// One loop around a whole training: its inner loops share threads that are already there, and the
// host is asked while they run.
template <class Body>
void train_watched(const Execution& execution, const TrainWatch& watch, const Body& body) {
  Execution outer = execution;
  if (execution.poll) outer.poll = [&](double) { execution.poll(watch.share.load()); };
  // Two units, since a loop of one would have one thread.
  parallel_for(2, outer, [&](std::size_t unit, const CancelFlag& cancel) {
    if (unit == 0) body(cancel);
  });
}

// The last good state (weights, optimiser) of a training loop. Each way back to it halves the
// rates; after `most` of them training should end.
template <class State>
class SafePoint {
 public:
  explicit SafePoint(std::size_t most = 8) : most_(most) {}
  void keep(State state) { state_ = std::move(state); }
  // False: once too often, and nothing was changed.
  bool roll_back(State& state) {
    if (++count_ > most_) return false;
    state = state_;
    rate_share_ *= 0.5;
    return true;
  }
  std::size_t count() const { return count_; }
  double rate_share() const { return rate_share_; }

 private:
  State state_;
  std::size_t most_, count_ = 0;
  double rate_share_ = 1.0;
};

}  // namespace causalsynth
