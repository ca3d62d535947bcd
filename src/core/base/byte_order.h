// Numbers as bytes, little-endian on every machine: files and packed models mean the same anywhere.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace causalsynth {

static_assert(std::numeric_limits<double>::is_iec559, "doubles must be IEEE 754");

#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && \
    __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
constexpr bool kBigEndianHost = true;
#else
constexpr bool kBigEndianHost = false;
#endif

template <class T, class = std::enable_if_t<std::is_arithmetic<T>::value>>
inline void reverse_bytes(T& x) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &x, sizeof(T));
  std::reverse(bytes, bytes + sizeof(T));
  std::memcpy(&x, bytes, sizeof(T));
}

// What can travel as it lies in memory: numbers, and structs without padding that have, beside
// their definition, a reverse_bytes(T&) which reverses each member.
template <class T, class = void>
struct TravelsAsBytes : std::is_arithmetic<T> {};
template <class T>
struct TravelsAsBytes<
    T, std::enable_if_t<std::is_class<T>::value, decltype(reverse_bytes(std::declval<T&>()))>>
    : std::has_unique_object_representations<T> {};

// From the host's order to the file's, and back.
template <class T>
inline void swap_order(T* x, std::size_t n) {
  if constexpr (kBigEndianHost && sizeof(T) > 1) {
    for (std::size_t i = 0; i < n; ++i) reverse_bytes(x[i]);
  } else {
    static_cast<void>(x);
    static_cast<void>(n);
  }
}

template <class T>
inline void append_number(std::vector<unsigned char>& out, T x) {
  static_assert(std::is_arithmetic<T>::value, "numbers only");
  swap_order(&x, 1);
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &x, sizeof(T));
}

template <class T>
inline T number_at(const unsigned char* from) {
  static_assert(std::is_arithmetic<T>::value, "numbers only");
  T x;
  std::memcpy(&x, from, sizeof(T));
  swap_order(&x, 1);
  return x;
}

}  // namespace causalsynth
