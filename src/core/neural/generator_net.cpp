#include "generator_net.h"

#include <cmath>

#include "../base/require.h"
#include "elementwise.h"

namespace causalsynth {
namespace {

constexpr double kFloor = 1e-5;
constexpr double kTorchGain = 1.0 / 3.0;  // variance of weights times inputs, PyTorch's default

}  // namespace

RowBlocks batch_blocks(std::size_t rows) {
  const std::size_t quarter = (rows + 3) / 4;
  return {rows, std::max<std::size_t>(32, (quarter + 3) / 4 * 4)};
}

void over_blocks(const RowBlocks& blocks, const Execution& execution,
                 const std::function<void(std::size_t)>& body) {
  if (blocks.count() == 1 || execution.threads == 1) {
    for (std::size_t unit = 0; unit < blocks.count(); ++unit) body(unit);
    return;
  }
  parallel_for(blocks.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    cancel.check();
    body(unit);
  });
}

template <class T>
GeneratorNet<T>::GeneratorNet(const GeneratorShape& shape, Parameters<T>& to, Stream& stream)
    : inputs_(shape.inputs) {
  require(shape.inputs > 0 && shape.outputs > 0, "a generator needs inputs and outputs");
  std::size_t in = shape.inputs;
  for (const std::size_t size : shape.hidden) {
    layers_.push_back(Dense::create(to, in, size, kTorchGain, stream));
    gain_.push_back(to.add(1, size, false));
    bias_.push_back(to.add(1, size, false));
    to.fill(gain_.back(), T(1));
    in += size;
  }
  output_ = Dense::create(to, in, shape.outputs, kTorchGain, stream);
  turned_.resize(layers_.size() + 1);
}

template <class T>
void GeneratorNet<T>::prepare(GeneratorWork<T>& work, std::size_t rows) const {
  work.wide.resize(rows, width());
  work.logits.resize(rows, outputs());
  work.scaled.resize(depth());
  work.mean.resize(depth());
  work.inverse_sd.resize(depth());
  std::size_t most = 1;
  for (std::size_t l = 0; l < depth(); ++l) {
    work.scaled[l].resize(rows, hidden(l));
    most = std::max(most, hidden(l));
  }
  work.d_wide.resize(rows, width());
  work.d_logits.resize(rows, outputs());
  work.d_unit.resize(rows, most);
  work.sums.resize(batch_blocks(rows).count());
  work.parts.resize(work.sums.size());
}

template <class T>
void GeneratorNet<T>::add_unit_sums(GeneratorWork<T>& work, std::size_t l, std::size_t block,
                                    std::size_t begin, std::size_t end) const {
  const std::size_t size = hidden(l);
  std::vector<double>& sums = work.sums[block];
  sums.assign(2 * size, 0.0);
  for (std::size_t i = begin; i < end; ++i)
    add_moments_each<T>(work.scaled[l].row(i), sums.data(), sums.data() + size, size);
}

template <class T>
void GeneratorNet<T>::moments(GeneratorWork<T>& work, std::size_t l, std::size_t blocks) const {
  const std::size_t size = hidden(l);
  const double n = static_cast<double>(work.wide.rows());
  work.mean[l].resize(size);
  work.inverse_sd[l].resize(size);
  for (std::size_t j = 0; j < size; ++j) {
    double sum = 0.0, square = 0.0;
    for (std::size_t b = 0; b < blocks; ++b) {
      sum += work.sums[b][j];
      square += work.sums[b][size + j];
    }
    const double mean = sum / n, variance = std::max(square / n - mean * mean, 0.0);
    work.mean[l][j] = static_cast<T>(mean);
    work.inverse_sd[l][j] = static_cast<T>(1.0 / std::sqrt(variance + kFloor));
  }
}

template <class T>
void GeneratorNet<T>::normalise(const T* weights, GeneratorWork<T>& work, std::size_t l,
                                std::size_t begin, std::size_t end) const {
  const NormRow<T> norm{work.mean[l].data(), work.inverse_sd[l].data(), weights + gain_[l].at,
                        weights + bias_[l].at};
  for (std::size_t i = begin; i < end; ++i)
    norm_relu_each<T>(work.scaled[l].row(i), work.wide.row(i) + start(l), norm, hidden(l));
}

template <class T>
void GeneratorNet<T>::forward(const T* weights, GeneratorWork<T>& work, const Execution& execution,
                              const Hook& before, const Hook& after) const {
  const RowBlocks blocks = batch_blocks(work.wide.rows());
  for (std::size_t l = 0; l <= depth(); ++l) {
    over_blocks(blocks, execution, [&](std::size_t unit) {
      const std::size_t begin = blocks.begin(unit), end = blocks.end(unit);
      if (l == 0) before(unit, begin, end);
      if (l > 0) normalise(weights, work, l - 1, begin, end);
      const Rows<const T> wide = work.wide.view().block(begin, end);
      if (l == depth()) {
        output_.forward(weights, wide, work.logits.view().block(begin, end));
        after(unit, begin, end);
        return;
      }
      layers_[l].forward(weights, wide.columns(0, start(l)),
                         work.scaled[l].view().block(begin, end));
      add_unit_sums(work, l, unit, begin, end);
    });
    if (l < depth()) moments(work, l, blocks.count());
  }
}

