#include <doctest/doctest.h>

#include "pipeline/graph.h"

using namespace mlpipe;

namespace {

// {"b", {"a"}}: b reads an output of a.
Pipeline pipeline(const std::vector<std::pair<std::string, std::vector<std::string>>>& steps) {
  Pipeline made;
  for (const auto& [name, needs] : steps) {
    Step step;
    step.name = name;
    for (const std::string& need : needs) {
      StepInput input;
      input.name = need;
      input.from = StepInput::From::step_output;
      input.step = need;
      step.inputs.push_back(input);
    }
    made.steps.push_back(std::move(step));
  }
  return made;
}

using Numbers = std::vector<std::size_t>;

}  // namespace

TEST_CASE("edges come from data and from depends_on, once each") {
  Pipeline p = pipeline({{"a", {}}, {"b", {"a", "a"}}, {"c", {}}});
  p.steps[1].depends_on = {"a", "c", "nobody"};
  const StepGraph graph(p);
  CHECK(graph.needs(1) == Numbers{0, 2});
  CHECK(graph.feeds(0) == Numbers{1});
  CHECK(*graph.order() == Numbers{0, 2, 1});
}

TEST_CASE("an order keeps the file's order where it may") {
  CHECK(*StepGraph(pipeline({{"d", {"c"}}, {"a", {}}, {"c", {}}, {"b", {}}})).order() == Numbers{1, 2, 0, 3});
  CHECK(StepGraph(pipeline({})).order()->empty());
}

TEST_CASE("a cycle is found, each step needing the next, without those behind it") {
  const StepGraph graph(pipeline({{"behind", {"a"}}, {"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}, {"free", {}}}));
  CHECK_FALSE(graph.order());
  const Numbers cycle = graph.cycle();
  REQUIRE(cycle.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(graph.needs(cycle[i])[0] == cycle[(i + 1) % 3]);
  CHECK(StepGraph(pipeline({{"a", {"a"}}})).cycle() == Numbers{0});
  CHECK(StepGraph(pipeline({{"a", {}}, {"b", {"a"}}})).cycle().empty());
}

TEST_CASE("upstream and downstream of a step hold the step itself") {
  const StepGraph graph(pipeline({{"a", {}}, {"b", {"a"}}, {"c", {"b"}}, {"d", {"a"}}}));
  CHECK(graph.upstream(1) == std::vector<bool>{true, true, false, false});
  CHECK(graph.downstream(1) == std::vector<bool>{false, true, true, false});
}
