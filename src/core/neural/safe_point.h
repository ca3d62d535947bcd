// What a training loop shares with the thread that waits for it, and what it goes back to when a
// loss is no number. For every neural generator.
#pragma once
#include <atomic>
#include <cstddef>
#include <utility>

namespace causalsynth {

// `stop`, set by another thread: end at the next step, the best model so far is kept.
struct TrainWatch {
  std::atomic<double> share{0.0}, loss{0.0};
  std::atomic<bool> stop{false};
};

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
