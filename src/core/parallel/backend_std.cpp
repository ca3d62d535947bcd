#ifdef CAUSALSYNTH_STD_THREADS
#include <atomic>
#include <thread>
#include <vector>

#include "backend.h"

namespace causalsynth {

void run_units(std::size_t units, int threads, const std::function<void(std::size_t)>& unit) {
  std::atomic<std::size_t> next{0};
  auto work = [&] {
    for (std::size_t i = next.fetch_add(1); i < units; i = next.fetch_add(1)) unit(i);
  };
  std::vector<std::thread> helpers;
  for (int t = 1; t < threads && static_cast<std::size_t>(t) < units; ++t)
    helpers.emplace_back(work);
  work();
  for (auto& helper : helpers) helper.join();
}

// Here a unit keeps to its thread.
void run_inner_units(std::size_t units, int, const std::function<void(std::size_t)>& unit) {
  for (std::size_t i = 0; i < units; ++i) unit(i);
}

}  // namespace causalsynth
#endif
