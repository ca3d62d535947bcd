// A trained CTGAN as it is kept and drawn from: columns, shares of levels, the generator's weights.
// No row of the data.
#pragma once
#include "core/neural/generator_net.h"
#include "gan_sampler.h"

namespace causalsynth {

// What fixes one choice in all rows drawn: `at` in GanLayout::choices, its levels allowed.
struct GanGiven {
  long at = -1;
  std::vector<std::uint32_t> codes;
};

// Columns of classes (of numbers: specials, or kNumber) and of numbers.
constexpr std::uint32_t kNumber = 0xFFFFFFFFu;
struct GanDrawn {
  std::vector<std::vector<std::uint32_t>> code;
  std::vector<std::vector<double>> number;
  std::size_t outside = 0;  // numbers folded back into their column's range
};

struct GanModel {
  GanLayout layout;
  GanShares shares;
  std::size_t noise = 1;
  std::vector<std::size_t> hidden;
  GeneratorNet<float> net;
  Parameters<float> weights;
  GeneratorWork<float> moments;  // of batch norm, over a large batch of draws

  GanModel() = default;
  // Makes the network: at random from `key`.
  void build(std::uint64_t key);
  // Noise and a condition for each of some rows, into the input columns of `wide`.
  void fill_inputs(Rows<float> wide, const std::vector<Condition>& conditions,
                   Stream& stream) const;
  // Batch norm's moments from 2,048 rows drawn as draw() does.
  void settle(std::uint64_t key, const Execution& execution);
  GanDrawn draw(std::size_t n, std::uint64_t key, const GanGiven& given,
                const Execution& execution) const;

  std::vector<unsigned char> pack() const;
  static GanModel unpack(Span<const unsigned char> bytes, ByteLayout* layout = nullptr);

 private:
  void draw_block(std::size_t begin, std::size_t end, Stream& stream, const GanGiven& given,
                  GanDrawn& to, std::size_t& outside) const;
};

}  // namespace causalsynth
