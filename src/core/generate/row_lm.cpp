#include "row_lm.h"

#include <cmath>

namespace causalsynth {

void DrawOptions::validate() const {
  require(temperature > 0.0 && std::isfinite(temperature), "temperature must be positive");
  require(top_p > 0.0 && top_p <= 1.0, "top_p must be in (0, 1]");
}

RowLm::RowLm(RowCodec codec, const TransformerShape& shape, std::size_t context, Stream& stream)
    : codec_(std::move(codec)),
      context_(context),
      network_({shape, codec_.active_classes()}, stream) {
  require(context >= 2, "context must be at least 2");
}

// Long rows take small blocks, so that what is cached of them stays small.
std::size_t RowLm::block_rows() const {
  const std::size_t length = std::max<std::size_t>(codec_.active().size(), 1);
  return std::min<std::size_t>(256, std::max<std::size_t>(16, 16384 / length));
}

std::vector<unsigned char> RowLm::pack() const {
  ArchiveWriter out;
  const TransformerShape& shape = network_.shape().transformer;
  for (const std::size_t size : {shape.width, shape.heads, shape.layers, shape.hidden, context_})
    out.value(static_cast<std::uint32_t>(size));
  codec_.pack(out);
  network_.parameters().pack(out);
  return out.bytes();
}

RowLm RowLm::unpack(Span<const unsigned char> bytes, ByteLayout* layout) {
  ArchiveReader in(bytes, layout);
  TransformerShape shape;
  std::size_t context = 0;
  for (std::size_t* size : {&shape.width, &shape.heads, &shape.layers, &shape.hidden, &context})
    *size = in.value<std::uint32_t>();
  ArchiveReader::require(shape.layers >= 1 && shape.layers <= 100 && shape.heads >= 1 &&
                         shape.width >= shape.heads && shape.width % shape.heads == 0 &&
                         shape.width <= 4096 && shape.hidden >= 1 && shape.hidden <= 65536 &&
                         context >= 2);
  RowCodec codec = RowCodec::unpack(in);
  // No more weights than the file has bytes for.
  double least = 12.0 * static_cast<double>(shape.width) * static_cast<double>(shape.layers);
  least *= static_cast<double>(std::min(shape.width, shape.hidden)) / 6.0;
  for (const auto j : codec.active())
    least += 4.0 * static_cast<double>(shape.width) * static_cast<double>(codec.classes(j).count());
  ArchiveReader::require(least * sizeof(float) <= static_cast<double>(bytes.size()));
  Stream stream(0, StreamTag::row_lm, 0);
  RowLm model(std::move(codec), shape, context, stream);
  model.network_.parameters().unpack(in);
  in.finish();
  return model;
}

}  // namespace causalsynth
