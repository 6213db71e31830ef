#include "run/selection.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

// prepare <- train <- score, and report, which is only ordered after score.
Pipeline digits() {
  Pipeline pipeline;
  pipeline.file = "/p/pipeline.yaml";
  const auto add = [&](const std::string& name, const std::string& reads) {
    Step step;
    step.name = name;
    if (!reads.empty()) {
      StepInput input;
      input.name = "data";
      input.from = StepInput::From::step_output;
      input.step = reads;
      step.inputs.push_back(input);
    }
    pipeline.steps.push_back(step);
  };
  add("prepare", "");
  add("train", "prepare");
  add("score", "train");
  add("report", "");
  pipeline.steps.back().depends_on = {"score"};
  return pipeline;
}

std::vector<Part> parts(const RunRequest& request) {
  const Pipeline pipeline = digits();
  const auto selection = select(pipeline, StepGraph(pipeline), request);
  REQUIRE(selection);
  return selection->parts;
}

using Parts = std::vector<Part>;

}  // namespace

TEST_CASE("without a selection every step is run") { CHECK(parts({}) == Parts(4, Part::run)); }

TEST_CASE("--step runs one step on the last results of those it reads from") {
  RunRequest request;
  request.step = "score";
  CHECK(parts(request) == Parts{Part::out, Part::given, Part::run, Part::out});
}

TEST_CASE("--from and --until") {
  RunRequest from, until;
  from.from = std::string("train");
  until.until = std::string("train");
  CHECK(parts(from) == Parts{Part::given, Part::run, Part::run, Part::run});
  CHECK(parts(until) == Parts{Part::run, Part::run, Part::out, Part::out});
}

TEST_CASE("an order without data asks nothing of a step that is left out") {
  RunRequest request;
  request.step = "report";
  CHECK(parts(request) == Parts{Part::out, Part::out, Part::out, Part::run});
}

TEST_CASE("--use takes a step's place") {
  RunRequest request;
  request.use["train"] = "/tmp";
  request.step = "score";
  CHECK(parts(request) == Parts{Part::out, Part::use, Part::run, Part::out});
}

TEST_CASE("a step that does not exist is a usage error with the nearest name") {
  RunRequest request;
  request.step = "scor";
  const Pipeline pipeline = digits();
  const auto selection = select(pipeline, StepGraph(pipeline), request);
  REQUIRE_FALSE(selection);
  CHECK(selection.error().kind == ErrorKind::usage);
  CHECK(selection.error().hint == "did you mean `score`?");
}

TEST_CASE("two selections at once are refused") {
  RunRequest request;
  request.step = "score";
  request.from = "train";
  const Pipeline pipeline = digits();
  CHECK_FALSE(select(pipeline, StepGraph(pipeline), request));
}