template <class T>
void GeneratorNet<T>::forward_fixed(const T* weights, const GeneratorWork<T>& moments,
                                    Rows<T> wide, Rows<T> logits) const {
  for (std::size_t l = 0; l < depth(); ++l) {
    const Rows<T> to = wide.columns(start(l), start(l) + hidden(l));
    layers_[l].forward(weights, Rows<const T>(wide.columns(0, start(l))), to);
    std::vector<T> scale(to.cols), shift(to.cols);
    for (std::size_t j = 0; j < to.cols; ++j) {
      scale[j] = weights[gain_[l].at + j] * moments.inverse_sd[l][j];
      shift[j] = weights[bias_[l].at + j] - scale[j] * moments.mean[l][j];
    }
    for (std::size_t i = 0; i < to.rows; ++i)
      line_relu_each<T>(to.row(i), scale.data(), shift.data(), to.cols);
  }
  output_.forward(weights, Rows<const T>(wide), logits);
}

template <class T>
void GeneratorNet<T>::turn(const T* weights) {
  for (std::size_t l = 0; l <= depth(); ++l) {
    const Slot& slot = l < depth() ? layers_[l].weight : output_.weight;
    turned_[l].resize(slot.size());
    transpose<T>(slot.in(weights), turned_[l].data());
  }
}

template <class T>
void GeneratorNet<T>::unit_gradient(GeneratorWork<T>& work, std::size_t l, std::size_t block,
                                    std::size_t begin, std::size_t end) const {
  const std::size_t size = hidden(l);
  std::vector<double>& sums = work.sums[block];
  sums.assign(2 * size, 0.0);
  for (std::size_t i = begin; i < end; ++i)
    relu_back_each<T>(work.d_wide.row(i) + start(l), work.wide.row(i) + start(l),
                      work.scaled[l].row(i), sums.data(), sums.data() + size, size);
}

template <class T>
void GeneratorNet<T>::layer_gradient(const T* weights, GeneratorWork<T>& work, std::size_t l,
                                     std::size_t block, std::size_t begin, std::size_t end) const {
  const std::size_t size = hidden(l), below = start(l);
  const Rows<T> unit = work.d_unit.view().columns(0, size).block(begin, end);
  const T* g = weights + gain_[l].at;
  T* part = work.parts[block].data();
  T* d_bias = part + layers_[l].bias.at;
  // mean[l] and inverse_sd[l] hold the forward pass's moments, work.sums[0] the sums of all rows.
  const double* sums = work.sums[0].data();
  const double n = static_cast<double>(work.wide.rows());
  std::vector<T> scale(size), shift(size), slope(size);
  for (std::size_t j = 0; j < size; ++j) {
    scale[j] = g[j] * work.inverse_sd[l][j];
    shift[j] = static_cast<T>(sums[j] / n);
    slope[j] = static_cast<T>(sums[size + j] / n);
  }
  for (std::size_t i = begin; i < end; ++i) {
    T* to = unit.row(i - begin);
    norm_back_each<T>(to, work.d_wide.row(i) + below, work.scaled[l].row(i),
                      {scale.data(), shift.data(), slope.data()}, size);
    add_each<T>(d_bias, to, size);
  }
  const Rows<const T> wide = work.wide.view().block(begin, end);
  multiply_left_transposed<T>(wide.columns(0, below), unit, layers_[l].weight.in(part), Into::add);
  if (l == 0) return;
  const Rows<const T> turned(turned_[l].data(), size, below);
  multiply<T>(unit, turned.columns(inputs_, below),
              work.d_wide.view().block(begin, end).columns(inputs_, below), Into::add);
}

template <class T>
void GeneratorNet<T>::backward(const T* weights, GeneratorWork<T>& work,
                               const Execution& execution, const Hook& before, T* gradient) {
  const RowBlocks blocks = batch_blocks(work.wide.rows());
  turn(weights);
  std::size_t total = output_.bias.at + output_.bias.size();
  for (std::size_t l = depth() + 1; l-- > 0;) {
    over_blocks(blocks, execution, [&](std::size_t block) {
      const std::size_t begin = blocks.begin(block), end = blocks.end(block);
      if (l == depth()) {
        set_zeros(work.parts[block], total);
        before(block, begin, end);
        const Rows<const T> wide = work.wide.view().block(begin, end);
        const Rows<const T> d = work.d_logits.view().block(begin, end);
        output_.backward(weights, wide, d, Rows<T>(), work.parts[block].data());
        const Rows<const T> turned(turned_[l].data(), outputs(), width());
        if (depth() > 0)
          multiply<T>(d, turned.columns(inputs_, width()),
                      work.d_wide.view().block(begin, end).columns(inputs_, width()));
      } else {
        layer_gradient(weights, work, l, block, begin, end);
      }
    });
    if (l == 0) break;
    over_blocks(blocks, execution, [&](std::size_t block) {
      unit_gradient(work, l - 1, block, blocks.begin(block), blocks.end(block));
    });
    for (std::size_t b = 1; b < blocks.count(); ++b)
      for (std::size_t j = 0; j < work.sums[0].size(); ++j) work.sums[0][j] += work.sums[b][j];
    for (std::size_t j = 0; j < hidden(l - 1); ++j) {
      gradient[bias_[l - 1].at + j] += static_cast<T>(work.sums[0][j]);
      gradient[gain_[l - 1].at + j] += static_cast<T>(work.sums[0][hidden(l - 1) + j]);
    }
  }
  for (std::size_t b = 0; b < blocks.count(); ++b)
    add_each<T>(gradient, work.parts[b].data(), total);
}

template class GeneratorNet<float>;
template class GeneratorNet<double>;

}  // namespace causalsynth
