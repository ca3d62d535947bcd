#ifndef CAUSALSYNTH_STD_THREADS
#include "backend.h"

#ifndef TBB_SUPPRESS_DEPRECATED_MESSAGES
#define TBB_SUPPRESS_DEPRECATED_MESSAGES 1
#endif
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace causalsynth {

namespace {

// In the arena of the calling thread.
void spread(std::size_t units, const std::function<void(std::size_t)>& unit) {
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, units, 1),
      [&](const tbb::blocked_range<std::size_t>& range) {
        for (std::size_t i = range.begin(); i != range.end(); ++i) unit(i);
      },
      tbb::simple_partitioner());
}

}  // namespace

void run_units(std::size_t units, int threads, const std::function<void(std::size_t)>& unit) {
  if (threads <= 1 || units <= 1) {
    for (std::size_t i = 0; i < units; ++i) unit(i);
    return;
  }
  // More threads than cores are granted only on request, and otherwise warned about.
  tbb::global_control allowed(tbb::global_control::max_allowed_parallelism,
                              static_cast<std::size_t>(threads));
  tbb::task_arena arena(threads);
  arena.execute([&] { spread(units, unit); });
}

void run_inner_units(std::size_t units, int threads, const std::function<void(std::size_t)>& unit) {
  if (threads <= 1 || units <= 1) {
    for (std::size_t i = 0; i < units; ++i) unit(i);
    return;
  }
  spread(units, unit);
}

}  // namespace causalsynth
#endif
