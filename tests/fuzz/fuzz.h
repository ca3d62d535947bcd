// What fuzzers share. A fuzzer passes if its bytes are refused by an exception that readers may
// throw, or do something: sanitizers, time and memory limits see to the rest.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "core/base/span.h"
#include "core/data/frame.h"
#include "core/parallel/parallel_for.h"

namespace fuzz {

using Bytes = causalsynth::Span<const unsigned char>;

inline causalsynth::Execution serial() {
  causalsynth::Execution execution;
  execution.threads = 1;
  return execution;
}

// Readers throw these and no other (FileError is a runtime_error).
template <class Work>
int refused_or_done(const Work& work) {
  try {
    work();
  } catch (const std::runtime_error&) {
  } catch (const std::invalid_argument&) {
  }
  return 0;
}

// Bytes as settings, in order; zeros after the end.
class Settings {
 public:
  explicit Settings(Bytes bytes) : bytes_(bytes) {}
  template <class T>
  T next() {
    T x{};
    const std::size_t size = bytes_.size() - at_ < sizeof(T) ? bytes_.size() - at_ : sizeof(T);
    if (size > 0) std::memcpy(&x, bytes_.data() + at_, size);
    at_ += size;
    return x;
  }
  unsigned below(unsigned n) { return next<std::uint8_t>() % n; }
  bool left() const { return at_ < bytes_.size(); }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace fuzz

#define FUZZ(bytes)                                                                   \
  void fuzz_one(fuzz::Bytes bytes);                                                   \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    return fuzz::refused_or_done([&] { fuzz_one({data, size}); });                    \
  }                                                                                   \
  void fuzz_one(fuzz::Bytes bytes)
