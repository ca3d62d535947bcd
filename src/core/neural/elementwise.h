// Loops over the units of a layer, with the widest vectors the machine has. Each number is worked
// out by itself, without fused operations, so all machines give the same bits. Arguments are rows
// of n numbers that do not overlap.
#pragma once
#include <cstddef>

namespace causalsynth {

// to *= by.
template <class T>
void times_each(T* to, const T* by, std::size_t n);
// to += from.
template <class T>
void add_each(T* to, const T* from, std::size_t n);
// to += by from.
template <class T>
void add_times_each(T* to, const T* from, T by, std::size_t n);
// to = keep to + (1 - keep) from.
template <class T>
void blend_each(T* to, const T* from, T keep, std::size_t n);
// to = share a + (1 - share) b.
template <class T>
void mix_each(T* to, const T* a, const T* b, T share, std::size_t n);

// Leaky ReLU: slope = (u > 0 ? one : low) kept; u *= slope. `kept`: 0 or 1 of each.
template <class T>
void leaky_each(T* u, T* slope, const T* kept, T one, T low, std::size_t n);

// Batch norm over rows, of which these take one. `moments`: mean and 1 / sd; `line`: gain, bias.
template <class T>
struct NormRow {
  const T *mean, *inverse, *gain, *bias;
};
// s = (s - mean) inverse; to = max(gain s + bias, 0).
template <class T>
void norm_relu_each(T* s, T* to, NormRow<T> norm, std::size_t n);
// u = max(scale u + shift, 0).
template <class T>
void line_relu_each(T* u, const T* scale, const T* shift, std::size_t n);
// sum += u; square += u^2.
template <class T>
void add_moments_each(const T* u, double* sum, double* square, std::size_t n);
// d = 0 where h is 0; sum += d; product += d s.
template <class T>
void relu_back_each(T* d, const T* h, const T* s, double* sum, double* product, std::size_t n);
// to = scale (d - shift - s slope).
template <class T>
struct NormBack {
  const T *scale, *shift, *slope;
};
template <class T>
void norm_back_each(T* to, const T* d, const T* s, NormBack<T> norm, std::size_t n);

// A step of Adam: g = gradient scale; mean, square: moving averages of g and g^2;
// weights -= rate (mean shrink1) / (sqrt(square shrink2) + epsilon).
struct AdamRates {
  float beta1, beta2, scale, rate, epsilon, shrink1, shrink2;
};
void adam_each(float* weights, const float* gradient, float* mean, float* square, AdamRates rates,
               std::size_t n);

// x = exp(x), by fast_exp().
void exp_each(float* x, std::size_t n);
// In 16 partial sums, added in their order.
template <class T>
T dot_product(const T* a, const T* b, std::size_t n);
double sum_of_squares(const float* x, std::size_t n);

}  // namespace causalsynth
