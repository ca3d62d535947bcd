// Which of a packed model's bytes are alike: runs of one stream (scalars, or vectors of elements of
// one kind). With all runs of a stream side by side, equal bytes come close and compress better.
#pragma once
#include <cstdint>
#include <vector>

#include "span.h"

namespace causalsynth {

struct ByteLayout {
  struct Run {
    std::uint8_t stream;
    std::uint64_t size;
  };
  std::vector<Run> runs;

  void add(std::uint8_t stream, std::uint64_t size) {
    if (size == 0) return;
    if (!runs.empty() && runs.back().stream == stream)
      runs.back().size += size;
    else
      runs.push_back({stream, size});
  }
};

// 1 and 8 bytes a run.
std::vector<unsigned char> encode_layout(const ByteLayout& layout);
// Throws FileError unless the runs fill `size` bytes.
ByteLayout decode_layout(Span<const unsigned char> bytes, std::uint64_t size);

// Brings the runs of each stream together, streams in the order of their numbers; and back.
void gather(const ByteLayout& layout, Span<const unsigned char> from, Span<unsigned char> to);
void scatter(const ByteLayout& layout, Span<const unsigned char> from, Span<unsigned char> to);

}  // namespace causalsynth
