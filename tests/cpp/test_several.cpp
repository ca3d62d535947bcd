#include "catch.h"
#include "core/forest/predict.h"
#include "core/forest/several.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

struct Rows {
  std::vector<double> x, z, y;
  explicit Rows(std::size_t n) {
    Stream stream(9, StreamTag::test, n);
    for (std::size_t i = 0; i < n; ++i) {
      x.push_back(stream.normal());
      z.push_back(stream.normal());
      y.push_back(x[i] + .5 * stream.normal() > 0 ? 1.0 : 0.0);
    }
  }
  Frame frame() const {
    Frame result(x.size());
    result.add(Column::numeric(x));
    result.add(Column::numeric(z));
    return result;
  }
};

}  // namespace

TEST_CASE("several forests at once answer as one after the other") {
  const Rows small(60), large(700), fresh(90);
  ForestOptions options;
  options.trees = 40;
  options.min_node_size = {5, 20};
  std::vector<ForestTask> tasks;
  for (const Rows* rows : {&small, &large, &small}) {
    options.key = 100 + tasks.size();
    const TargetKind kind = tasks.size() == 2 ? TargetKind::mean : TargetKind::binary;
    tasks.push_back({rows->frame(), {kind, rows->y, 0}, options, Sampling{},
                     tasks.size() == 1 ? Frame(0) : fresh.frame()});
  }
  for (int threads : {1, 2, 3}) {
    Execution execution;
    execution.threads = threads;
    const std::vector<ForestAnswer> answers = run_forests(tasks, execution);
    REQUIRE(answers.size() == tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const ForestTask& task = tasks[i];
      const ForestFit alone =
          fit_forest(task.x, task.target, task.options, task.sampling, Execution{});
      CHECK(answers[i].out_of_bag == alone.out_of_bag);
      CHECK(answers[i].min_node_size == alone.forest.options.min_node_size.front());
      if (task.rows.rows() == 0)
        CHECK(answers[i].predicted.empty());
      else
        CHECK(answers[i].predicted == predict_forest(alone.forest, task.rows, Execution{}));
    }
  }
}

TEST_CASE("what is wrong with one of several forests is said") {
  const Rows rows(50);
  ForestOptions options;
  options.trees = 0;
  CHECK_THROWS_AS(run_forests({{rows.frame(), {TargetKind::binary, rows.y, 0}, options, Sampling{},
                                Frame(0)}},
                              Execution{}),
                  std::invalid_argument);
}
