#include "run/schedule.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

// Steps a, b, ... with the needs given: {{}, {0}} is a <- b.
Pipeline pipeline_of(const std::vector<std::vector<int>>& needs) {
  Pipeline pipeline;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    Step step;
    step.name = std::string(1, static_cast<char>('a' + i));
    for (const int need : needs[i]) step.depends_on.push_back(std::string(1, static_cast<char>('a' + need)));
    pipeline.steps.push_back(step);
  }
  return pipeline;
}

struct Fixture {
  Fixture(const std::vector<std::vector<int>>& needs, int capacity, std::vector<bool> considered = {}, std::vector<bool> last = {})
      : pipeline(pipeline_of(needs)),
        graph(pipeline),
        schedule(graph, considered.empty() ? std::vector<bool>(needs.size(), true) : considered, {capacity, 100}, last) {}

  std::vector<std::size_t> ready() {
    std::vector<std::size_t> all;
    while (const auto step = schedule.take_ready()) all.push_back(*step);
    return all;
  }

  Pipeline pipeline;
  StepGraph graph;
  Schedule schedule;
};

using Steps = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a step is ready when all its needs have succeeded") {
  Fixture diamond({{}, {0}, {0}, {1, 2}}, 2);
  CHECK(diamond.ready() == Steps{0});
  diamond.schedule.succeeded(0);
  CHECK(diamond.ready() == Steps{1, 2});
  diamond.schedule.succeeded(2);
  CHECK(diamond.ready().empty());
  diamond.schedule.succeeded(1);
  CHECK(diamond.ready() == Steps{3});
  CHECK_FALSE(diamond.schedule.done());
  diamond.schedule.succeeded(3);
  CHECK(diamond.schedule.done());
}

TEST_CASE("a failure skips everything below it and nothing beside it") {
  Fixture two({{}, {0}, {1}, {}, {3}}, 2);
  CHECK(two.ready() == Steps{0, 3});
  two.schedule.failed(0);
  const auto skipped = two.schedule.take_skipped();
  REQUIRE(skipped.size() == 2);
  CHECK(skipped[0].step == 1);
  CHECK(skipped[1].step == 2);
  CHECK(skipped[1].because == std::optional<std::size_t>(0));
  CHECK(two.schedule.take_skipped().empty());
  two.schedule.succeeded(3);
  CHECK(two.ready() == Steps{4});
  two.schedule.succeeded(4);
  CHECK(two.schedule.done());
}

TEST_CASE("cores are shared, and a step that wants more than there are runs alone") {
  Fixture three({{}, {}, {}}, 2);
  three.ready();
  CHECK(three.schedule.acquire(0, {1, 0}));
  CHECK_FALSE(three.schedule.acquire(1, {8, 0}));
  CHECK(three.schedule.acquire(2, {1, 0}));
  three.schedule.succeeded(0);
  CHECK_FALSE(three.schedule.acquire(1, {8, 0}));
  three.schedule.succeeded(2);
  CHECK(three.schedule.acquire(1, {8, 0}));
}

TEST_CASE("memory is shared like cores") {
  Fixture three({{}, {}, {}}, 8);
  three.ready();
  CHECK(three.schedule.acquire(0, {1, 70}));
  CHECK_FALSE(three.schedule.acquire(1, {1, 40}));
  CHECK(three.schedule.acquire(2, {1, 30}));
  three.schedule.succeeded(0);
  CHECK(three.schedule.acquire(1, {1, 40}));
}

TEST_CASE("a step that wants more memory than there is runs alone") {
  Fixture two({{}, {}}, 8);
  two.ready();
  CHECK(two.schedule.acquire(0, {1, 1}));
  CHECK_FALSE(two.schedule.acquire(1, {1, 500}));
  two.schedule.succeeded(0);
  CHECK(two.schedule.acquire(1, {1, 500}));
}

TEST_CASE("released cores can be taken by another step") {
  Fixture two({{}, {}}, 1);
  two.ready();
  CHECK(two.schedule.acquire(0, {1, 0}));
  CHECK_FALSE(two.schedule.acquire(1, {1, 0}));
  two.schedule.release(0);
  CHECK(two.schedule.acquire(1, {1, 0}));
}

TEST_CASE("stopping skips what nobody took and leaves what was taken") {
  Fixture three({{}, {0}, {}}, 2);
  CHECK(three.schedule.take_ready() == std::optional<std::size_t>(0));
  three.schedule.stop();
  CHECK(three.schedule.take_skipped().size() == 2);
  CHECK_FALSE(three.schedule.done());
  three.schedule.succeeded(0);
  CHECK(three.ready().empty());
  CHECK(three.schedule.done());
}

TEST_CASE("steps that take no part count as there already") {
  Fixture chain({{}, {0}, {1}}, 1, {false, true, false});
  CHECK(chain.ready() == Steps{1});
  chain.schedule.succeeded(1);
  CHECK(chain.schedule.done());
}

TEST_CASE("the last step waits for all others, also for those that fail or are skipped") {
  Fixture f({{}, {}, {1}}, 2, {}, {true, false, false});
  CHECK(f.ready() == Steps{1});
  f.schedule.failed(1);
  CHECK(f.schedule.take_skipped().size() == 1);
  CHECK(f.ready() == Steps{0});
  f.schedule.succeeded(0);
  CHECK(f.schedule.done());
}

TEST_CASE("last steps that need each other keep their order, and are skipped when one fails") {
  Fixture good({{}, {0}, {}}, 2, {}, {true, true, false});
  CHECK(good.ready() == Steps{2});
  good.schedule.succeeded(2);
  CHECK(good.ready() == Steps{0});
  good.schedule.succeeded(0);
  CHECK(good.ready() == Steps{1});
  Fixture bad({{}, {0}, {}}, 2, {}, {true, true, false});
  CHECK(bad.ready() == Steps{2});
  bad.schedule.failed(2);
  CHECK(bad.ready() == Steps{0});
  bad.schedule.failed(0);
  CHECK(bad.schedule.take_skipped().size() == 1);
  CHECK(bad.schedule.done());
}

TEST_CASE("the last step runs when the others are stopped for a failure, not when all is stopped") {
  Fixture failed({{}, {}}, 2, {}, {true, false});
  failed.schedule.stop_all_but_last();
  CHECK(failed.ready() == Steps{0});
  Fixture stopped({{}, {}}, 2, {}, {true, false});
  stopped.schedule.stop();
  CHECK(stopped.ready().empty());
  CHECK(stopped.schedule.done());
}
