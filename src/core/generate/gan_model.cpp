#include "gan_model.h"

#include <cmath>
#include <numeric>

#include "core/base/require.h"
#include "core/neural/noise_table.h"

namespace causalsynth {
namespace {

constexpr std::size_t kDrawBlock = 256, kSettleRows = 2048;
constexpr std::uint64_t kWeights = 1, kMoments = 2;

}  // namespace

void GanModel::build(std::uint64_t key) {
  weights = Parameters<float>();
  Stream stream(derive_key(key, kWeights, 0), StreamTag::gan, 0);
  net = GeneratorNet<float>({noise + layout.condition_width, layout.width, hidden}, weights,
                            stream);
}

void GanModel::fill_inputs(Rows<float> wide, const std::vector<Condition>& conditions,
                           Stream& stream) const {
  for (std::size_t i = 0; i < wide.rows; ++i) {
    float* to = wide.row(i);
    NoiseTable::normal().fill(to, noise, stream);
    std::fill(to + noise, to + net.inputs(), 0.0f);
    if (!conditions.empty())
      layout.write_condition(layout.choices[conditions[i].at], conditions[i].code, to + noise);
  }
}

void GanModel::settle(std::uint64_t key, const Execution& execution) {
  net.prepare(moments, kSettleRows);
  net.forward(
      weights.data(), moments, execution,
      [&](std::size_t block, std::size_t begin, std::size_t end) {
        Stream stream(derive_key(key, kMoments, 0), StreamTag::gan, block);
        std::vector<Condition> conditions;
        if (!layout.choices.empty())
          for (std::size_t i = begin; i < end; ++i) conditions.push_back(shares.draw(stream));
        fill_inputs(moments.wide.view().block(begin, end), conditions, stream);
      },
      [](std::size_t, std::size_t, std::size_t) {});
}

void GanModel::draw_block(std::size_t begin, std::size_t end, Stream& stream,
                          const GanGiven& given, GanDrawn& to, std::size_t& outside) const {
  std::vector<Condition> conditions;
  std::vector<double> upto;
  if (given.at >= 0) {
    const auto& share = shares.cumulative[static_cast<std::size_t>(given.at)];
    double sum = 0.0;
    for (const std::uint32_t k : given.codes)
      upto.push_back(sum += share[k] - (k ? share[k - 1] : 0.0));
  }
  for (std::size_t i = begin; i < end && !layout.choices.empty(); ++i) {
    if (given.at < 0) {
      conditions.push_back(shares.draw(stream));
    } else {
      conditions.push_back({static_cast<std::size_t>(given.at), given.codes[stream.choose(upto)]});
    }
  }
  thread_local Matrix<float> wide, logits;
  wide.resize(end - begin, net.width());
  logits.resize(end - begin, net.outputs());
  fill_inputs(wide.view(), conditions, stream);
  net.forward_fixed(weights.data(), moments, wide.view(), logits.view());
  for (std::size_t i = begin; i < end; ++i) {
    const float* from = logits.row(i - begin);
    for (std::size_t c = 0; c < layout.columns.size(); ++c) {
      const GanColumn& column = layout.columns[c];
      const float* start = from + column.at;
      std::uint32_t code = draw_class(column, start + (column.number ? 1 : 0), stream);
      if (column.number && code >= column.specials) {
        to.number[c][i] = place_value(column, code, std::tanh(static_cast<double>(*start)),
                                      &outside);
        code = kNumber;
      }
      to.code[c][i] = code;
    }
    if (!conditions.empty()) {
      const Condition& one = conditions[i - begin];
      to.code[layout.choices[one.at]][i] = one.code;
    }
  }
}

GanDrawn GanModel::draw(std::size_t n, std::uint64_t key, const GanGiven& given,
                        const Execution& execution) const {
  if (given.at >= 0) {
    require(static_cast<std::size_t>(given.at) < layout.choices.size() && !given.codes.empty(),
            "no such column can be given");
    double mass = 0.0;
    const auto& share = shares.cumulative[static_cast<std::size_t>(given.at)];
    for (const std::uint32_t k : given.codes) {
      require(k < share.size(), "no such level can be given");
      mass += share[k] - (k ? share[k - 1] : 0.0);
    }
    require(mass > 0.0, "what is given never occurs");
  }
  GanDrawn drawn;
  drawn.code.resize(layout.columns.size());
  drawn.number.resize(layout.columns.size());
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    drawn.code[c].resize(n);
    if (layout.columns[c].number) drawn.number[c].resize(n);
  }
  const RowBlocks blocks{n, kDrawBlock};
  std::vector<std::size_t> outside(blocks.count(), 0);
  parallel_for(blocks.count(), execution, [&](std::size_t unit, const CancelFlag& cancel) {
    cancel.check();
    Stream stream(key, StreamTag::gan, unit);
    draw_block(blocks.begin(unit), blocks.end(unit), stream, given, drawn, outside[unit]);
  });
  drawn.outside = std::accumulate(outside.begin(), outside.end(), std::size_t{0});
  return drawn;
}

