#include <algorithm>
#include <cmath>

#include "core/base/require.h"
#include "gan_training.h"

namespace causalsynth {
namespace {

constexpr std::uint64_t kEncode = 3;
constexpr std::size_t kRowsAMode = 10;  // fewer modes where there are fewer rows

void encode_number(const GanInput& input, std::size_t c, const MixtureOptions& mixture,
                   const GanOptions& options, GanColumn& column, GanRows& rows) {
  std::vector<double> values, weights;
  for (std::size_t i = 0; i < input.rows; ++i) {
    if (input.codes[c][i] != kNumber) continue;
    require(std::isfinite(input.numbers[c][i]), "numbers of a column must be finite");
    values.push_back(input.numbers[c][i]);
    if (!options.weights.empty()) weights.push_back(options.weights[i]);
  }
  MixtureOptions own = mixture;
  own.components = std::max<std::size_t>(1, std::min(own.components, values.size() / kRowsAMode));
  column.modes = variational_mixture(values, weights, own);
  column.classes = column.specials + static_cast<std::uint32_t>(column.modes.size());
  Stream stream(derive_key(options.key, kEncode, c), StreamTag::gan, 0);
  std::vector<double> posterior(column.modes.size());
  rows.place[c].assign(input.rows, 0.0f);
  for (std::size_t i = 0; i < input.rows; ++i) {
    if (input.codes[c][i] != kNumber) continue;
    const double x = input.numbers[c][i];
    mixture_posterior(column.modes, x, posterior.data());
    for (std::size_t k = 1; k < posterior.size(); ++k) posterior[k] += posterior[k - 1];
    const std::size_t k = stream.choose(posterior);
    const double place = (x - column.modes[k].mean) / (4.0 * column.modes[k].sd);
    // Beyond four standard deviations tanh has no more room.
    rows.place[c][i] = static_cast<float>(std::min(std::max(place, -0.99), 0.99));
    rows.code[c][i] = column.specials + static_cast<std::uint32_t>(k);
  }
}

}  // namespace

GanRows encode_rows(const GanInput& input, const MixtureOptions& mixture, GanLayout& layout,
                    const GanOptions& options, const Execution& execution) {
  GanRows rows;
  rows.rows = input.rows;
  rows.code = input.codes;
  rows.place.resize(layout.columns.size());
  parallel_for(layout.columns.size(), execution, [&](std::size_t c, const CancelFlag& cancel) {
    cancel.check();
    if (layout.columns[c].number)
      encode_number(input, c, mixture, options, layout.columns[c], rows);
  });
  layout.finish();
  return rows;
}

}  // namespace causalsynth
