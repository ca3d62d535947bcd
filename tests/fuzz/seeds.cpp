// Writes the first corpora, small models of made-up rows, below the folder it is given: seeds
// FOLDER.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/base/blocks.h"
#include "core/base/container.h"
#include "core/base/value.h"
#include "core/forest/pack.h"
#include "core/generate/row_train.h"
#include "core/generate/sequential.h"
#include "fuzz.h"
#include "made_up_gan.h"
#include "made_up_rows.h"

using namespace causalsynth;

namespace {

using Bytes = std::vector<unsigned char>;

void save(const std::string& folder, const std::string& name, const Bytes& bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/" + name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

void forests(const std::string& to, const MadeUpRows& rows) {
  std::vector<double> label;
  for (std::size_t i = 0; i < rows.y.size(); ++i) label.push_back(static_cast<double>(i % 3));
  for (const TargetKind kind : {TargetKind::mean, TargetKind::classes}) {
    ForestOptions options;
    options.trees = 2;
    options.min_node_size = {5};
    const ForestTarget target{kind, kind == TargetKind::mean ? rows.y : label, 3};
    ArchiveWriter out;
    pack(fit_forest(rows.frame(), target, options, fuzz::serial()).forest, out);
    save(to + "/forest", kind == TargetKind::mean ? "mean" : "classes", out.bytes());
  }
}

void generators(const std::string& to, const MadeUpRows& rows) {
  GeneratorOptions options;
  options.trees = 2;
  options.min_node_size = 20;
  save(to + "/sequential", "three",
       SequentialGenerator::fit(rows.frame(), options, fuzz::serial()).pack());
  RowLmOptions lm;
  lm.shape.width = 4, lm.shape.heads = 2, lm.shape.layers = 1, lm.shape.hidden = 4;
  lm.bins = 4, lm.epochs = 1;
  TrainWatch watch;
  TrainReport report;
  save(to + "/row_lm", "small",
       train_row_lm(rows.frame(), lm, fuzz::serial(), watch, report)->pack());
  save(to + "/gan", "small", made_up_gan().pack());
}

Value texts(const std::vector<std::string>& all) {
  Texts content;
  for (const std::string& one : all) content.add(one.data(), one.size());
  Value value;
  value.type = ValueType::text;
  value.content = content;
  return value;
}

void files(const std::string& to) {
  Value list, numbers, symbol = texts({"x"}), call;
  symbol.type = ValueType::symbol;
  numbers.type = ValueType::real;
  numbers.content = std::vector<double>{1.5, -2.0};
  numbers.attributes = {{"names", texts({"a", "b"})}};
  call.type = ValueType::call;
  call.content = std::vector<Value>{texts({"log"}), symbol};
  call.content = std::vector<Value>{symbol, numbers};
  list.type = ValueType::list;
  list.content = std::vector<Value>{numbers, call, Value{}};
  const Bytes object = encode_value(list);
  save(to + "/value", "list", object);
  const Bytes payload = encode_blocks({{8, 0, static_cast<std::uint32_t>(object.size()), object}});
  save(to + "/container", "blocks", payload);
  Container container;
  container.kind = "generator";
  container.writer = "seed 1";
  container.sections = {{"about", payload}, {"object", payload}};
  Bytes file(container_size(container));
  write_container(container, file);
  save(to + "/container", "file", file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: seeds FOLDER\n", stderr), 2;
  const MadeUpRows rows(40, true);
  files(argv[1]);
  forests(argv[1], rows);
  generators(argv[1], rows);
  // Copula: shapes and numbers in the order that fuzz_copula.cpp reads them (two latents, two
  // columns).
  save(std::string(argv[1]) + "/copula", "two", {2, 0, 2, 1, 2, 0, 1, 1, 0, 0, 2, 0, 1, 1, 0, 1,
                                                 1, 2, 0, 0, 3, 0, 2, 1, 2, 0, 1, 2, 0, 1, 0, 0});
  return 0;
}
