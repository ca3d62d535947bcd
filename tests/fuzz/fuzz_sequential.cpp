// A packed forest generator: read, then made to draw, also given some columns.
#include "core/generate/conditional.h"
#include "core/generate/sequential.h"
#include "fuzz.h"

using namespace causalsynth;

FUZZ(bytes) {
  ByteLayout layout;
  const auto generator = SequentialGenerator::unpack(bytes, &layout);
  decode_layout(encode_layout(layout), bytes.size());
  constexpr std::size_t rows = 8;
  std::vector<std::vector<double>> table(generator.columns(), std::vector<double>(rows));
  std::vector<double*> out;
  for (auto& column : table) out.push_back(column.data());
  fuzz::refused_or_done([&] { generator.draw(rows, 1, out, fuzz::serial()); });
  std::vector<double> held(rows, 1.0);
  std::vector<GivenColumn> given(generator.columns());
  for (std::size_t j = 0; j < given.size(); ++j) {
    if (j % 4 == 0) given[j].kind = GivenColumn::Kind::value, given[j].value = held;
    if (j % 4 == 1)
      given[j].kind = GivenColumn::Kind::range, given[j].low = -1.0, given[j].high = 2.0;
    if (j % 4 == 2) given[j].kind = GivenColumn::Kind::codes, given[j].codes = {1.0, 2.0};
  }
  fuzz::refused_or_done([&] { draw_given(generator, given, 1, out, rows, fuzz::serial()); });
  generator.pack();
}
