// Gradients over blocks of a batch's rows: each block writes into a vector of its own, and these
// are added in the order of the blocks, so that the sum does not depend on the threads.
#pragma once
#include <functional>
#include <vector>

#include "../parallel/parallel_for.h"
#include "elementwise.h"
#include "matrix.h"

namespace causalsynth {

template <class T>
class GradientSum {
 public:
  explicit GradientSum(std::size_t size) : total_(size) {}

  // body(block, first row, end row, gradient): the gradient is zero at first.
  using Body = std::function<void(std::size_t, std::size_t, std::size_t, T*)>;
  const std::vector<T>& over(const RowBlocks& blocks, const Execution& execution,
                             const Body& body) {
    if (parts_.size() < blocks.count()) parts_.resize(blocks.count());
    parallel_for(blocks.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
      cancel.check();
      set_zeros(parts_[unit], total_.size());
      body(unit, blocks.begin(unit), blocks.end(unit), parts_[unit].data());
    });
    set_zeros(total_, total_.size());
    for (std::size_t unit = 0; unit < blocks.count(); ++unit)
      add_each<T>(total_.data(), parts_[unit].data(), total_.size());
    return total_;
  }

 private:
  std::vector<T> total_;
  std::vector<std::vector<T>> parts_;
};

}  // namespace causalsynth
