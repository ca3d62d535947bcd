#include <atomic>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "core/parallel/parallel_for.h"
#include "core/random/stream.h"

using namespace causalsynth;

namespace {

Execution on_threads(int threads) {
  Execution execution;
  execution.threads = threads;
  return execution;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct HostInterrupt {};

}  // namespace

TEST_CASE("every unit runs exactly once") {
  for (int threads : {1, 2, 3, 8})
    for (std::size_t units : {0u, 1u, 2u, 1000u}) {
      std::vector<std::atomic<int>> count(units);
      for (auto& c : count) c = 0;
      parallel_for(units, on_threads(threads),
                   [&](std::size_t i, const CancelFlag&) { ++count[i]; });
      bool once = true;
      for (auto& c : count) once = once && c == 1;
      CHECK(once);
    }
}

TEST_CASE("results do not depend on the number of threads") {
  auto run = [](int threads) {
    std::vector<double> result(500);
    parallel_for(result.size(), on_threads(threads), [&](std::size_t i, const CancelFlag&) {
      Stream stream(42, StreamTag::test, i);
      for (int d = 0; d < 100; ++d) result[i] += stream.normal();
    });
    return result;
  };
  const std::vector<double> one = run(1);
  CHECK(run(2) == one);
  CHECK(run(3) == one);
}

TEST_CASE("row blocks cover every row once") {
  for (std::size_t rows : {0u, 1u, 9u, 10u, 11u, 1005u}) {
    const RowBlocks blocks{rows, 10};
    std::size_t next = 0;
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      CHECK(blocks.begin(b) == next);
      next = blocks.end(b);
    }
    CHECK(next == rows);
  }
}

TEST_CASE("a worker's exception is rethrown on the calling thread") {
  for (int threads : {1, 2, 3}) {
    std::string what;
    try {
      parallel_for(100, on_threads(threads), [](std::size_t i, const CancelFlag&) {
        if (i == 17) throw std::runtime_error("unit 17");
      });
    } catch (const std::runtime_error& e) {
      what = e.what();
    }
    CHECK(what == "unit 17");
  }
}

TEST_CASE("the loop works again after an exception") {
  CHECK_THROWS_AS(parallel_for(10, on_threads(2), [](std::size_t, const CancelFlag&) {
    throw std::invalid_argument("no");
  }), std::invalid_argument);
  std::atomic<int> done{0};
  parallel_for(10, on_threads(2), [&](std::size_t, const CancelFlag&) { ++done; });
  CHECK(done == 10);
}

TEST_CASE("an exception of the host's poll cancels long units at once") {
  for (int threads : {1, 2}) {
    Execution execution = on_threads(threads);
    execution.poll = [](double) { throw HostInterrupt{}; };
    std::atomic<int> completed{0};
    const auto start = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(parallel_for(4, execution, [&](std::size_t, const CancelFlag& cancel) {
      for (int i = 0; i < 20000; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        cancel.check();
      }
      ++completed;
    }), HostInterrupt);
    CHECK(seconds_since(start) < 1.0);
    CHECK(completed == 0);
  }
}

TEST_CASE("an exception of the host's poll leaves the units not begun undone") {
  Execution execution = on_threads(2);
  execution.poll = [](double) { throw HostInterrupt{}; };
  std::atomic<int> begun{0};
  CHECK_THROWS_AS(parallel_for(10000, execution, [&](std::size_t, const CancelFlag&) {
    ++begun;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }), HostInterrupt);
  CHECK(begun < 200);
}

TEST_CASE("poll runs on the calling thread with a share that grows within [0, 1]") {
  const auto caller = std::this_thread::get_id();
  Execution execution = on_threads(2);
  double last = 0;
  int calls = 0;
  bool fine = true;
  execution.poll = [&](double share) {
    fine = fine && std::this_thread::get_id() == caller && share >= last && share <= 1;
    last = share;
    ++calls;
  };
  parallel_for(40, execution, [](std::size_t, const CancelFlag&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  });
  CHECK(fine);
  CHECK(calls >= 1);
}

TEST_CASE("the calling thread never works") {
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> seen{false};
  parallel_for(100, on_threads(1), [&](std::size_t, const CancelFlag&) {
    if (std::this_thread::get_id() == caller) seen = true;
  });
  CHECK(!seen);
}

TEST_CASE("a loop inside a loop gives the same result") {
  std::vector<double> sums(6);
  parallel_for(sums.size(), on_threads(2), [&](std::size_t i, const CancelFlag&) {
    std::vector<double> part(20);
    parallel_for(part.size(), on_threads(2),
                 [&](std::size_t j, const CancelFlag&) { part[j] = std::sqrt(i * 20.0 + j); });
    for (double p : part) sums[i] += p;
  });
  for (std::size_t i = 0; i < sums.size(); ++i) {
    double expected = 0;
    for (std::size_t j = 0; j < 20; ++j) expected += std::sqrt(i * 20.0 + j);
    CHECK(sums[i] == expected);
  }
}

TEST_CASE("loops inside a loop keep to its threads") {
  std::atomic<int> working{0}, most{0};
  parallel_for(3, on_threads(2), [&](std::size_t, const CancelFlag&) {
    parallel_for(50, on_threads(8), [&](std::size_t, const CancelFlag&) {
      const int now = ++working;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {}
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      --working;
    });
  });
  CHECK(most >= 1);
  CHECK(most <= 2);
}

TEST_CASE("an exception inside an inner loop reaches the caller of the outer one") {
  for (int threads : {1, 2, 3}) {
    std::atomic<int> after{0};
    CHECK_THROWS_AS(parallel_for(4, on_threads(threads), [&](std::size_t i, const CancelFlag&) {
      parallel_for(20, on_threads(threads), [&](std::size_t j, const CancelFlag&) {
        if (i == 1 && j == 7) throw std::invalid_argument("inner");
      });
      if (i == 1) ++after;
    }), std::invalid_argument);
    CHECK(after == 0);
  }
}

TEST_CASE("an exception of the host's poll ends inner loops too") {
  for (int threads : {1, 2}) {
    Execution execution = on_threads(threads);
    execution.poll = [](double) { throw HostInterrupt{}; };
    std::atomic<int> completed{0};
    const auto start = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(parallel_for(2, execution, [&](std::size_t, const CancelFlag&) {
      parallel_for(2, on_threads(2), [&](std::size_t, const CancelFlag& cancel) {
        for (int i = 0; i < 20000; ++i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          cancel.check();
        }
      });
      ++completed;
    }), HostInterrupt);
    CHECK(seconds_since(start) < 1.0);
    CHECK(completed == 0);
  }
}

TEST_CASE("no threads is an error") {
  CHECK_THROWS_AS(parallel_for(1, on_threads(0), [](std::size_t, const CancelFlag&) {}),
                  std::invalid_argument);
}
