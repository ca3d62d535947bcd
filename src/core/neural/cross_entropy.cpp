#include "cross_entropy.h"

#include <cmath>

#include "fast_exp.h"

namespace causalsynth {

template <class T>
void log_softmax(T* logits, std::size_t size) {
  T most = logits[0], sum = 0;
  for (std::size_t k = 1; k < size; ++k) most = std::max(most, logits[k]);
  for (std::size_t k = 0; k < size; ++k) sum += fast_exp(logits[k] - most);
  // cppcheck-suppress invalidFunctionArg ; the likeliest class adds 1
  const T shift = most + std::log(sum);
  for (std::size_t k = 0; k < size; ++k) logits[k] -= shift;
}

template <class T>
T cross_entropy(T* logits, const T* target, std::size_t size, T weight) {
  log_softmax(logits, size);
  T loss = 0;
  for (std::size_t k = 0; k < size; ++k) {
    loss -= target[k] * logits[k];
    logits[k] = weight * (fast_exp(logits[k]) - target[k]);
  }
  return loss;
}

template void log_softmax(float*, std::size_t);
template void log_softmax(double*, std::size_t);
template float cross_entropy(float*, const float*, std::size_t, float);
template double cross_entropy(double*, const double*, std::size_t, double);

}  // namespace causalsynth