std::vector<unsigned char> GanModel::pack() const {
  ArchiveWriter out;
  layout.pack(out);
  for (const auto& share : shares.cumulative) out.vector(share);
  out.value(static_cast<std::uint64_t>(noise));
  std::vector<std::uint64_t> sizes(hidden.begin(), hidden.end());
  out.vector(sizes);
  weights.pack(out);
  for (std::size_t l = 0; l < hidden.size(); ++l) {
    out.vector(moments.mean[l]);
    out.vector(moments.inverse_sd[l]);
  }
  return out.bytes();
}

GanModel GanModel::unpack(Span<const unsigned char> bytes, ByteLayout* layout) {
  ArchiveReader in(bytes, layout);
  GanModel model;
  model.layout = GanLayout::unpack(in);
  for (const std::size_t c : model.layout.choices) {
    std::vector<double> share;
    in.vector(share);
    ArchiveReader::require(share.size() == model.layout.columns[c].classes);
    double before = 0.0;
    for (const double s : share) {
      ArchiveReader::require(s >= before);
      before = s;
    }
    ArchiveReader::require(before > 0.0 && before < 2.0);
    model.shares.cumulative.push_back(std::move(share));
  }
  model.noise = static_cast<std::size_t>(in.value<std::uint64_t>());
  std::vector<std::uint64_t> sizes;
  in.vector(sizes);
  // Sizes that the bytes left cannot hold are damage, found before memory is asked for.
  std::uint64_t width = model.noise + model.layout.condition_width;
  ArchiveReader::require(model.noise >= 1 && model.noise <= 1u << 20);
  std::uint64_t total = 0;
  for (const std::uint64_t size : sizes) {
    ArchiveReader::require(size >= 1 && size <= 1u << 20);
    total += width * size;
    width += size;
    ArchiveReader::require(total <= bytes.size());
  }
  ArchiveReader::require(model.layout.width > 0 && width * model.layout.width <= bytes.size());
  model.hidden.assign(sizes.begin(), sizes.end());
  model.build(0);
  model.weights.unpack(in);
  model.moments.mean.resize(sizes.size());
  model.moments.inverse_sd.resize(sizes.size());
  for (std::size_t l = 0; l < sizes.size(); ++l) {
    in.vector(model.moments.mean[l]);
    in.vector(model.moments.inverse_sd[l]);
    ArchiveReader::require(model.moments.mean[l].size() == sizes[l] &&
                           model.moments.inverse_sd[l].size() == sizes[l]);
    for (std::size_t j = 0; j < sizes[l]; ++j)
      ArchiveReader::require(std::isfinite(model.moments.mean[l][j]) &&
                             std::isfinite(model.moments.inverse_sd[l][j]));
  }
  in.finish();
  return model;
}

}  // namespace causalsynth
