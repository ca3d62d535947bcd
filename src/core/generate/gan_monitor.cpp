#include "gan_monitor.h"

#include <cmath>

namespace causalsynth {
namespace {

constexpr float kMostGap = 3.0f;

}  // namespace

GanMonitor::GanMonitor(const GanLayout& layout, const GanRows& rows,
                       const std::vector<std::uint32_t>& chosen)
    : layout_(layout) {
  for (const GanColumn& column : layout.columns) {
    double mean = 0.0, square = 0.0;
    for (const Component& m : column.modes) mean += m.weight * m.mean;
    for (const Component& m : column.modes)
      square += m.weight * (m.sd * m.sd + (m.mean - mean) * (m.mean - mean));
    centre_.push_back(mean);
    scale_.push_back(square > 0.0 ? 1.0 / std::sqrt(square) : 0.0);
  }
  real_.rows = chosen.size();
  real_.number.assign(real_.rows * layout.columns.size(), 0.0f);
  real_.code.assign(real_.rows * layout.columns.size(), 0);
  for (std::size_t i = 0; i < chosen.size(); ++i)
    for (std::size_t c = 0; c < layout.columns.size(); ++c) {
      const GanColumn& column = layout.columns[c];
      const std::uint32_t code = rows.code[c][chosen[i]];
      const bool is_number = column.number && code >= column.specials;
      const double x = is_number ? place_value(column, code, rows.place[c][chosen[i]]) : 0.0;
      set(real_, i, c, is_number ? kNumber : code, x);
    }
  within_ = mean_distance(real_, real_, Execution{1, {}});
}

void GanMonitor::set(Table& table, std::size_t row, std::size_t c, std::uint32_t code,
                     double number) const {
  const std::size_t at = row * layout_.columns.size() + c;
  table.code[at] = code;
  if (code == kNumber) table.number[at] = static_cast<float>((number - centre_[c]) * scale_[c]);
}

double GanMonitor::mean_distance(const Table& a, const Table& b,
                                 const Execution& execution) const {
  const std::size_t p = layout_.columns.size();
  std::vector<double> sums(a.rows, 0.0);
  const bool same = &a == &b;
  over_blocks({a.rows, 50}, execution, [&](std::size_t unit) {
    const RowBlocks blocks{a.rows, 50};
    for (std::size_t i = blocks.begin(unit); i < blocks.end(unit); ++i)
      for (std::size_t j = 0; j < b.rows; ++j) {
        if (same && i == j) continue;
        const float *x = &a.number[i * p], *y = &b.number[j * p];
        const std::uint32_t *u = &a.code[i * p], *v = &b.code[j * p];
        float sum = 0.0f;
        for (std::size_t c = 0; c < p; ++c) {
          const float gap = std::min(std::fabs(x[c] - y[c]), kMostGap);
          sum += 0.5f * gap * gap + (u[c] != v[c] ? 1.0f : 0.0f);
        }
        sums[i] += static_cast<double>(std::sqrt(sum / static_cast<float>(p)));
      }
  });
  double total = 0.0;
  for (const double s : sums) total += s;
  const double pairs =
      static_cast<double>(a.rows) * static_cast<double>(same ? b.rows - 1 : b.rows);
  return pairs > 0.0 ? total / pairs : 0.0;
}

double GanMonitor::distance(const GanDrawn& drawn, const Execution& execution) const {
  Table table;
  table.rows = drawn.code.empty() ? 0 : drawn.code[0].size();
  table.number.assign(table.rows * layout_.columns.size(), 0.0f);
  table.code.assign(table.rows * layout_.columns.size(), 0);
  for (std::size_t c = 0; c < layout_.columns.size(); ++c)
    for (std::size_t i = 0; i < table.rows; ++i)
      set(table, i, c, drawn.code[c][i], layout_.columns[c].number ? drawn.number[c][i] : 0.0);
  return 2.0 * mean_distance(real_, table, execution) - within_ -
         mean_distance(table, table, execution);
}

}  // namespace causalsynth
