#include "several.h"

#include "predict.h"

namespace causalsynth {

std::vector<ForestAnswer> run_forests(const std::vector<ForestTask>& tasks,
                                      const Execution& execution) {
  std::vector<ForestAnswer> answers(tasks.size());
  parallel_for(tasks.size(), execution, [&](std::size_t i, const CancelFlag&) {
    const ForestTask& task = tasks[i];
    Execution inner;  // these loops run on the threads of the outer one
    inner.threads = execution.threads;
    ForestFit fit = fit_forest(task.x, task.target, task.options, task.sampling, inner);
    ForestAnswer& answer = answers[i];
    answer.min_node_size = fit.forest.options.min_node_size.front();
    answer.out_of_bag = std::move(fit.out_of_bag);
    if (task.rows.rows() > 0) answer.predicted = predict_forest(fit.forest, task.rows, inner);
  });
  return answers;
}

}  // namespace causalsynth
