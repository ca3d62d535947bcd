#include <cstring>
#include <string>
#include <vector>

#include "catch.h"
#include "core/base/checksum.h"
#include "core/base/container.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

using Bytes = std::vector<unsigned char>;

Bytes bytes_of(const std::string& text) {
  return Bytes(text.begin(), text.end());
}

struct Sample {
  Bytes first = bytes_of("the first payload"), second = Bytes(300, 7), none;
  Container container;
  Sample() {
    container.kind = "forest";
    container.writer = "test 1.2.3";
    container.sections = {{"about", first}, {"bytes/1", second}, {"empty", none}};
  }
  Bytes bytes() const {
    Bytes out(container_size(container));
    write_container(container, out);
    return out;
  }
};

FileProblem problem_of(const Bytes& bytes) {
  try {
    read_container(bytes);
  } catch (const FileError& e) {
    return e.problem();
  }
  FAIL("the container was read");
  return FileProblem::damaged;
}

// Puts the checksums right again after a change at a place of the preamble or header.
void mend(Bytes& bytes) {
  const std::size_t preamble = 8 + 4 + 1 + bytes[12], header = preamble + 4;
  auto put = [&bytes](std::size_t at, std::uint32_t sum) {
    for (int b = 0; b < 4; ++b) bytes[at + b] = static_cast<unsigned char>(sum >> (8 * b));
  };
  put(preamble, crc32c({bytes.data(), preamble}));
  const std::size_t end = header + 8 + 1 + bytes[header + 8] + 4;
  put(end, crc32c({bytes.data() + header, end - header}));
  put(bytes.size() - 4, crc32c({bytes.data(), bytes.size() - 4}));
}

}  // namespace

TEST_CASE("CRC-32C has the published values") {
  CHECK(crc32c(bytes_of("123456789")) == 0xE3069283u);
  // RFC 3720, appendix B.4.
  CHECK(crc32c(Bytes(32, 0)) == 0x8A9136AAu);
  CHECK(crc32c(Bytes(32, 0xFF)) == 0x62A8AB43u);
  Bytes up(32), down(32);
  for (unsigned char i = 0; i < 32; ++i) {
    up[i] = i;
    down[i] = static_cast<unsigned char>(31 - i);
  }
  CHECK(crc32c(up) == 0x46DD794Eu);
  CHECK(crc32c(down) == 0x113FDB5Cu);
}

TEST_CASE("a container comes back as it was written") {
  const Sample sample;
  const Bytes bytes = sample.bytes();
  const Container read = read_container(bytes);
  CHECK(read.kind == "forest");
  CHECK(read.writer == "test 1.2.3");
  CHECK(read.major == kFormatMajor);
  CHECK(read.minor == kFormatMinor);
  REQUIRE(read.sections.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto &was = sample.container.sections[i], &is = read.sections[i];
    CHECK(is.name == was.name);
    CHECK(Bytes(is.payload.begin(), is.payload.end()) ==
          Bytes(was.payload.begin(), was.payload.end()));
  }
}

TEST_CASE("the bytes are those of the contract, whatever the machine") {
  Container container;
  container.kind = "k";
  container.writer = "w";
  const Bytes payload{0xAB};
  container.sections = {{"s", payload}};
  Bytes bytes(container_size(container));
  write_container(container, bytes);
  const Bytes preamble{0x89, 'C', 'S', 'Y', 'N', 0x0D, 0x0A, 0x1A, 1, 0, 0, 0, 1, 'w'};
  const Bytes header{55, 0, 0, 0, 0, 0, 0, 0, 1, 'k', 1, 0, 0, 0};
  const Bytes section{1, 's', 1, 0, 0, 0, 0, 0, 0, 0, 0xAB};
  Bytes expected;
  std::size_t part = 0;
  auto add = [&](const Bytes& bytes) {
    expected.insert(expected.end(), bytes.begin(), bytes.end());
  };
  auto add_sum = [&]() {
    const std::uint32_t sum = crc32c({expected.data() + part, expected.size() - part});
    for (int b = 0; b < 4; ++b) expected.push_back(static_cast<unsigned char>(sum >> (8 * b)));
  };
  for (const Bytes& one : {preamble, header, section}) {
    part = expected.size();
    add(one);
    add_sum();
  }
  part = 0;
  add_sum();
  CHECK(bytes == expected);
}

TEST_CASE("every byte that changes and every cut is found") {
  const Bytes bytes = Sample().bytes();
  Stream stream(1, StreamTag::test, 0);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes bad = bytes;
    bad[i] ^= static_cast<unsigned char>(1 + stream.below(255));
    CHECK_THROWS_AS(read_container(bad), FileError);
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(problem_of(cut) == FileProblem::truncated);
  }
}

TEST_CASE("what is wrong is told apart") {
  const Bytes bytes = Sample().bytes();
  CHECK(problem_of(bytes_of("a,b\n1,2\n")) == FileProblem::foreign);
  CHECK(problem_of({0x1F, 0x8B, 8}) == FileProblem::foreign);
  CHECK(problem_of({}) == FileProblem::truncated);
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(problem_of(longer) == FileProblem::damaged);
  // As a copy in text mode would do.
  Bytes text = bytes;
  text.erase(text.begin() + 5);
  CHECK(problem_of(text) == FileProblem::foreign);

  Bytes newer = bytes;
  newer[8] = 2;
  CHECK(problem_of(newer) == FileProblem::damaged);  // its checksum says so
  mend(newer);
  CHECK(problem_of(newer) == FileProblem::newer);
  Bytes minor = bytes;
  minor[10] = 9;
  mend(minor);
  CHECK(read_container(minor).minor == 9);
  Bytes zero = bytes;
  zero[8] = 0;
  mend(zero);
  CHECK(problem_of(zero) == FileProblem::damaged);
}

TEST_CASE("lengths are not believed, whatever the checksums say") {
  const Sample sample;
  const Bytes bytes = sample.bytes();
  const std::size_t header = 8 + 4 + 1 + 10 + 4, count = header + 8 + 1 + 6;
  const std::size_t section = count + 4 + 4, length = section + 1 + 5;
  REQUIRE(bytes[count] == 3);
  REQUIRE(bytes[length] == sample.first.size());
  for (const std::size_t at : {count, count + 3, length, length + 3, length + 7}) {
    Bytes bad = bytes;
    bad[at] = 0xFF;
    mend(bad);
    CHECK(problem_of(bad) == FileProblem::damaged);
  }
  Bytes fewer = bytes;
  fewer[count] = 2;
  mend(fewer);
  CHECK(problem_of(fewer) == FileProblem::damaged);
}

TEST_CASE("what the format does not take is not written") {
  Sample sample;
  sample.container.sections.push_back({"about", sample.second});
  CHECK_THROWS_AS(container_size(sample.container), std::invalid_argument);
  for (const char* bad : {"", "line\nbreak", "caf\xC3\xA9"}) {
    Sample other;
    other.container.kind = bad;
    CHECK_THROWS_AS(container_size(other.container), std::invalid_argument);
  }
  Bytes small(10);
  CHECK_THROWS_AS(write_container(Sample().container, small), std::invalid_argument);
}
