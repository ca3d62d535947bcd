// The generator of CTGAN (Xu et al. 2019): blocks h = ReLU(batch norm(x W + b)) whose output is
// joined to their input, then a dense layer. A batch is worked on in blocks of rows on several
// threads; sums over blocks are taken in their order.
#pragma once
#include <functional>
#include <vector>

#include "../parallel/parallel_for.h"
#include "layers.h"

namespace causalsynth {

struct GeneratorShape {
  std::size_t inputs = 1, outputs = 1;
  std::vector<std::size_t> hidden;
};

template <class T>
struct GeneratorWork {
  Matrix<T> wide;    // input and the blocks' outputs side by side; the first columns are given
  Matrix<T> logits;  // rows x outputs
  std::vector<Matrix<T>> scaled;
  std::vector<std::vector<T>> mean, inverse_sd;  // of each layer's units over the batch
  Matrix<T> d_wide, d_logits, d_unit;
  std::vector<std::vector<double>> sums;  // of a block's rows
  std::vector<std::vector<T>> parts;      // of a block's gradient
};

// How a batch is divided, whatever the threads.
RowBlocks batch_blocks(std::size_t rows);
// Several blocks on the threads of the loop around; one block at once.
void over_blocks(const RowBlocks& blocks, const Execution& execution,
                 const std::function<void(std::size_t)>& body);

template <class T>
class GeneratorNet {
 public:
  using Hook = std::function<void(std::size_t block, std::size_t begin, std::size_t end)>;

  GeneratorNet() = default;
  GeneratorNet(const GeneratorShape& shape, Parameters<T>& to, Stream& stream);

  void prepare(GeneratorWork<T>& work, std::size_t rows) const;
  // Batch norm by the batch's own moments. `before` fills the input columns of work.wide, `after`
  // may use the logits.
  void forward(const T* weights, GeneratorWork<T>& work, const Execution& execution,
               const Hook& before, const Hook& after) const;
  // After forward(): adds to the gradient. `before` fills work.d_logits.
  void backward(const T* weights, GeneratorWork<T>& work, const Execution& execution,
                const Hook& before, T* gradient);
  // Batch norm by given moments (those of `work`, from a large batch), rows by themselves: `wide`
  // rows x width(), on the thread that calls.
  void forward_fixed(const T* weights, const GeneratorWork<T>& moments, Rows<T> wide,
                     Rows<T> logits) const;
  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return output_.weight.cols; }
  std::size_t width() const { return output_.weight.rows; }
  std::size_t depth() const { return layers_.size(); }
  std::size_t hidden(std::size_t l) const { return layers_[l].weight.cols; }

 private:
  void normalise(const T* weights, GeneratorWork<T>& work, std::size_t l, std::size_t begin,
                 std::size_t end) const;
  void add_unit_sums(GeneratorWork<T>& work, std::size_t l, std::size_t block, std::size_t begin,
                     std::size_t end) const;
  void moments(GeneratorWork<T>& work, std::size_t l, std::size_t blocks) const;
  // Gradient by the output of layer l's batch norm, in place; its sums.
  void unit_gradient(GeneratorWork<T>& work, std::size_t l, std::size_t block, std::size_t begin,
                     std::size_t end) const;
  // Through batch norm and the dense layer, to the weights and the layers below.
  void layer_gradient(const T* weights, GeneratorWork<T>& work, std::size_t l, std::size_t block,
                      std::size_t begin, std::size_t end) const;
  void turn(const T* weights);
  std::size_t start(std::size_t l) const { return layers_[l].weight.rows; }  // of its output
  std::size_t inputs_ = 0;
  std::vector<Dense> layers_;
  std::vector<Slot> gain_, bias_;
  Dense output_;
  std::vector<std::vector<T>> turned_;  // weights transposed
};

}  // namespace causalsynth
