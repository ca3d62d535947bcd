#include "blocks.h"

#include <string>

#include "byte_reader.h"

namespace causalsynth {

std::vector<unsigned char> encode_blocks(const std::vector<Block>& blocks) {
  std::uint64_t size = 0;
  for (const Block& block : blocks) size += block.size;
  std::vector<unsigned char> out;
  append_number(out, size);
  append_number(out, static_cast<std::uint32_t>(blocks.size()));
  for (const Block& block : blocks) {
    append_number(out, block.width);
    append_number(out, block.method);
    append_number(out, block.size);
    append_number(out, static_cast<std::uint32_t>(block.stored.size()));
  }
  for (const Block& block : blocks) out.insert(out.end(), block.stored.begin(), block.stored.end());
  return out;
}

std::vector<Block> decode_blocks(Span<const unsigned char> payload, std::uint64_t limit) {
  ByteReader in(payload);
  const auto size = in.number<std::uint64_t>();
  if (size > limit)
    throw FileError(FileProblem::too_large, std::to_string(size) + " bytes are stated, " +
                                                std::to_string(limit) + " are allowed");
  const auto n = in.number<std::uint32_t>();
  require_file(n <= in.left() / 10, "there are more blocks than bytes");
  std::vector<Block> blocks(n);
  std::vector<std::uint32_t> stored(n);
  std::uint64_t left = size;
  for (std::size_t i = 0; i < n; ++i) {
    Block& block = blocks[i];
    block.width = in.number<std::uint8_t>();
    block.method = in.number<std::uint8_t>();
    block.size = in.number<std::uint32_t>();
    stored[i] = in.number<std::uint32_t>();
    require_file(block.width == 1 || block.width == 4 || block.width == 8, "unknown words");
    require_file(block.method <= 1, "an unknown method of compression");
    require_file(block.size >= 1 && block.size <= kBlockBytes && block.size <= left,
                 "a block is longer than the limit");
    require_file(block.method == 0 ? stored[i] == block.size : stored[i] < block.size,
                 "a block is stored in more bytes than it has");
    left -= block.size;
  }
  require_file(left == 0, "the blocks are shorter than stated");
  for (std::size_t i = 0; i < n; ++i) blocks[i].stored = in.take(stored[i]);
  in.finish();
  return blocks;
}

// Whole words by the place of their bytes, the rest as it is.
void shuffle(Span<const unsigned char> from, std::size_t width, Span<unsigned char> to) {
  const std::size_t words = from.size() / width;
  for (std::size_t b = 0; b < width; ++b)
    for (std::size_t i = 0; i < words; ++i) to[b * words + i] = from[i * width + b];
  for (std::size_t i = words * width; i < from.size(); ++i) to[i] = from[i];
}

void unshuffle(Span<const unsigned char> from, std::size_t width, Span<unsigned char> to) {
  const std::size_t words = from.size() / width;
  for (std::size_t b = 0; b < width; ++b)
    for (std::size_t i = 0; i < words; ++i) to[i * width + b] = from[b * words + i];
  for (std::size_t i = words * width; i < from.size(); ++i) to[i] = from[i];
}

}  // namespace causalsynth
