#include "elementwise.h"

#include <algorithm>
#include <cmath>

#include "dispatch.h"
#include "fast_exp.h"

// Loops as vectors; products and sums rounded one by one, also where the machine could fuse them.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("O3", "fp-contract=off", "no-trapping-math")
#endif

#define CAUSALSYNTH_INLINE inline __attribute__((always_inline))

namespace causalsynth {
namespace {

struct Times {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict to, const T* __restrict by, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) to[j] *= by[j];
  }
};

struct Add {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict to, const T* __restrict from, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) to[j] += from[j];
  }
};

struct AddTimes {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict to, const T* __restrict from, T by,
                                     std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) to[j] += by * from[j];
  }
};

struct Blend {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict to, const T* __restrict from, T keep,
                                     std::size_t n) {
    const T rest = T(1) - keep;
    for (std::size_t j = 0; j < n; ++j) to[j] = keep * to[j] + rest * from[j];
  }
};

struct Mix {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict to, const T* __restrict a,
                                     const T* __restrict b, T share, std::size_t n) {
    const T rest = T(1) - share;
    for (std::size_t j = 0; j < n; ++j) to[j] = share * a[j] + rest * b[j];
  }
};

struct Leaky {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict u, T* __restrict slope,
                                     const T* __restrict kept, T one, T low, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) {
      slope[j] = (u[j] > T(0) ? one : low) * kept[j];
      u[j] *= slope[j];
    }
  }
};

struct NormRelu {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict s, T* __restrict to, NormRow<T> norm,
                                     std::size_t n) {
    const T* __restrict mean = norm.mean;
    const T* __restrict inverse = norm.inverse;
    const T* __restrict gain = norm.gain;
    const T* __restrict bias = norm.bias;
    for (std::size_t j = 0; j < n; ++j) {
      s[j] = (s[j] - mean[j]) * inverse[j];
      const T y = gain[j] * s[j] + bias[j];
      to[j] = y > T(0) ? y : T(0);
    }
  }
};

struct LineRelu {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict u, const T* __restrict scale,
                                     const T* __restrict shift, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) {
      const T y = scale[j] * u[j] + shift[j];
      u[j] = y > T(0) ? y : T(0);
    }
  }
};

struct AddMoments {
  template <class T>
  static CAUSALSYNTH_INLINE void run(const T* __restrict u, double* __restrict sum,
                                     double* __restrict square, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) {
      const double x = u[j];
      sum[j] += x;
      square[j] += x * x;
    }
  }
};

struct ReluBack {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict d, const T* __restrict h,
                                     const T* __restrict s, double* __restrict sum,
                                     double* __restrict product, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) {
      const T x = h[j] > T(0) ? d[j] : T(0);
      d[j] = x;
      sum[j] += static_cast<double>(x);
      product[j] += static_cast<double>(x) * static_cast<double>(s[j]);
    }
  }
};

struct NormBackward {
  template <class T>
  static CAUSALSYNTH_INLINE void run(T* __restrict to, const T* __restrict d,
                                     const T* __restrict s, NormBack<T> norm, std::size_t n) {
    const T* __restrict scale = norm.scale;
    const T* __restrict shift = norm.shift;
    const T* __restrict slope = norm.slope;
    for (std::size_t j = 0; j < n; ++j) to[j] = scale[j] * (d[j] - shift[j] - s[j] * slope[j]);
  }
};

// In pieces, whose square roots are taken aside: compilers make no vectors of what may set errno.
constexpr std::size_t kPiece = 64;
using Roots = void (*)(float*);

void plain_roots(float* x) {
  for (std::size_t k = 0; k < kPiece; ++k) x[k] = std::sqrt(x[k]);
}
#ifdef CAUSALSYNTH_HAS_X86_PATHS
CAUSALSYNTH_AVX2 void wide_roots(float* x) {
  for (std::size_t k = 0; k < kPiece; k += 8)
    _mm256_storeu_ps(x + k, _mm256_sqrt_ps(_mm256_loadu_ps(x + k)));
}
#endif

struct AdamStep {
  static CAUSALSYNTH_INLINE void run(float* __restrict weights, const float* __restrict gradient,
                                     float* __restrict mean, float* __restrict square,
                                     AdamRates r, std::size_t n, Roots roots) {
    const float rest1 = 1.0f - r.beta1, rest2 = 1.0f - r.beta2;
    float scale[kPiece] = {};
    for (std::size_t from = 0; from < n; from += kPiece) {
      const std::size_t count = std::min(n - from, kPiece);
      float* __restrict m = mean + from;
      float* __restrict s = square + from;
      const float* __restrict d = gradient + from;
      float* __restrict w = weights + from;
      for (std::size_t k = 0; k < count; ++k) {
        const float g = d[k] * r.scale;
        m[k] = r.beta1 * m[k] + rest1 * g;
        s[k] = r.beta2 * s[k] + rest2 * g * g;
        scale[k] = s[k] * r.shrink2;
      }
      roots(scale);
      for (std::size_t k = 0; k < count; ++k)
        w[k] -= r.rate * (m[k] * r.shrink1) / (scale[k] + r.epsilon);
    }
  }
};

