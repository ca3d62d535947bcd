// Vectors of floats by the compilers' extension, and whether the machine has the wider ones. All
// widths give the same bits: a fused multiply-add rounds once, as IEEE 754 and std::fma say.
#pragma once
#include <cmath>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define CAUSALSYNTH_HAS_X86_PATHS 1
#include <immintrin.h>
#endif

namespace causalsynth {

// In structs: as an argument of a template, a type loses its attributes.
struct Narrow {
  typedef float V __attribute__((vector_size(16), aligned(4), may_alias));
  static constexpr int kWidth = 4;
  static V all(float x) { return V{x, x, x, x}; }
  // By hardware on arm64; on x86-64 only machines of before 2013 come here.
  static V fused(V a, V b, V c) {
    return V{std::fma(a[0], b[0], c[0]), std::fma(a[1], b[1], c[1]), std::fma(a[2], b[2], c[2]),
             std::fma(a[3], b[3], c[3])};
  }
};

#ifdef CAUSALSYNTH_HAS_X86_PATHS
#define CAUSALSYNTH_AVX2 __attribute__((target("avx2,fma")))
struct Wide {
  typedef float V __attribute__((vector_size(32), aligned(4), may_alias));
  static constexpr int kWidth = 8;
  CAUSALSYNTH_AVX2 static V all(float x) { return _mm256_set1_ps(x); }
  CAUSALSYNTH_AVX2 static V fused(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
};
#define CAUSALSYNTH_AVX512 __attribute__((target("avx512f")))
struct Widest {
  typedef float V __attribute__((vector_size(64), aligned(4), may_alias));
  static constexpr int kWidth = 16;
  CAUSALSYNTH_AVX512 static V all(float x) { return _mm512_set1_ps(x); }
  CAUSALSYNTH_AVX512 static V fused(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
};
inline bool has_avx512() {
  static const bool has = __builtin_cpu_supports("avx512f");
  return has;
}
inline bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}
#endif

}  // namespace causalsynth
