// Files of models: the container, blocks and layouts (core/base). What is wrong with a file comes
// back as a list(problem, detail) of class causalsynth_file_problem.
#include "core/base/blocks.h"
#include "core/base/container.h"
#include "core/base/layout.h"
#include "core/forest/pack.h"
#include "core/generate/sequential.h"
#include "glue_file.h"

using causalsynth::Block;
using causalsynth::ByteLayout;
using causalsynth::Container;

namespace {

Rcpp::RawVector raw_of(causalsynth::Span<const unsigned char> bytes) {
  return Rcpp::RawVector(bytes.begin(), bytes.end());
}

causalsynth::Span<unsigned char> room(Rcpp::RawVector& x) {
  return {x.begin(), static_cast<std::size_t>(x.size())};
}

}  // namespace

// `sections`: a named list of raw vectors.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector container_write(std::string kind, std::string writer, Rcpp::List sections) {
  Container container;
  container.kind = kind;
  container.writer = writer;
  const Rcpp::CharacterVector names = sections.names();
  for (R_xlen_t i = 0; i < sections.size(); ++i) {
    const Rcpp::RawVector payload = sections[i];
    container.sections.push_back({Rcpp::as<std::string>(names[i]), glue::view(payload)});
  }
  Rcpp::RawVector bytes(Rcpp::no_init(static_cast<R_xlen_t>(container_size(container))));
  write_container(container, room(bytes));
  return bytes;
}

// list(kind, writer, version, sections)
// [[Rcpp::export(rng = false)]]
Rcpp::RObject container_read(Rcpp::RawVector bytes) {
  return glue::file_result([&]() -> Rcpp::RObject {
    const Container container = causalsynth::read_container(glue::view(bytes));
    Rcpp::List sections(container.sections.size());
    Rcpp::CharacterVector names(container.sections.size());
    for (std::size_t i = 0; i < container.sections.size(); ++i) {
      names[i] = container.sections[i].name;
      sections[i] = raw_of(container.sections[i].payload);
    }
    sections.names() = names;
    return Rcpp::List::create(
        Rcpp::Named("kind") = container.kind, Rcpp::Named("writer") = container.writer,
        Rcpp::Named("version") = Rcpp::IntegerVector::create(container.major, container.minor),
        Rcpp::Named("sections") = sections);
  });
}

// `size` bytes from the 0-based place `from`, with the bytes of words brought together.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector bytes_shuffle(Rcpp::RawVector bytes, double from, double size, int width) {
  causalsynth::require(from >= 0 && size >= 0 && from + size <= bytes.size(), "a slice of bytes");
  Rcpp::RawVector out(Rcpp::no_init(static_cast<R_xlen_t>(size)));
  causalsynth::shuffle(
      {bytes.begin() + static_cast<R_xlen_t>(from), static_cast<std::size_t>(size)},
      static_cast<std::size_t>(width), room(out));
  return out;
}

// [[Rcpp::export(rng = false)]]
Rcpp::RawVector blocks_encode(Rcpp::List stored, Rcpp::IntegerVector size,
                              Rcpp::IntegerVector width, Rcpp::IntegerVector method) {
  std::vector<Block> blocks;
  for (R_xlen_t i = 0; i < stored.size(); ++i) {
    const Rcpp::RawVector bytes = stored[i];
    blocks.push_back({static_cast<std::uint8_t>(width[i]), static_cast<std::uint8_t>(method[i]),
                      static_cast<std::uint32_t>(size[i]), glue::view(bytes)});
  }
  return glue::raw(causalsynth::encode_blocks(blocks));
}

// list(stored, size, width, method)
// [[Rcpp::export(rng = false)]]
Rcpp::RObject blocks_decode(Rcpp::RawVector payload, double limit) {
  return glue::file_result([&]() -> Rcpp::RObject {
    const auto most = static_cast<std::uint64_t>(std::min(std::max(limit, 0.0), 9e15));
    const auto blocks = causalsynth::decode_blocks(glue::view(payload), most);
    const std::size_t n = blocks.size();
    Rcpp::List stored(n);
    Rcpp::IntegerVector size(n), width(n), method(n);
    for (std::size_t i = 0; i < n; ++i) {
      stored[i] = raw_of(blocks[i].stored);
      size[i] = static_cast<int>(blocks[i].size);
      width[i] = blocks[i].width;
      method[i] = blocks[i].method;
    }
    return Rcpp::List::create(Rcpp::Named("stored") = stored, Rcpp::Named("size") = size,
                              Rcpp::Named("width") = width, Rcpp::Named("method") = method);
  });
}

// Inflated blocks as the bytes they were.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector blocks_join(Rcpp::List blocks, Rcpp::IntegerVector width) {
  double size = 0;
  for (R_xlen_t i = 0; i < blocks.size(); ++i) size += static_cast<double>(Rf_xlength(blocks[i]));
  Rcpp::RawVector out(Rcpp::no_init(static_cast<R_xlen_t>(size)));
  unsigned char* next = out.begin();
  for (R_xlen_t i = 0; i < blocks.size(); ++i) {
    const Rcpp::RawVector block = blocks[i];
    const auto n = static_cast<std::size_t>(block.size());
    causalsynth::unshuffle(glue::view(block), static_cast<std::size_t>(width[i]), {next, n});
    next += n;
  }
  return out;
}

// The bytes with those that are alike side by side (`back`: as they were). `layout` as bytes.
// [[Rcpp::export(rng = false)]]
Rcpp::RObject layout_apply(Rcpp::RawVector bytes, Rcpp::RawVector layout, bool back) {
  return glue::file_result([&]() -> Rcpp::RObject {
    const ByteLayout runs =
        causalsynth::decode_layout(glue::view(layout), static_cast<std::uint64_t>(bytes.size()));
    Rcpp::RawVector out(Rcpp::no_init(bytes.size()));
    (back ? causalsynth::scatter : causalsynth::gather)(runs, glue::view(bytes), room(out));
    return out;
  });
}

// A packed forest without its rows' weights and clusters: it can draw no bag anew.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector forest_without_rows(Rcpp::RawVector model) {
  causalsynth::ArchiveReader in(glue::view(model));
  causalsynth::Forest forest = causalsynth::unpack_forest(in);
  in.finish();
  forest.sampling = {};
  forest.options.out_of_bag = false;
  causalsynth::ArchiveWriter out;
  causalsynth::pack(forest, out);
  return glue::raw(out.bytes());
}

// The layouts of packed models: an error unless the bytes are one.
// [[Rcpp::export(rng = false)]]
Rcpp::RawVector forest_layout(Rcpp::RawVector model) {
  ByteLayout layout;
  causalsynth::ArchiveReader in(glue::view(model), &layout);
  causalsynth::unpack_forest(in);
  in.finish();
  return glue::raw(causalsynth::encode_layout(layout));
}

// [[Rcpp::export(rng = false)]]
Rcpp::RawVector sequential_layout(Rcpp::RawVector model) {
  ByteLayout layout;
  causalsynth::SequentialGenerator::unpack(glue::view(model), &layout);
  return glue::raw(causalsynth::encode_layout(layout));
}
