// A packed CTGAN: read, then made to draw rows, freely and given a choice.
#include "core/generate/gan_model.h"
#include "fuzz.h"

using namespace causalsynth;

FUZZ(bytes) {
  ByteLayout layout;
  const GanModel model = GanModel::unpack(bytes, &layout);
  decode_layout(encode_layout(layout), bytes.size());
  fuzz::refused_or_done([&] { model.draw(6, 1, {}, fuzz::serial()); });
  for (std::size_t at = 0; at < model.layout.choices.size(); ++at)
    fuzz::refused_or_done([&] {
      const GanGiven given{static_cast<long>(at), {0, static_cast<std::uint32_t>(at % 3)}};
      model.draw(3, 1, given, fuzz::serial());
    });
  model.pack();
}
