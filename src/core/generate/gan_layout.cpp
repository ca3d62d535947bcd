#include "gan_layout.h"

#include <cmath>

#include "core/base/require.h"
#include "core/neural/fast_exp.h"

namespace causalsynth {

std::size_t GanColumn::digits_width() const {
  if (classes == 1) return 0;
  return radix ? (classes + radix - 1) / radix + radix : classes;
}

std::size_t GanColumn::second(std::uint32_t code) const {
  return (classes + radix - 1) / radix + code % radix;
}

void GanLayout::finish() {
  width = condition_width = 0;
  heads.clear();
  choices.clear();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    GanColumn& column = columns[c];
    require(column.classes >= 1 && column.specials <= column.classes, "classes of a column");
    column.radix = column.classes > kMostOneHot
                       ? static_cast<std::size_t>(std::ceil(std::sqrt(column.classes)))
                       : 0;
    column.at = width;
    if (column.number) heads.push_back({width++, 1, false});
    const std::size_t size = column.digits_width();
    const std::size_t first = column.radix ? size - column.radix : size;
    if (first > 0) heads.push_back({width, first, true});
    if (size > first) heads.push_back({width + first, size - first, true});
    width += size;
    if (column.number || column.classes == 1) continue;
    choices.push_back(c);
    column.condition = condition_width;
    condition_width += size;
  }
}

int GanLayout::parts(std::size_t c, std::uint32_t code, Part to[2]) const {
  const GanColumn& column = columns[c];
  const std::size_t size = column.digits_width(), at = column.at + (column.number ? 1 : 0);
  if (size == 0) return 0;
  const std::size_t first = column.radix ? size - column.radix : size;
  to[0] = {at, first, column.first(code)};
  if (!column.radix) return 1;
  to[1] = {at + first, size - first, column.second(code) - first};
  return 2;
}

void GanLayout::write(const GanRows& rows, std::size_t row, float* to) const {
  std::fill(to, to + width, 0.0f);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].number) to[columns[c].at] = rows.place[c][row];
    Part part[2];
    const int count = parts(c, rows.code[c][row], part);
    for (int p = 0; p < count; ++p) to[part[p].at + part[p].chosen] = 1.0f;
  }
}

void GanLayout::write_condition(std::size_t c, std::uint32_t code, float* to) const {
  Part part[2];
  const int count = parts(c, code, part);
  for (int p = 0; p < count; ++p)
    to[columns[c].condition + part[p].at - columns[c].at + part[p].chosen] = 1.0f;
}

void GanLayout::pack(ArchiveWriter& out) const {
  out.value(static_cast<std::uint64_t>(columns.size()));
  for (const GanColumn& column : columns) {
    out.value(static_cast<std::uint8_t>(column.number));
    out.value(column.classes);
    out.value(column.specials);
    out.value(column.low);
    out.value(column.high);
    std::vector<double> modes;
    for (const Component& m : column.modes) modes.insert(modes.end(), {m.mean, m.sd, m.weight});
    out.vector(modes);
  }
}

GanLayout GanLayout::unpack(ArchiveReader& in) {
  GanLayout layout;
  layout.columns.resize(in.count());
  for (GanColumn& column : layout.columns) {
    column.number = in.value<std::uint8_t>() != 0;
    column.classes = in.value<std::uint32_t>();
    column.specials = in.value<std::uint32_t>();
    column.low = in.value<double>();
    column.high = in.value<double>();
    std::vector<double> modes;
    in.vector(modes);
    ArchiveReader::require(column.classes >= 1 && column.classes <= 1u << 24 &&
                           column.specials <= column.classes && modes.size() % 3 == 0 &&
                           column.low <= column.high && std::isfinite(column.high - column.low));
    for (std::size_t k = 0; k < modes.size(); k += 3) {
      ArchiveReader::require(std::isfinite(modes[k]) && modes[k + 1] > 0.0 &&
                             std::isfinite(modes[k + 1]) && std::isfinite(modes[k + 2]));
      column.modes.push_back({modes[k], modes[k + 1], modes[k + 2]});
    }
    ArchiveReader::require(column.number
                               ? column.modes.size() == column.classes - column.specials
                               : column.modes.empty() && column.specials == 0);
  }
  layout.finish();
  return layout;
}

std::uint32_t draw_class(const GanColumn& column, const float* logits, Stream& noise) {
  if (column.classes == 1) return 0;
  auto draw = [&](const float* from, std::size_t size) {
    const float top = *std::max_element(from, from + size);
    double sum = 0.0;
    for (std::size_t k = 0; k < size; ++k) sum += fast_exp(from[k] - top);
    double rest = noise.uniform() * sum;
    std::size_t k = 0;
    while (k + 1 < size && (rest -= fast_exp(from[k] - top)) > 0.0) ++k;
    return k;
  };
  if (!column.radix) return static_cast<std::uint32_t>(draw(logits, column.classes));
  const std::size_t groups = column.digits_width() - column.radix;
  const std::size_t group = draw(logits, groups);
  // The last group may be smaller: only digits that are levels.
  const std::size_t size = std::min<std::size_t>(column.radix,
                                                 column.classes - group * column.radix);
  return static_cast<std::uint32_t>(group * column.radix + draw(logits + groups, size));
}

double place_value(const GanColumn& column, std::uint32_t code, double place,
                   std::size_t* outside) {
  const Component& mode = column.modes[code - column.specials];
  double x = mode.mean + 4.0 * mode.sd * place;
  if (x >= column.low && x <= column.high) return x;
  if (outside) ++*outside;
  if (!(column.high > column.low)) return column.low;
  // Reflected at the ends, as often as needed.
  const double span = column.high - column.low;
  double t = std::fmod(std::fabs(x - column.low), 2.0 * span);
  if (t > span) t = 2.0 * span - t;
  return std::min(std::max(column.low + t, column.low), column.high);
}

}  // namespace causalsynth
