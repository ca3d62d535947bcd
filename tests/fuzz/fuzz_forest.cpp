// A packed forest: read, then made to predict rows of its own columns, out of bag too, and packed
// again.
#include "core/forest/kernel.h"
#include "core/forest/pack.h"
#include "core/forest/predict.h"
#include "fuzz.h"

using namespace causalsynth;

namespace {

struct Rows {
  static constexpr std::size_t count = 12;
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<int>> codes;
  Frame frame{count};

  explicit Rows(const Quantiser& quantiser) {
    const std::size_t p = quantiser.columns().size();
    numbers.resize(p), codes.resize(p);
    for (std::size_t j = 0; j < p; ++j) {
      const ColumnBins& column = quantiser.columns()[j];
      const int levels = static_cast<int>(column.bins);
      for (std::size_t i = 0; i < count; ++i) {
        const bool missing = i % 5 == 4;
        codes[j].push_back(missing
                               ? kMissingCode
                               : 1 + static_cast<int>(i * 7 % static_cast<std::size_t>(levels)));
        numbers[j].push_back(
            missing ? std::nan("")
                    : std::ldexp(static_cast<double>(i) - 5.0, static_cast<int>(i * j % 9)));
      }
      frame.add(column.factor ? Column::factor(codes[j], levels) : Column::numeric(numbers[j]));
    }
  }
};

}  // namespace

FUZZ(bytes) {
  ByteLayout layout;
  ArchiveReader in(bytes, &layout);
  const Forest forest = unpack_forest(in);
  in.finish();
  decode_layout(encode_layout(layout), bytes.size());
  ArchiveWriter out;
  pack(forest, out);
  const Rows rows(forest.quantiser);
  fuzz::refused_or_done([&] { predict_forest(forest, rows.frame, fuzz::serial()); });
  fuzz::refused_or_done([&] { predict_leaves(forest, rows.frame, fuzz::serial()); });
  fuzz::refused_or_done([&] { predict_out_of_bag(forest, rows.frame, fuzz::serial()); });
}
