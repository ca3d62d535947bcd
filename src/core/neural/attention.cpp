#include "attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fast_exp.h"
#include "product.h"

namespace causalsynth {
namespace {

// The parts of one head within `qkv`.
template <class T>
struct Head {
  Rows<T> query, key, value;
  Head(Rows<T> qkv, std::size_t heads, std::size_t h) {
    const std::size_t width = qkv.cols / 3, size = width / heads, from = h * size;
    // cppcheck-suppress useInitializationList ; the three share what is worked out above
    query = qkv.columns(from, from + size);
    key = qkv.columns(width + from, width + from + size);
    value = qkv.columns(2 * width + from, 2 * width + from + size);
  }
};

template <class T>
T scale_of(std::size_t width, std::size_t heads) {
  const std::size_t head_width = width / heads;
  return T(1) / std::sqrt(static_cast<T>(head_width));
}

// Row i: softmax over its first i + 1 numbers, zero beyond.
template <class T>
void causal_softmax(Rows<T> scores, T scale) {
  for (std::size_t i = 0; i < scores.rows; ++i) {
    T* row = scores.row(i);
    T most = row[0];
    for (std::size_t j = 1; j <= i; ++j) most = std::max(most, row[j]);
    T sum = 0;
    for (std::size_t j = 0; j <= i; ++j) {
      row[j] = fast_exp((row[j] - most) * scale);
      sum += row[j];
    }
    for (std::size_t j = 0; j <= i; ++j) row[j] /= sum;
    std::fill(row + i + 1, row + scores.cols, T(0));
  }
}

// From the shares' gradient to that of the scores, in place.
template <class T>
void softmax_backward(Rows<const T> shares, Rows<T> d, T scale) {
  for (std::size_t i = 0; i < d.rows; ++i) {
    T mean = 0;
    for (std::size_t j = 0; j <= i; ++j) mean += shares(i, j) * d(i, j);
    for (std::size_t j = 0; j <= i; ++j) d(i, j) = scale * shares(i, j) * (d(i, j) - mean);
    std::fill(d.row(i) + i + 1, d.row(i) + d.cols, T(0));
  }
}

}  // namespace

template <class T>
void attend(Rows<const T> qkv, std::size_t length, std::size_t heads, Rows<T> out,
            Matrix<T>& shares) {
  const std::size_t sequences = qkv.rows / length, width = qkv.cols / 3, size = width / heads;
  shares.resize(sequences * heads * length, length);
  for (std::size_t s = 0; s < sequences; ++s)
    for (std::size_t h = 0; h < heads; ++h) {
      const Head<const T> head(qkv.block(s * length, (s + 1) * length), heads, h);
      const Rows<T> scores(shares.row((s * heads + h) * length), length, length);
      multiply_right_transposed<T>(head.query, head.key, scores);
      causal_softmax<T>(scores, scale_of<T>(width, heads));
      multiply<T>(scores, head.value,
                  out.block(s * length, (s + 1) * length).columns(h * size, (h + 1) * size));
    }
}

template <class T>
void attend_backward(Rows<const T> qkv, std::size_t length, std::size_t heads,
                     const Matrix<T>& shares, Rows<const T> d_out, Rows<T> d_qkv) {
  const std::size_t sequences = qkv.rows / length, width = qkv.cols / 3, size = width / heads;
  thread_local Matrix<T> d_scores;
  d_scores.resize(length, length);
  for (std::size_t s = 0; s < sequences; ++s)
    for (std::size_t h = 0; h < heads; ++h) {
      const Head<const T> head(qkv.block(s * length, (s + 1) * length), heads, h);
      const Head<T> d(d_qkv.block(s * length, (s + 1) * length), heads, h);
      const Rows<const T> share(shares.row((s * heads + h) * length), length, length);
      const auto d_mix =
          d_out.block(s * length, (s + 1) * length).columns(h * size, (h + 1) * size);
      multiply_right_transposed<T>(d_mix, head.value, d_scores);
      multiply_left_transposed<T>(share, d_mix, d.value);
      softmax_backward<T>(share, d_scores, scale_of<T>(width, heads));
      multiply<T>(d_scores.view(), head.key, d.query);
      multiply_left_transposed<T>(d_scores.view(), head.query, d.key);
    }
}

template <class T>
void attend_next(Rows<const T> qkv, std::size_t position, std::size_t window, std::size_t heads,
                 AttentionCache<T>& cache, Rows<T> out) {
  const std::size_t width = qkv.cols / 3, size = width / heads;
  const std::size_t from = position + 1 > window ? position + 1 - window : 0;
  const T scale = scale_of<T>(width, heads);
  std::vector<T> shares(position + 1 - from);
  for (std::size_t i = 0; i < qkv.rows; ++i) {
    std::copy(qkv.row(i) + width, qkv.row(i) + 3 * width, cache.at(i, position));
    for (std::size_t h = 0; h < heads; ++h) {
      const T* query = qkv.row(i) + h * size;
      T most = -std::numeric_limits<T>::infinity(), sum = 0;
      for (std::size_t p = from; p <= position; ++p) {
        const T* key = cache.at(i, p) + h * size;
        T score = 0;
        for (std::size_t j = 0; j < size; ++j) score += query[j] * key[j];
        shares[p - from] = score;
        most = std::max(most, score);
      }
      T* to = out.row(i) + h * size;
      std::fill(to, to + size, T(0));
      for (T& share : shares) sum += share = fast_exp((share - most) * scale);
      for (std::size_t p = from; p <= position; ++p) {
        const T share = shares[p - from] / sum;
        const T* value = cache.at(i, p) + width + h * size;
        for (std::size_t j = 0; j < size; ++j) to[j] += share * value[j];
      }
    }
  }
}

#define CAUSALSYNTH_ATTENTION(T)                                                                 \
  template void attend(Rows<const T>, std::size_t, std::size_t, Rows<T>, Matrix<T>&);            \
  template void attend_backward(Rows<const T>, std::size_t, std::size_t, const Matrix<T>&,       \
                                Rows<const T>, Rows<T>);                                         \
  template void attend_next(Rows<const T>, std::size_t, std::size_t, std::size_t,                \
                            AttentionCache<T>&, Rows<T>);
CAUSALSYNTH_ATTENTION(float)
CAUSALSYNTH_ATTENTION(double)

}  // namespace causalsynth
