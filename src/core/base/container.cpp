#include "container.h"

#include <cstring>
#include <set>

#include "byte_reader.h"
#include "checksum.h"
#include "require.h"

namespace causalsynth {
namespace {

constexpr unsigned char kMark[8] = {0x89, 'C', 'S', 'Y', 'N', 0x0D, 0x0A, 0x1A};
constexpr std::size_t kSum = sizeof(std::uint32_t);

bool is_plain(const std::string& text) {
  if (text.empty() || text.size() > 255) return false;
  for (const char c : text)
    if (c < 0x20 || c > 0x7E) return false;
  return true;
}

std::string count_bytes(std::uint64_t n) {
  return std::to_string(n) + (n == 1 ? " byte" : " bytes");
}

// Bytes in order into memory of known size.
class Output {
 public:
  explicit Output(Span<unsigned char> out) : out_(out) {}
  void bytes(const void* from, std::size_t size) {
    if (size > 0) std::memcpy(out_.data() + at_, from, size);
    at_ += size;
  }
  template <class T>
  void number(T x) {
    swap_order(&x, 1);
    bytes(&x, sizeof(T));
  }
  void text(const std::string& x) {
    number(static_cast<std::uint8_t>(x.size()));
    bytes(x.data(), x.size());
  }
  // The checksum of what was written since `from`.
  void sum_since(std::size_t from) { number(crc32c({out_.data() + from, at_ - from})); }
  std::size_t at() const { return at_; }

 private:
  Span<unsigned char> out_;
  std::size_t at_ = 0;
};

std::string read_text(ByteReader& in) {
  std::string text = in.text(in.number<std::uint8_t>());
  require_file(is_plain(text), "a name is not plain text");
  return text;
}

// The checksum of the bytes since `from` must follow.
void check_sum(ByteReader& in, Span<const unsigned char> bytes, std::size_t from,
               const std::string& what) {
  const std::uint32_t sum = crc32c({bytes.data() + from, in.at() - from});
  if (in.number<std::uint32_t>() != sum)
    throw FileError(FileProblem::damaged, "the checksum of " + what + " does not fit");
}

void read_preamble(ByteReader& in, Span<const unsigned char> bytes, Container& result) {
  const std::size_t seen = std::min(bytes.size(), sizeof(kMark));
  if (std::memcmp(bytes.data(), kMark, seen) != 0)
    throw FileError(FileProblem::foreign, "it does not begin with the mark of such files");
  in.take(sizeof(kMark));
  result.major = in.number<std::uint16_t>();
  result.minor = in.number<std::uint16_t>();
  result.writer = read_text(in);
  check_sum(in, bytes, 0, "its beginning");
  if (result.major > kFormatMajor)
    throw FileError(FileProblem::newer, "it has format " + std::to_string(result.major) + "." +
                                            std::to_string(result.minor) + ", written by " +
                                            result.writer + "; format " +
                                            std::to_string(kFormatMajor) + " can be read");
  require_file(result.major >= 1, "there is no format 0");
}

// Returns the number of sections.
std::size_t read_header(ByteReader& in, Span<const unsigned char> bytes, Container& result) {
  const std::size_t start = in.at();
  const auto length = in.number<std::uint64_t>();
  result.kind = read_text(in);
  const auto sections = in.number<std::uint32_t>();
  check_sum(in, bytes, start, "its header");
  if (bytes.size() < length)
    throw FileError(FileProblem::truncated,
                    std::to_string(bytes.size()) + " of " + count_bytes(length) + " are there");
  if (bytes.size() > length)
    throw FileError(FileProblem::damaged,
                    count_bytes(bytes.size() - length) + " too many are there");
  require_file(sections <= kMostSections, "its number of sections is beyond the limit");
  return sections;
}

}  // namespace

std::size_t container_size(const Container& container) {
  require(is_plain(container.writer) && is_plain(container.kind), "texts must be plain ASCII");
  require(container.sections.size() <= kMostSections, "too many sections");
  std::set<std::string> names;
  std::size_t size = sizeof(kMark) + 4 + 1 + container.writer.size() + kSum;
  size += 8 + 1 + container.kind.size() + 4 + kSum;
  for (const Section& section : container.sections) {
    require(is_plain(section.name) && names.insert(section.name).second,
            "names of sections must be plain ASCII and differ");
    require(section.payload.size() <= kLongestSection, "a section is too long");
    size += 1 + section.name.size() + 8 + section.payload.size() + kSum;
  }
  return size + kSum;
}

void write_container(const Container& container, Span<unsigned char> bytes) {
  require(bytes.size() == container_size(container), "room for the container");
  Output out(bytes);
  out.bytes(kMark, sizeof(kMark));
  out.number(container.major);
  out.number(container.minor);
  out.text(container.writer);
  out.sum_since(0);
  const std::size_t header = out.at();
  out.number(static_cast<std::uint64_t>(bytes.size()));
  out.text(container.kind);
  out.number(static_cast<std::uint32_t>(container.sections.size()));
  out.sum_since(header);
  for (const Section& section : container.sections) {
    const std::size_t start = out.at();
    out.text(section.name);
    out.number(static_cast<std::uint64_t>(section.payload.size()));
    out.bytes(section.payload.data(), section.payload.size());
    out.sum_since(start);
  }
  out.sum_since(0);
}

Container read_container(Span<const unsigned char> bytes) {
  if (bytes.empty()) throw FileError(FileProblem::truncated, "it is empty");
  Container result;
  ByteReader in(bytes);
  std::size_t sections = 0;
  const std::string cut = count_bytes(bytes.size()) + " are there, not even its header";
  try {
    read_preamble(in, bytes, result);
    sections = read_header(in, bytes, result);
  } catch (const PastEnd&) {
    throw FileError(FileProblem::truncated, cut);
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < sections; ++i) {
    const std::size_t start = in.at();
    const std::string name = read_text(in);
    const auto length = in.number<std::uint64_t>();
    require_file(length <= kLongestSection, "a section is longer than the limit");
    const Span<const unsigned char> payload = in.take(length);
    check_sum(in, bytes, start, "section " + name);
    require_file(names.insert(name).second, "two sections have the same name");
    result.sections.push_back({name, payload});
  }
  check_sum(in, bytes, 0, "the whole file");
  in.finish();
  return result;
}

}  // namespace causalsynth
