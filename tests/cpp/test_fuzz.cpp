// Damaged model files: 10,000 mutations at each layer of reading (values: test_value.cpp). Whatever
// comes out, an error or another model, nothing may crash; run under the address sanitizer
// (CMakeLists.txt).
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "catch.h"
#include "core/base/blocks.h"
#include "core/base/container.h"
#include "core/base/file_error.h"
#include "core/base/layout.h"
#include "core/generate/sequential.h"
#include "core/random/stream.h"
#include "made_up_gan.h"
#include "made_up_rows.h"

using namespace causalsynth;

namespace {

using Bytes = std::vector<unsigned char>;
constexpr int kMutations = 10000;

// Cut short, bits flipped, bytes replaced, a stretch copied elsewhere, foreign from some byte on.
Bytes mutate(const Bytes& from, Stream& stream) {
  Bytes bytes = from;
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t kind = stream.below(5);
  const std::uint32_t places = 1 + stream.below(4);
  if (kind == 0) bytes.resize(stream.below(size));
  if (kind == 1)
    for (std::uint32_t k = 0; k < places; ++k)
      bytes[stream.below(size)] ^= static_cast<unsigned char>(1u << stream.below(8));
  if (kind == 2)
    for (std::uint32_t k = 0; k < places; ++k)
      bytes[stream.below(size)] = static_cast<unsigned char>(stream.below(2) * 255);
  if (kind == 3) {
    const std::uint32_t length = 1 + stream.below(std::min(size, 64u));
    const std::uint32_t source = stream.below(size - length + 1);
    const std::uint32_t to = stream.below(size - length + 1);
    std::copy_n(from.begin() + source, length, bytes.begin() + to);
  }
  if (kind == 4)
    for (std::uint32_t i = stream.below(size); i < size; ++i)
      bytes[i] = static_cast<unsigned char>(stream.below(256));
  return bytes;
}

// How many mutations of `bytes` were refused by `read`; exceptions that no reader throws fail.
int refused(const Bytes& bytes, std::uint64_t unit, const std::function<void(const Bytes&)>& read) {
  Stream stream(77, StreamTag::test, unit);
  int count = 0;
  for (int round = 0; round < kMutations; ++round) {
    const Bytes bad = mutate(bytes, stream);
    try {
      read(bad);
    } catch (const FileError&) {
      ++count;
    } catch (const std::runtime_error&) {
      ++count;
    } catch (const std::invalid_argument&) {
      ++count;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("no mutation of a file passes its checksums") {
  const Bytes payload(300, 7);
  Container container;
  container.kind = "generator";
  container.writer = "test 1.2.3";
  container.sections = {{"about", payload}, {"object", payload}};
  Bytes file(container_size(container));
  write_container(container, file);
  int same = 0;
  const int count = refused(file, 1, [&](const Bytes& bad) {
    read_container(bad);
    same += bad == file;
  });
  CHECK(count + same == kMutations);
  CHECK(count > kMutations / 2);
}

TEST_CASE("mutations of blocks and layouts do not crash") {
  const Bytes a(50, 3), b(20, 9);
  const Bytes payload = encode_blocks({{8, 1, 100, a}, {4, 0, 20, b}});
  CHECK(refused(payload, 2, [](const Bytes& bad) {
          for (const Block& block : decode_blocks(bad, 1000)) {
            Bytes out(block.stored.size());
            unshuffle(block.stored, block.width, out);
          }
        }) > kMutations / 10);
  ByteLayout layout;
  layout.add(0, 30);
  layout.add(24, 50);
  layout.add(12, 20);
  const Bytes bytes(100, 1);
  CHECK(refused(encode_layout(layout), 3, [&](const Bytes& bad) {
          Bytes out(bytes.size());
          scatter(decode_layout(bad, bytes.size()), bytes, out);
        }) > kMutations / 10);
}

TEST_CASE("mutations of a packed generator are refused or draw something") {
  GeneratorOptions options;
  options.trees = 3;
  const MadeUpRows rows(60);
  const Bytes bytes = SequentialGenerator::fit(rows.frame(), options, Execution{}).pack();
  int drawn = 0;
  const int count = refused(bytes, 4, [&](const Bytes& bad) {
    const auto generator = SequentialGenerator::unpack({bad.data(), bad.size()});
    std::vector<std::vector<double>> table(generator.columns(), std::vector<double>(20));
    std::vector<double*> out;
    for (auto& column : table) out.push_back(column.data());
    generator.draw(20, 1, out, Execution{});
    ++drawn;
  });
  CHECK(count + drawn == kMutations);
  CHECK(count > kMutations / 5);
}

TEST_CASE("mutations of a packed GAN are refused or draw something") {
  int drawn = 0;
  const int count = refused(made_up_gan().pack(), 5, [&](const Bytes& bad) {
    const GanModel read = GanModel::unpack({bad.data(), bad.size()});
    GanGiven given;
    if (!read.layout.choices.empty()) given = {0, {0}};
    read.draw(20, 1, {}, Execution{1, {}});
    ++drawn;
    // What is given may have no share any more: then it is refused.
    try {
      read.draw(5, 1, given, Execution{1, {}});
    } catch (const std::invalid_argument&) {
    }
  });
  CHECK(count + drawn == kMutations);
  CHECK(count > kMutations / 5);
}
