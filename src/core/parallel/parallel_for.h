// The one parallel loop of the package. The calling thread (R's) never works:
// it waits, polls its host about every 50 ms for an interrupt, and rethrows the
// first exception of any worker after all have stopped.
#pragma once
#include <atomic>
#include <cstddef>
#include <functional>

namespace causalsynth {

// Thrown inside a unit that notices the cancel flag; never leaves parallel_for.
struct Cancelled {};

// A loop inside a unit of another hears of that one's end too.
class CancelFlag {
 public:
  explicit CancelFlag(const CancelFlag* outer = nullptr) : outer_(outer) {}
  bool requested() const {
    return flag_.load(std::memory_order_relaxed) || (outer_ && outer_->requested());
  }
  void request() { flag_.store(true, std::memory_order_relaxed); }
  // Long units call this every few milliseconds of work.
  void check() const {
    if (requested()) throw Cancelled{};
  }

 private:
  std::atomic<bool> flag_{false};
  const CancelFlag* outer_;
};

struct Execution {
  int threads = 2;
  // Called on the calling thread with the share of units done, in [0, 1].
  // An exception from here cancels the loop and is rethrown.
  std::function<void(double)> poll;
};

using UnitBody = std::function<void(std::size_t unit, const CancelFlag& cancel)>;

// Runs body(0..units-1), each once, on up to `threads` threads. Units must not
// depend on one another; what they write must not overlap. Called inside a unit, the loop shares
// the threads of the loop that runs it, and is not polled: a few unlike jobs, each with loops of
// its own, keep all threads busy.
void parallel_for(std::size_t units, const Execution& execution, const UnitBody& body);

// Splits n rows into blocks of a size that does not depend on the threads.
struct RowBlocks {
  std::size_t rows, block;
  std::size_t count() const { return (rows + block - 1) / block; }
  std::size_t begin(std::size_t unit) const { return unit * block; }
  std::size_t end(std::size_t unit) const {
    const std::size_t stop = (unit + 1) * block;
    return stop < rows ? stop : rows;
  }
};

// Child processes made by fork() hold no worker threads: loops run serially there.
bool in_forked_child();

}  // namespace causalsynth