struct Exp {
  static CAUSALSYNTH_INLINE void run(float* __restrict x, std::size_t n) {
    for (std::size_t j = 0; j < n; ++j) x[j] = fast_exp(x[j]);
  }
};

// Sums as S, in 16 parts.
struct DotProduct {
  template <class T, class S>
  static CAUSALSYNTH_INLINE void run(const T* a, const T* b, std::size_t n, S* result) {
    constexpr std::size_t kSums = 16;
    S sums[kSums] = {};
    std::size_t k = 0;
    for (; k + kSums <= n; k += kSums)
      for (std::size_t j = 0; j < kSums; ++j)
        sums[j] += static_cast<S>(a[k + j]) * static_cast<S>(b[k + j]);
    for (std::size_t j = 0; k + j < n; ++j)
      sums[j] += static_cast<S>(a[k + j]) * static_cast<S>(b[k + j]);
    *result = S(0);
    for (const S s : sums) *result += s;
  }
};

template <class Loop, class... Args>
void plain(Args... args) {
  Loop::run(args...);
}
#ifdef CAUSALSYNTH_HAS_X86_PATHS
template <class Loop, class... Args>
CAUSALSYNTH_AVX2 void wide(Args... args) {
  Loop::run(args...);
}
template <class Loop, class... Args>
CAUSALSYNTH_AVX512 void widest(Args... args) {
  Loop::run(args...);
}
#endif

template <class Loop, class... Args>
void by_width(Args... args) {
#ifdef CAUSALSYNTH_HAS_X86_PATHS
  if (has_avx512()) return widest<Loop>(args...);
  if (has_avx2()) return wide<Loop>(args...);
#endif
  plain<Loop>(args...);
}

}  // namespace

template <class T>
void times_each(T* to, const T* by, std::size_t n) {
  by_width<Times>(to, by, n);
}
template <class T>
void add_each(T* to, const T* from, std::size_t n) {
  by_width<Add>(to, from, n);
}
template <class T>
void add_times_each(T* to, const T* from, T by, std::size_t n) {
  by_width<AddTimes>(to, from, by, n);
}
template <class T>
void blend_each(T* to, const T* from, T keep, std::size_t n) {
  by_width<Blend>(to, from, keep, n);
}
template <class T>
void mix_each(T* to, const T* a, const T* b, T share, std::size_t n) {
  by_width<Mix>(to, a, b, share, n);
}
template <class T>
void leaky_each(T* u, T* slope, const T* kept, T one, T low, std::size_t n) {
  by_width<Leaky>(u, slope, kept, one, low, n);
}
template <class T>
void norm_relu_each(T* s, T* to, NormRow<T> norm, std::size_t n) {
  by_width<NormRelu>(s, to, norm, n);
}
template <class T>
void line_relu_each(T* u, const T* scale, const T* shift, std::size_t n) {
  by_width<LineRelu>(u, scale, shift, n);
}
template <class T>
void add_moments_each(const T* u, double* sum, double* square, std::size_t n) {
  by_width<AddMoments>(u, sum, square, n);
}
template <class T>
void relu_back_each(T* d, const T* h, const T* s, double* sum, double* product, std::size_t n) {
  by_width<ReluBack>(d, h, s, sum, product, n);
}
template <class T>
void norm_back_each(T* to, const T* d, const T* s, NormBack<T> norm, std::size_t n) {
  by_width<NormBackward>(to, d, s, norm, n);
}
void adam_each(float* weights, const float* gradient, float* mean, float* square, AdamRates rates,
               std::size_t n) {
  Roots roots = plain_roots;
#ifdef CAUSALSYNTH_HAS_X86_PATHS
  if (has_avx2()) roots = wide_roots;
#endif
  by_width<AdamStep>(weights, gradient, mean, square, rates, n, roots);
}

template <class T>
T dot_product(const T* a, const T* b, std::size_t n) {
  T result;
  by_width<DotProduct>(a, b, n, &result);
  return result;
}
void exp_each(float* x, std::size_t n) { by_width<Exp>(x, n); }
double sum_of_squares(const float* x, std::size_t n) {
  double result;
  by_width<DotProduct>(x, x, n, &result);
  return result;
}

#define CAUSALSYNTH_EACH(T)                                                                     \
  template T dot_product(const T*, const T*, std::size_t);                                      \
  template void times_each(T*, const T*, std::size_t);                                          \
  template void add_each(T*, const T*, std::size_t);                                            \
  template void add_times_each(T*, const T*, T, std::size_t);                                   \
  template void blend_each(T*, const T*, T, std::size_t);                                       \
  template void mix_each(T*, const T*, const T*, T, std::size_t);                               \
  template void leaky_each(T*, T*, const T*, T, T, std::size_t);                                \
  template void norm_relu_each(T*, T*, NormRow<T>, std::size_t);                                \
  template void line_relu_each(T*, const T*, const T*, std::size_t);                            \
  template void add_moments_each(const T*, double*, double*, std::size_t);                      \
  template void relu_back_each(T*, const T*, const T*, double*, double*, std::size_t);          \
  template void norm_back_each(T*, const T*, const T*, NormBack<T>, std::size_t);
CAUSALSYNTH_EACH(float)
CAUSALSYNTH_EACH(double)

}  // namespace causalsynth
