#include "transformer.h"

#include "../base/require.h"

namespace causalsynth {
namespace {

template <class T>
void add(Rows<const T> from, Rows<T> to) {
  for (std::size_t i = 0; i < to.rows; ++i)
    for (std::size_t j = 0; j < to.cols; ++j) to(i, j) += from(i, j);
}

template <class T>
void norm(const LayerNorm& layer, const T* weights, Rows<T> x, Matrix<T>& normed,
          Matrix<T>& scaled, std::vector<T>& inverse) {
  normed.resize(x.rows, x.cols);
  scaled.resize(x.rows, x.cols);
  inverse.resize(x.rows);
  layer.forward<T>(weights, x, normed, scaled, inverse.data());
}

}  // namespace

void TransformerShape::validate() const {
  require(layers >= 1 && layers <= 100, "layers must be in 1..100");
  require(heads >= 1 && width >= heads && width % heads == 0, "heads must divide width");
  require(width <= 4096 && hidden >= 1 && hidden <= 65536, "width or hidden is too large");
}

template <class T>
Transformer Transformer::create(Parameters<T>& to, const TransformerShape& shape, Stream& stream) {
  shape.validate();
  Transformer result;
  result.shape_ = shape;
  // What blocks add to the residual stream starts small.
  const double quiet = 1.0 / static_cast<double>(2 * shape.layers);
  for (std::size_t l = 0; l < shape.layers; ++l) {
    Block block;
    block.norm1 = LayerNorm::create(to, shape.width);
    block.qkv = Dense::create(to, shape.width, 3 * shape.width, 1.0, stream);
    block.mix = Dense::create(to, shape.width, shape.width, quiet, stream);
    block.norm2 = LayerNorm::create(to, shape.width);
    block.up = Dense::create(to, shape.width, shape.hidden, 1.0, stream);
    block.down = Dense::create(to, shape.hidden, shape.width, quiet, stream);
    result.blocks_.push_back(block);
  }
  return result;
}

// From the mixed values on: the rest of a block.
template <class T>
void Transformer::mix_in(const Block& block, const T* weights, Rows<T> x,
                         BlockTape<T>& tape) const {
  tape.active.resize(x.rows, std::max(shape_.hidden, shape_.width));
  const Rows<T> added(tape.active.data(), x.rows, shape_.width);
  block.mix.forward<T>(weights, tape.mixed.view(), added);
  add<T>(added, x);
  norm(block.norm2, weights, x, tape.normed2, tape.scaled2, tape.inverse2);
  tape.inner.resize(x.rows, shape_.hidden);
  tape.active.resize(x.rows, shape_.hidden);
  block.up.forward<T>(weights, tape.normed2.view(), tape.inner.view());
  activate<T>(Activation::gelu, tape.inner.view(), tape.active.view());
  multiply<T>(tape.active.view(), block.down.weight.in(weights), x, Into::add);
  const T* bias = weights + block.down.bias.at;
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t j = 0; j < x.cols; ++j) x(i, j) += bias[j];
}

template <class T>
void Transformer::forward(const T* weights, std::size_t length, Rows<T> x,
                          TransformerTape<T>& tape) const {
  tape.blocks.resize(blocks_.size());
  for (std::size_t l = 0; l < blocks_.size(); ++l) {
    const Block& block = blocks_[l];
    BlockTape<T>& t = tape.blocks[l];
    norm(block.norm1, weights, x, t.normed1, t.scaled1, t.inverse1);
    t.qkv.resize(x.rows, 3 * shape_.width);
    t.mixed.resize(x.rows, shape_.width);
    block.qkv.forward<T>(weights, t.normed1.view(), t.qkv.view());
    attend<T>(t.qkv.view(), length, shape_.heads, t.mixed.view(), t.shares);
    mix_in(block, weights, x, t);
  }
}

template <class T>
void Transformer::backward(const T* weights, std::size_t length, TransformerTape<T>& tape,
                           Rows<T> d_x, T* gradient) const {
  tape.d_wide.resize(d_x.rows, 3 * shape_.width);
  tape.d_inner.resize(d_x.rows, shape_.hidden);
  tape.d_narrow.resize(d_x.rows, shape_.width);
  const Rows<T> d_inner = tape.d_inner, d_narrow = tape.d_narrow, d_wide = tape.d_wide;
  for (std::size_t l = blocks_.size(); l-- > 0;) {
    const Block& block = blocks_[l];
    const BlockTape<T>& t = tape.blocks[l];
    block.down.backward<T>(weights, t.active.view(), d_x, d_inner, gradient);
    activate_backward<T>(Activation::gelu, t.inner.view(), d_inner, d_inner);
    block.up.backward<T>(weights, t.normed2.view(), d_inner, d_narrow, gradient);
    block.norm2.backward<T>(weights, t.scaled2.view(), t.inverse2.data(), d_narrow, d_x, gradient);
    block.mix.backward<T>(weights, t.mixed.view(), d_x, d_narrow, gradient);
    attend_backward<T>(t.qkv.view(), length, shape_.heads, t.shares, d_narrow, d_wide);
    block.qkv.backward<T>(weights, t.normed1.view(), d_wide, d_narrow, gradient);
    block.norm1.backward<T>(weights, t.scaled1.view(), t.inverse1.data(), d_narrow, d_x, gradient);
  }
}

template <class T>
void Transformer::next(const T* weights, std::size_t position, std::size_t window, Rows<T> x,
                       TransformerCache<T>& cache, TransformerTape<T>& scratch) const {
  scratch.blocks.resize(1);
  BlockTape<T>& t = scratch.blocks[0];
  for (std::size_t l = 0; l < blocks_.size(); ++l) {
    const Block& block = blocks_[l];
    norm(block.norm1, weights, x, t.normed1, t.scaled1, t.inverse1);
    t.qkv.resize(x.rows, 3 * shape_.width);
    t.mixed.resize(x.rows, shape_.width);
    block.qkv.forward<T>(weights, t.normed1.view(), t.qkv.view());
    attend_next<T>(t.qkv.view(), position, window, shape_.heads, cache[l], t.mixed.view());
    mix_in(block, weights, x, t);
  }
}

#define CAUSALSYNTH_TRANSFORMER(T)                                                              \
  template Transformer Transformer::create(Parameters<T>&, const TransformerShape&, Stream&);   \
  template void Transformer::forward(const T*, std::size_t, Rows<T>, TransformerTape<T>&) const; \
  template void Transformer::backward(const T*, std::size_t, TransformerTape<T>&, Rows<T>, T*)  \
      const;                                                                                    \
  template void Transformer::next(const T*, std::size_t, std::size_t, Rows<T>,                  \
                                  TransformerCache<T>&, TransformerTape<T>&) const;
CAUSALSYNTH_TRANSFORMER(float)
CAUSALSYNTH_TRANSFORMER(double)

}  // namespace causalsynth
