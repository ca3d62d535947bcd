#include "parallel_for.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "../base/require.h"
#include "backend.h"

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace causalsynth {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(50);
std::atomic<bool> forked{false};

void watch_forks() {
#if !defined(_WIN32)
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { forked.store(true); }); });
#endif
}

struct Loop;
thread_local const Loop* enclosing = nullptr;  // the loop of which this thread runs a unit

// State shared by the calling thread and the workers of one loop.
struct Loop {
  Loop(int threads_, const CancelFlag* outer) : threads(threads_), cancel(outer) {}

  const int threads;
  CancelFlag cancel;
  std::atomic<std::size_t> done{0};
  std::mutex mutex;
  std::condition_variable finished_signal;
  bool finished = false;
  std::exception_ptr error;

  void fail(std::exception_ptr e) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!error) error = std::move(e);
    cancel.request();
  }
  void run(std::size_t unit, const UnitBody& body) {
    if (cancel.requested()) return;
    const Loop* before = enclosing;
    enclosing = this;
    try {
      body(unit, cancel);
      done.fetch_add(1, std::memory_order_relaxed);
    } catch (const Cancelled&) {
    } catch (...) {
      fail(std::current_exception());
    }
    enclosing = before;
  }
};

// A loop that a unit of another runs. A thread that waits for its end may take up other units of
// either loop meanwhile: no unit holds a lock while it runs a loop.
void run_inside(std::size_t units, const UnitBody& body, const Loop& outer) {
  Loop loop(outer.threads, &outer.cancel);
  run_inner_units(units, loop.threads, [&](std::size_t i) { loop.run(i, body); });
  if (loop.error) std::rethrow_exception(loop.error);
  loop.cancel.check();
}

void run_serially(std::size_t units, const Execution& execution, const UnitBody& body) {
  CancelFlag never;
  for (std::size_t i = 0; i < units; ++i) {
    body(i, never);
    if (execution.poll) execution.poll(static_cast<double>(i + 1) / units);
  }
}

// Waits for the workers; returns the exception that the host's poll raised, if any.
std::exception_ptr wait_and_poll(Loop& loop, std::size_t units, const Execution& execution) {
  std::exception_ptr from_host;
  std::unique_lock<std::mutex> lock(loop.mutex);
  while (!loop.finished_signal.wait_for(lock, kPollInterval, [&] { return loop.finished; })) {
    if (!execution.poll || from_host) continue;
    lock.unlock();
    try {
      execution.poll(static_cast<double>(loop.done.load()) / units);
    } catch (...) {
      from_host = std::current_exception();
      loop.cancel.request();
    }
    lock.lock();
  }
  return from_host;
}

}  // namespace

bool in_forked_child() { return forked.load(); }

void parallel_for(std::size_t units, const Execution& execution, const UnitBody& body) {
  require(execution.threads >= 1, "threads must be at least 1");
  if (units == 0) return;
  watch_forks();
  if (in_forked_child()) return run_serially(units, execution, body);
  if (enclosing) return run_inside(units, body, *enclosing);

  Loop loop(execution.threads, nullptr);
  std::thread starter([&] {
    try {
      run_units(units, execution.threads, [&](std::size_t i) { loop.run(i, body); });
    } catch (...) {
      loop.fail(std::current_exception());
    }
    std::lock_guard<std::mutex> lock(loop.mutex);
    loop.finished = true;
    loop.finished_signal.notify_one();
  });
  const std::exception_ptr from_host = wait_and_poll(loop, units, execution);
  starter.join();
  if (from_host) std::rethrow_exception(from_host);
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace causalsynth
