// Vectors of floats by the compilers' extension, and whether the machine has the wider ones.
// Without fused multiply-adds all widths give the same bits.
#pragma once

namespace causalsynth {

// In structs: as an argument of a template, a type loses its attributes.
struct Narrow {
  typedef float V __attribute__((vector_size(16), aligned(4), may_alias));
  static constexpr int kWidth = 4;
};

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define CAUSALSYNTH_HAS_AVX2_PATH 1
#define CAUSALSYNTH_AVX2 __attribute__((target("avx2")))
struct Wide {
  typedef float V __attribute__((vector_size(32), aligned(4), may_alias));
  static constexpr int kWidth = 8;
};
#define CAUSALSYNTH_AVX512 __attribute__((target("avx512f")))
struct Widest {
  typedef float V __attribute__((vector_size(64), aligned(4), may_alias));
  static constexpr int kWidth = 16;
};
inline bool has_avx512() {
  static const bool has = __builtin_cpu_supports("avx512f");
  return has;
}
inline bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#endif

// to += from.
inline void add_floats(float* to, const float* from, unsigned long size) {
  unsigned long k = 0;
  for (; k + 4 <= size; k += 4)
    *reinterpret_cast<Narrow::V*>(to + k) += *reinterpret_cast<const Narrow::V*>(from + k);
  for (; k < size; ++k) to[k] += from[k];
}

}  // namespace causalsynth
