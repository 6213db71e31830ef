// Who gets which mini-batch: without a process, a disk or a clock.
#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "batch/dispatcher.h"

using namespace mlpipe;

namespace {

bool answered(Dispatcher& dispatcher, int worker, const Assignment& assignment) {
  return dispatcher.answered(worker, assignment.mini_batch, assignment.attempt) == assignment;
}

}  // namespace

TEST_CASE("every mini-batch is given out once, resumed ones never") {
  Dispatcher dispatcher(6, 2, 3);
  dispatcher.mark_done(0);
  dispatcher.mark_done(3);
  std::set<std::uint64_t> seen;
  for (int turn = 0; !dispatcher.finished(); ++turn) {
    REQUIRE(turn < 20);
    const auto next = dispatcher.next(turn % 2, 1);
    if (!next) continue;
    CHECK(next->attempt == 1);
    CHECK(seen.insert(next->mini_batch).second);
    CHECK(answered(dispatcher, turn % 2, *next));
  }
  CHECK(seen == std::set<std::uint64_t>{1, 2, 4, 5});
}

TEST_CASE("two at most are in flight for a worker, and the last ones are not sent ahead") {
  Dispatcher dispatcher(5, 2, 3);
  CHECK(dispatcher.next(0, 1));
  CHECK_FALSE(dispatcher.next(0, 1));
  CHECK(dispatcher.next(0, 2));
  CHECK_FALSE(dispatcher.next(0, 2));
  CHECK(dispatcher.next(1, 2));
  CHECK_FALSE(dispatcher.next(1, 2));  // two are left for two workers
  CHECK(dispatcher.waiting() == 2);
}

TEST_CASE("a worker that dies costs a try only to the mini-batch that it was working on") {
  Dispatcher dispatcher(9, 2, 3);
  const auto first = *dispatcher.next(0, 1), second = *dispatcher.next(0, 2);
  CHECK(dispatcher.lost(0) == first);
  CHECK(dispatcher.failed(first));
  CHECK(dispatcher.next(1, 1) == second);  // back in front, still its first try
  CHECK(answered(dispatcher, 1, second));
  CHECK(dispatcher.next(1, 1) == Assignment{first.mini_batch, 2, {}});
  CHECK_FALSE(dispatcher.lost(0));
}

TEST_CASE("after the last try a mini-batch is given up") {
  Dispatcher dispatcher(1, 1, 3);
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    const auto next = dispatcher.next(0, 1);
    REQUIRE(next == Assignment{0, attempt, {}});
    CHECK(answered(dispatcher, 0, *next));
    CHECK_FALSE(answered(dispatcher, 0, *next));
    CHECK(dispatcher.failed(*next) == (attempt < 3));
  }
  CHECK(dispatcher.finished());
}

TEST_CASE("up to four are in flight for a worker, as long as there is enough for everybody") {
  Dispatcher dispatcher(100, 2, 3);
  int given = 0;
  while (dispatcher.next(0, 4)) ++given;
  CHECK(given == 4);
  Dispatcher few(9, 2, 3);
  for (given = 0; few.next(0, 4);) ++given;
  CHECK(given == 3);  // 6 are left for two workers
}

TEST_CASE("one bad item of 64 is alone after 6 halvings, and every item is given out exactly once as good") {
  constexpr std::uint32_t items = 64, bad = 37;
  Dispatcher dispatcher(1, 1, 3);
  std::vector<int> good(items, 0);
  int failures = 0;
  std::set<std::uint32_t> attempts;
  for (auto next = dispatcher.next(0, 1); next; next = dispatcher.next(0, 1)) {
    REQUIRE(attempts.insert(next->attempt).second);  // a late answer of one part is never taken for another's
    REQUIRE(answered(dispatcher, 0, *next));
    const auto count = std::min(next->slice.count, items - next->slice.first);
    const bool has_bad = next->slice.first <= bad && bad < next->slice.first + count;
    if (!has_bad) {
      for (std::uint32_t i = 0; i < count; ++i) ++good[next->slice.first + i];
      continue;
    }
    ++failures;
    if (dispatcher.failed(*next)) continue;
    if (count > 1) dispatcher.halve(*next, count);
  }
  CHECK(dispatcher.finished());
  CHECK(failures == 3 + 6);
  for (std::uint32_t i = 0; i < items; ++i) CHECK(good[i] == (i == bad ? 0 : 1));
}

TEST_CASE("answers that a worker was not asked for are dropped") {
  Dispatcher dispatcher(3, 2, 3);
  const auto mine = *dispatcher.next(0, 1);
  CHECK_FALSE(answered(dispatcher, 1, mine));
  CHECK_FALSE(dispatcher.answered(0, mine.mini_batch, 2));
  CHECK_FALSE(dispatcher.answered(0, mine.mini_batch + 1, 1));
  CHECK(answered(dispatcher, 0, mine));
}
