#include "system/work_queue.h"

#include <doctest/doctest.h>

#include <atomic>

using namespace mlpipe;

TEST_CASE("every task is done once, those that tasks add among them") {
  for (const int threads : {0, 1, 2, 5}) {
    WorkQueue queue(threads);
    std::atomic<int> done = 0;
    for (int i = 0; i < 50; ++i)
      queue.add([&] {
        for (int j = 0; j < 10; ++j) queue.add([&] { ++done; });
        ++done;
      });
    queue.run();
    CHECK(done == 550);
    queue.run();
    queue.add([&] { ++done; });
    queue.run();
    CHECK(done == 551);
  }
}

TEST_CASE("several threads work at once") {
  WorkQueue queue(2);
  std::atomic<int> inside = 0;
  for (int i = 0; i < 2; ++i)
    queue.add([&] {
      ++inside;
      while (inside < 2) std::this_thread::yield();  // for ever with one thread
    });
  queue.run();
  CHECK(inside == 2);
}
