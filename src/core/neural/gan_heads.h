// What turns the generator's logits into rows: tanh for a number within its mode, the Gumbel
// softmax (Jang, Gu and Poole 2017) for a choice; and the conditional cross-entropy.
#pragma once
#include <vector>

#include "matrix.h"
#include "../random/stream.h"

namespace causalsynth {

struct Head {
  std::size_t at = 0, size = 1;
  bool choice = false;  // softmax over `size` numbers; otherwise tanh, of size 1
};

// y from logits; a choice's softmax((logit + Gumbel noise) / temperature). Several rows.
template <class T>
void heads_forward(const std::vector<Head>& heads, Rows<const T> logits, T temperature,
                   Stream& noise, Rows<T> y);
// d_logits from d_y.
template <class T>
void heads_backward(const std::vector<Head>& heads, Rows<const T> y, T temperature,
                    Rows<const T> d_y, Rows<T> d_logits);
// -log softmax(logits)[chosen] of one choice; adds `scale` times its gradient.
template <class T>
double cross_entropy(const T* logits, std::size_t size, std::size_t chosen, T scale, T* d_logits);

}  // namespace causalsynth
