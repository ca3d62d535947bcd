// exp and tanh for floats, a few units in the last place from the exact ones; plain arithmetic,
// so alike on every machine. Doubles take the library's.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace causalsynth {

// Range reduction to |r| <= log(2) / 2, then a polynomial (Cephes' coefficients of exp). The whole
// number stands in the low bits of `shifted`, so that NaN, which comes back as NaN, is never
// converted to an integer.
inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float shifted = x * 1.44269504f + 12582912.0f;  // the nearest whole number, by rounding
  const float whole = shifted - 12582912.0f;
  const float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  std::uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - 0x4B400000u + 127u) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}
inline double fast_exp(double x) { return std::exp(x); }

inline float fast_tanh(float x) { return 1.0f - 2.0f / (fast_exp(2.0f * x) + 1.0f); }
inline double fast_tanh(double x) { return std::tanh(x); }

}  // namespace causalsynth
