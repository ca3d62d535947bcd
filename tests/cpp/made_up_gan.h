// A small CTGAN, untrained, of a number with two modes and a choice of five levels: for tests of
// model files and the first corpora of the fuzzers.
#pragma once
#include "core/generate/gan_model.h"
#include "core/parallel/parallel_for.h"

inline causalsynth::GanModel made_up_gan() {
  causalsynth::GanModel model;
  causalsynth::GanColumn number, choice;
  number.number = true;
  number.specials = 1;
  number.modes = {{0.0, 1.0, 0.6}, {2.0, 0.5, 0.4}};
  number.classes = 3;
  number.low = -3.0, number.high = 4.0;
  choice.classes = 5;
  model.layout.columns = {number, choice};
  model.layout.finish();
  model.shares.cumulative = {{0.1, 0.3, 0.6, 0.9, 1.0}};
  model.noise = 3;
  model.hidden = {4};
  model.build(1);
  model.settle(1, causalsynth::Execution{1, {}});
  return model;
}
