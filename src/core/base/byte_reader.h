// Bytes of a file read in order; every length is checked against what is left before it is
// believed.
#pragma once
#include <string>

#include "byte_order.h"
#include "file_error.h"
#include "span.h"

namespace causalsynth {

class ByteReader {
 public:
  explicit ByteReader(Span<const unsigned char> bytes) : bytes_(bytes) {}

  Span<const unsigned char> take(std::uint64_t size) {
    if (size > left()) throw PastEnd();
    const Span<const unsigned char> part(bytes_.data() + at_, static_cast<std::size_t>(size));
    at_ += part.size();
    return part;
  }
  template <class T>
  T number() {
    return number_at<T>(take(sizeof(T)).data());
  }
  std::string text(std::uint64_t size) {
    const Span<const unsigned char> part = take(size);
    return std::string(part.begin(), part.end());
  }
  // A count of things that take at least `least` bytes each.
  std::size_t count(std::size_t least) {
    const auto n = number<std::uint64_t>();
    require_file(n <= left() / least, "a count is larger than what follows");
    return static_cast<std::size_t>(n);
  }
  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  Span<const unsigned char> before() const { return {bytes_.data(), at_}; }
  void finish() const { require_file(left() == 0, "bytes are left over"); }

 private:
  Span<const unsigned char> bytes_;
  std::size_t at_ = 0;
};

}  // namespace causalsynth
