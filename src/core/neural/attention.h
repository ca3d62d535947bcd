// Causal self-attention (Vaswani et al. 2017): each position mixes the values of itself and of
// those before it.
#pragma once
#include "matrix.h"

namespace causalsynth {

// `qkv`: queries, keys and values beside one another (width each), sequences of `length` rows one
// below the other. `shares` keeps what the backward pass needs: the weights of the mixtures, for
// each sequence and head length x length.
template <class T>
void attend(Rows<const T> qkv, std::size_t length, std::size_t heads, Rows<T> out,
            Matrix<T>& shares);
template <class T>
void attend_backward(Rows<const T> qkv, std::size_t length, std::size_t heads,
                     const Matrix<T>& shares, Rows<const T> d_out, Rows<T> d_qkv);

// Keys and values of the positions so far of many sequences, all equally long.
template <class T>
class AttentionCache {
 public:
  void resize(std::size_t rows, std::size_t length, std::size_t width) {
    rows_ = rows;
    length_ = length;
    width_ = width;
    stored_.resize(rows * length * 2 * width);
  }
  T* at(std::size_t row, std::size_t position) {
    return stored_.data() + (row * length_ + position) * 2 * width_;
  }
  const T* at(std::size_t row, std::size_t position) const {
    return stored_.data() + (row * length_ + position) * 2 * width_;
  }
  // Sequence `to` goes on as sequence `from` does.
  void copy(std::size_t from, std::size_t to, std::size_t positions) {
    if (from != to) std::copy(at(from, 0), at(from, 0) + positions * 2 * width_, at(to, 0));
  }
  std::size_t width() const { return width_; }

 private:
  std::size_t rows_ = 0, length_ = 0, width_ = 0;
  std::vector<T> stored_;
};

// Position `position` of every sequence, whose keys and values are written to the cache; the last
// `window` positions are seen.
template <class T>
void attend_next(Rows<const T> qkv, std::size_t position, std::size_t window, std::size_t heads,
                 AttentionCache<T>& cache, Rows<T> out);

}  // namespace causalsynth
