#include "gan_heads.h"

#include <cmath>

#include "fast_exp.h"
#include "noise_table.h"

namespace causalsynth {
namespace {

template <class T>
void softmax(T* x, std::size_t size) {
  const T top = *std::max_element(x, x + size);
  T sum = 0;
  for (std::size_t k = 0; k < size; ++k) sum += x[k] = fast_exp(x[k] - top);
  const T by = T(1) / sum;
  for (std::size_t k = 0; k < size; ++k) x[k] *= by;
}

}  // namespace

template <class T>
void heads_forward(const std::vector<Head>& heads, Rows<const T> logits, T temperature,
                   Stream& noise, Rows<T> y) {
  const T by = T(1) / temperature;
  const NoiseTable& gumbel = NoiseTable::gumbel();
  for (std::size_t i = 0; i < logits.rows; ++i) {
    const T* from = logits.row(i);
    T* to = y.row(i);
    for (const Head& head : heads) {
      if (!head.choice) {
        to[head.at] = fast_tanh(from[head.at]);
        continue;
      }
      gumbel.fill(to + head.at, head.size, noise);
      for (std::size_t k = head.at; k < head.at + head.size; ++k) to[k] = (from[k] + to[k]) * by;
      softmax(to + head.at, head.size);
    }
  }
}

template <class T>
void heads_backward(const std::vector<Head>& heads, Rows<const T> y, T temperature,
                    Rows<const T> d_y, Rows<T> d_logits) {
  const T by = T(1) / temperature;
  for (std::size_t i = 0; i < y.rows; ++i) {
    const T *value = y.row(i), *d = d_y.row(i);
    T* to = d_logits.row(i);
    for (const Head& head : heads) {
      if (!head.choice) {
        to[head.at] = d[head.at] * (T(1) - value[head.at] * value[head.at]);
        continue;
      }
      T mean = 0;
      for (std::size_t k = head.at; k < head.at + head.size; ++k) mean += d[k] * value[k];
      for (std::size_t k = head.at; k < head.at + head.size; ++k)
        to[k] = by * value[k] * (d[k] - mean);
    }
  }
}

template <class T>
double cross_entropy(const T* logits, std::size_t size, std::size_t chosen, T scale,
                     T* d_logits) {
  const T top = *std::max_element(logits, logits + size);
  double sum = 0.0;
  for (std::size_t k = 0; k < size; ++k) sum += std::exp(static_cast<double>(logits[k] - top));
  if (d_logits)
    for (std::size_t k = 0; k < size; ++k) {
      const double p = std::exp(static_cast<double>(logits[k] - top)) / sum;
      d_logits[k] += scale * static_cast<T>(p - (k == chosen ? 1.0 : 0.0));
    }
  return std::log(sum) - static_cast<double>(logits[chosen] - top);
}

#define CAUSALSYNTH_HEADS(T)                                                                     \
  template void heads_forward(const std::vector<Head>&, Rows<const T>, T, Stream&, Rows<T>);     \
  template void heads_backward(const std::vector<Head>&, Rows<const T>, T, Rows<const T>,        \
                               Rows<T>);                                                         \
  template double cross_entropy(const T*, std::size_t, std::size_t, T, T*);
CAUSALSYNTH_HEADS(float)
CAUSALSYNTH_HEADS(double)

}  // namespace causalsynth
