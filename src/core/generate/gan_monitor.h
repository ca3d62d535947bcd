// How far rows drawn are from real ones: the energy distance (Szekely and Rizzo 2013) of mixed rows
// under d(x, y)^2 = mean over columns of (difference in sd)^2 / 2, capped, or of 1 where classes
// differ.
#pragma once
#include "gan_model.h"

namespace causalsynth {

class GanMonitor {
 public:
  // At most kMostRows of `among`, weighted rows drawn in proportion to their weights.
  static constexpr std::size_t kMostRows = 600;
  GanMonitor(const GanLayout& layout, const GanRows& rows,
             const std::vector<std::uint32_t>& chosen);
  // 2 E d(x, y) - E d(x, x') - E d(y, y'), x real, y drawn.
  double distance(const GanDrawn& drawn, const Execution& execution) const;

 private:
  struct Table {
    std::size_t rows = 0;
    std::vector<float> number;          // rows x columns, 0 where no number
    std::vector<std::uint32_t> code;    // rows x columns
  };
  void set(Table& table, std::size_t row, std::size_t column, std::uint32_t code,
           double number) const;
  double mean_distance(const Table& a, const Table& b, const Execution& execution) const;
  const GanLayout& layout_;
  std::vector<double> centre_, scale_;
  Table real_;
  double within_ = 0.0;
};

}  // namespace causalsynth
