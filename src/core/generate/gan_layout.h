// Rows of mixed columns as the networks see them, and back (Xu et al. 2019, section 4.2): a number
// is its place within a mode of its column's mixture and which mode that is; a choice is one-hot.
#pragma once
#include <cstdint>
#include <vector>

#include "core/base/archive.h"
#include "core/neural/gan_heads.h"
#include "core/neural/variational_mixture.h"

namespace causalsynth {

// More levels than this are two digits, each one-hot: widths grow with the root of the levels.
constexpr std::size_t kMostOneHot = 100;

struct GanColumn {
  bool number = false;
  std::uint32_t classes = 1;   // levels of a choice; of a number its `specials`, then its modes
  std::uint32_t specials = 0;  // classes of a number that are no number: spikes, missing
  std::vector<Component> modes;
  double low = 0.0, high = 0.0;  // numbers are folded back into this range
  // Where it is in a row: a number's place first. `radix`: of two digits, 0 if one-hot.
  std::size_t at = 0, radix = 0, condition = 0;
  std::size_t digits_width() const;
  // One-hot positions of a class, relative to the start of the one-hot part.
  std::size_t first(std::uint32_t code) const { return radix ? code / radix : code; }
  std::size_t second(std::uint32_t code) const;
};

// Rows as small codes: 4 bytes a choice, 8 a number, whatever the number of levels.
struct GanRows {
  std::size_t rows = 0;
  std::vector<std::vector<std::uint32_t>> code;  // by column
  std::vector<std::vector<float>> place;         // of numbers: (x - mean) / (4 sd) of the mode
};

struct GanLayout {
  std::vector<GanColumn> columns;
  std::size_t width = 0, condition_width = 0;
  std::vector<Head> heads;
  std::vector<std::size_t> choices;  // columns that can be conditioned on

  void finish();  // fills in all that follows from the columns
  void write(const GanRows& rows, std::size_t row, float* to) const;
  void write_condition(std::size_t column, std::uint32_t code, float* to) const;
  // The one-hot parts of a column in a row that hold a class: (start, size, position) each.
  struct Part {
    std::size_t at, size, chosen;
  };
  int parts(std::size_t column, std::uint32_t code, Part to[2]) const;

  void pack(ArchiveWriter& out) const;
  static GanLayout unpack(ArchiveReader& in);
};

// Class drawn from the logits of a column's one-hot part.
std::uint32_t draw_class(const GanColumn& column, const float* logits, Stream& noise);
// The number of a place in a mode, folded into the column's range; counts those that were outside.
double place_value(const GanColumn& column, std::uint32_t code, double place,
                   std::size_t* outside = nullptr);

}  // namespace causalsynth
