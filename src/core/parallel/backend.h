// How units are spread over threads: TBB in the package, std::thread in
// tests/cpp and under sanitizers (CAUSALSYNTH_STD_THREADS).
#pragma once
#include <cstddef>
#include <functional>

namespace causalsynth {

// Runs unit(i) for all i < units on at most `threads` threads and returns when
// all are done. `unit` must not throw. Runs on a thread that is not R's.
void run_units(std::size_t units, int threads, const std::function<void(std::size_t)>& unit);

// The same from within a unit of run_units(), on the threads of that loop.
void run_inner_units(std::size_t units, int threads, const std::function<void(std::size_t)>& unit);

}  // namespace causalsynth
