// Softmax cross-entropy against shares of classes (a one-hot target is the special case).
#pragma once
#include "matrix.h"

namespace causalsynth {

// Logits of one row become log probabilities.
template <class T>
void log_softmax(T* logits, std::size_t size);

// - sum_k target_k log softmax(logits)_k; `logits` become its gradient times `weight`. The target
// sums to 1.
template <class T>
T cross_entropy(T* logits, const T* target, std::size_t size, T weight);

}  // namespace causalsynth
