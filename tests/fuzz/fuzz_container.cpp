// A model file: container, then each section as blocks, as a value and as a layout. Checksums are
// mended first, so that what lies behind them is reached; the bytes as they are come first.
#include "core/base/blocks.h"
#include "core/base/byte_order.h"
#include "core/base/checksum.h"
#include "core/base/container.h"
#include "core/base/file_error.h"
#include "core/base/layout.h"
#include "fuzz.h"

using namespace causalsynth;

namespace {

void read_section(Span<const unsigned char> payload) {
  for (const Block& block : decode_blocks(payload, 1 << 20)) {
    if (block.stored.size() != block.size) continue;
    std::vector<unsigned char> out(block.stored.size());
    unshuffle(block.stored, block.width, out);
    std::vector<unsigned char> back(out.size());
    shuffle(out, block.width, back);
    if (!std::equal(back.begin(), back.end(), block.stored.begin())) std::abort();
  }
}

}  // namespace

FUZZ(bytes) {
  fuzz::refused_or_done([&] { read_container(bytes); });
  // What a reader sees of a file whose only fault is what it says.
  Container container;
  container.kind = "generator";
  container.writer = "fuzz 1";
  fuzz::Settings settings(bytes);
  const std::size_t cut = settings.next<std::uint16_t>() % (bytes.size() + 1);
  container.sections = {{"about", {bytes.data(), cut}},
                        {"object", {bytes.data() + cut, bytes.size() - cut}}};
  std::vector<unsigned char> file(container_size(container));
  write_container(container, file);
  const Container back = read_container({file.data(), file.size()});
  if (back.sections.size() != 2 || back.kind != container.kind) std::abort();
  fuzz::refused_or_done([&] { read_section(back.sections[1].payload); });
  fuzz::refused_or_done([&] { read_section(bytes); });
  std::vector<unsigned char> from(200, 1), to(200);
  const ByteLayout layout = decode_layout(bytes, from.size());
  gather(layout, from, to);
  scatter(layout, to, from);
  for (const unsigned char one : from)
    if (one != 1) std::abort();
}
