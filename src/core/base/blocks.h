// A section's bytes in blocks that are compressed one by one. Before, the bytes of equal place in
// words of 4 or 8 can be brought together (a shuffle). Blocks are small, so that the most that a
// hostile one can inflate to stays small. Payload of a section:
//
//   8      length of the bytes
//   4      number of blocks
//   each block: 1 width of the words shuffled (1: none), 1 method (0: as they are, 1: zlib stream,
//               RFC 1950), 4 length, 4 length stored, never more than the length
//   the blocks' bytes, end to end
//
// The compression itself is the host's: R's memCompress().
#pragma once
#include <cstdint>
#include <vector>

#include "span.h"

namespace causalsynth {

constexpr std::size_t kBlockBytes = 131072;

struct Block {
  std::uint8_t width = 1, method = 0;
  std::uint32_t size = 0;              // of the bytes it stands for
  Span<const unsigned char> stored{};  // borrowed
};

std::vector<unsigned char> encode_blocks(const std::vector<Block>& blocks);
// The blocks borrow from `payload`. Throws FileError; `limit`: the most bytes they may stand for.
std::vector<Block> decode_blocks(Span<const unsigned char> payload, std::uint64_t limit);

void shuffle(Span<const unsigned char> from, std::size_t width, Span<unsigned char> to);
void unshuffle(Span<const unsigned char> from, std::size_t width, Span<unsigned char> to);

}  // namespace causalsynth
