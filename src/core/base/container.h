// The container of every model file. Layout, all numbers little-endian:
//
//   preamble, the same in every format there will be
//     8      mark: 89 43 53 59 4E 0D 0A 1A (a copy made as text breaks it)
//     2, 2   format version: major, minor
//     1, w   length and text of the program and version that wrote the file
//     4      CRC-32C of the preamble so far
//   header of major version 1
//     8      length of the whole file
//     1, k   length and text of the kind of content, such as "forest"
//     4      number of sections
//     4      CRC-32C of the header so far, without the preamble
//   each section
//     1, s   length and text of its name
//     8, n   length and bytes of its payload
//     4      CRC-32C of the section so far
//   end
//     4      CRC-32C of all bytes before
//
// Texts are printable ASCII. A reader takes the sections it knows by name and skips all others, in
// any order: a new minor version may add sections that older readers can do without. Whatever they
// cannot do without, or an old section with another meaning, is a new major version, which is
// refused. Nothing in a file is run.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "file_error.h"
#include "span.h"

namespace causalsynth {

constexpr std::uint16_t kFormatMajor = 1, kFormatMinor = 0;
constexpr std::size_t kMostSections = 100000;
constexpr std::uint64_t kLongestSection = std::uint64_t{1} << 36;

struct Section {
  std::string name;
  Span<const unsigned char> payload;  // borrowed
};

struct Container {
  std::uint16_t major = kFormatMajor, minor = kFormatMinor;
  std::string writer, kind;
  std::vector<Section> sections;
};

// Throws std::invalid_argument for texts or lengths that the format does not take.
std::size_t container_size(const Container& container);
// Writes it into container_size() bytes.
void write_container(const Container& container, Span<unsigned char> out);
// Checks all lengths and checksums. The sections borrow from `bytes`. Throws FileError.
Container read_container(Span<const unsigned char> bytes);

}  // namespace causalsynth
