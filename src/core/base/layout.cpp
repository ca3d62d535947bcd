#include "layout.h"

#include <array>

#include "byte_reader.h"

namespace causalsynth {
namespace {

// Where each stream begins when gathered.
std::array<std::size_t, 256> starts(const ByteLayout& layout) {
  std::array<std::size_t, 256> sizes{}, result{};
  for (const ByteLayout::Run& run : layout.runs)
    sizes[run.stream] += static_cast<std::size_t>(run.size);
  for (std::size_t s = 1; s < 256; ++s) result[s] = result[s - 1] + sizes[s - 1];
  return result;
}

}  // namespace

std::vector<unsigned char> encode_layout(const ByteLayout& layout) {
  std::vector<unsigned char> out;
  out.reserve(9 * layout.runs.size());
  for (const ByteLayout::Run& run : layout.runs) {
    append_number(out, run.stream);
    append_number(out, run.size);
  }
  return out;
}

ByteLayout decode_layout(Span<const unsigned char> bytes, std::uint64_t size) {
  ByteReader in(bytes);
  ByteLayout layout;
  std::uint64_t left = size;
  while (in.left() > 0) {
    ByteLayout::Run run{};
    run.stream = in.number<std::uint8_t>();
    run.size = in.number<std::uint64_t>();
    require_file(run.size <= left, "the layout is longer than the bytes");
    left -= run.size;
    layout.runs.push_back(run);
  }
  require_file(left == 0, "the layout is shorter than the bytes");
  return layout;
}

void gather(const ByteLayout& layout, Span<const unsigned char> from, Span<unsigned char> to) {
  auto at = starts(layout);
  const unsigned char* next = from.data();
  for (const ByteLayout::Run& run : layout.runs) {
    std::copy_n(next, run.size, to.data() + at[run.stream]);
    next += run.size;
    at[run.stream] += static_cast<std::size_t>(run.size);
  }
}

void scatter(const ByteLayout& layout, Span<const unsigned char> from, Span<unsigned char> to) {
  auto at = starts(layout);
  unsigned char* next = to.data();
  for (const ByteLayout::Run& run : layout.runs) {
    std::copy_n(from.data() + at[run.stream], run.size, next);
    next += run.size;
    at[run.stream] += static_cast<std::size_t>(run.size);
  }
}

}  // namespace causalsynth
