// A stack of decoder blocks with the norms before their parts: x += attention(norm(x)), then
// x += dense(gelu(dense(norm(x)))). Rows of x are the positions of sequences of one length.
#pragma once
#include "attention.h"
#include "layers.h"

namespace causalsynth {

struct TransformerShape {
  std::size_t width = 48, heads = 3, layers = 2, hidden = 128;
  void validate() const;
};

// What a forward pass leaves for the backward pass.
template <class T>
struct BlockTape {
  Matrix<T> scaled1, normed1, qkv, shares, mixed, scaled2, normed2, inner, active;
  std::vector<T> inverse1, inverse2;
};
template <class T>
struct TransformerTape {
  std::vector<BlockTape<T>> blocks;
  Matrix<T> d_wide, d_inner, d_narrow;  // scratch
};

template <class T>
using TransformerCache = std::vector<AttentionCache<T>>;

class Transformer {
 public:
  template <class T>
  static Transformer create(Parameters<T>& to, const TransformerShape& shape, Stream& stream);

  template <class T>
  void forward(const T* weights, std::size_t length, Rows<T> x, TransformerTape<T>& tape) const;
  // `d_x`: of the output on entry, of the input on return.
  template <class T>
  void backward(const T* weights, std::size_t length, TransformerTape<T>& tape, Rows<T> d_x,
                T* gradient) const;

  // One more position of each sequence: the same as forward() gives there.
  template <class T>
  void next(const T* weights, std::size_t position, std::size_t window, Rows<T> x,
            TransformerCache<T>& cache, TransformerTape<T>& scratch) const;
  template <class T>
  void start(std::size_t rows, std::size_t length, TransformerCache<T>& cache) const {
    cache.resize(blocks_.size());
    for (auto& one : cache) one.resize(rows, length, shape_.width);
  }
  const TransformerShape& shape() const { return shape_; }

 private:
  struct Block {
    LayerNorm norm1, norm2;
    Dense qkv, mix, up, down;
  };
  template <class T>
  void mix_in(const Block& block, const T* weights, Rows<T> x, BlockTape<T>& tape) const;
  TransformerShape shape_;
  std::vector<Block> blocks_;
};

}  // namespace causalsynth
