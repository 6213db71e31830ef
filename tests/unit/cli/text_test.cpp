#include <doctest/doctest.h>

#include "cli/run_text.h"
#include "cli/table.h"
#include "cli/why_text.h"

using namespace mlpipe;
using namespace mlpipe::cli;

TEST_CASE("columns are aligned by what they take on the terminal, without blanks at the end") {
  CHECK(table({{"a", "long", "x"}, {"grün", "b", ""}, {"c"}}) == "a     long  x\ngrün  b\nc\n");
  CHECK(table({}) == "");
}

TEST_CASE("times are short and say that they are UTC") { CHECK(shown_time(WallTime{}) == "1970-01-01 00:00:00Z"); }

TEST_CASE("why: the recorded reason, the changes behind it, and what would happen now") {
  StepWhy why;
  why.step = "train";
  why.needs = {"prepare"};
  why.run = "2";
  why.against = "1";
  why.recorded.emplace();
  why.recorded->state = StepState::ran;
  why.recorded->reason = "parameter epochs: 20 -> 30";
  why.changes = {{IngredientKind::parameter, "epochs", "", "20", "30"}};
  why.now = StepPlan{"train", StepPlan::Verdict::reuse, "nothing changed", {}, "2", "", {}, {"package numpy 1.26 -> 2.0 is not declared"}};
  CHECK(why_text({why}) ==
        "train\n"
        "  run 2: ran: parameter epochs: 20 -> 30\n"
        "  changed since run 1:\n"
        "    parameter epochs: 20 -> 30\n"
        "  now: reuse: nothing changed\n"
        "  warning: package numpy 1.26 -> 2.0 is not declared\n"
        "  needs: prepare\n");
}

TEST_CASE("why: a step that never ran, and one that the run left out") {
  CHECK(why_text({StepWhy{.step = "a"}}) == "a\n  has never run\n");
  CHECK(why_text({StepWhy{.step = "a", .run = "7"}, StepWhy{.step = "b", .run = "7"}}) ==
        "a\n  run 7: not part of it\n\nb\n  run 7: not part of it\n");
}

TEST_CASE("why: a thousand changed files do not bury the rest") {
  StepWhy why{.step = "a", .run = "2", .against = "1", .recorded = StepRecord{}};
  for (int i = 0; i < 1000; ++i) why.changes.push_back({IngredientKind::input, "x", std::to_string(i), "1", "2"});
  const std::string text = why_text({why});
  CHECK(std::count(text.begin(), text.end(), '\n') < 30);
  CHECK(text.find("and 980 more") != std::string::npos);
}
