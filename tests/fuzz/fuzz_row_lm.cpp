// A packed row language model: read, then made to draw and to score rows.
#include "core/generate/row_lm.h"
#include "fuzz.h"

using namespace causalsynth;

FUZZ(bytes) {
  ByteLayout layout;
  const RowLm model = RowLm::unpack(bytes, &layout);
  decode_layout(encode_layout(layout), bytes.size());
  constexpr std::size_t rows = 6;
  const std::size_t columns = model.codec().columns();
  std::vector<std::vector<double>> table(columns, std::vector<double>(rows));
  std::vector<double*> out;
  for (auto& column : table) out.push_back(column.data());
  RowRequest request;
  request.rows = rows;
  fuzz::refused_or_done([&] { model.draw(request, {}, 1, out, fuzz::serial()); });
  std::vector<double> held(rows, 1.0);
  request.given.resize(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    if (j % 4 == 1) request.given[j].kind = GivenColumn::Kind::value, request.given[j].value = held;
    if (j % 4 == 2)
      request.given[j].kind = GivenColumn::Kind::range, request.given[j].low = -1.0,
      request.given[j].high = 2.0;
    if (j % 4 == 3)
      request.given[j].kind = GivenColumn::Kind::codes, request.given[j].codes = {1.0, 2.0};
  }
  fuzz::refused_or_done([&] { model.draw(request, {0.7, 0.9}, 1, out, fuzz::serial()); });
  model.pack();
}
