#include "report/run_metrics.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace mlpipe;

namespace {

std::vector<RunMetrics> two_runs() {
  RunMetrics first, second;
  first.header.id = "r1";
  second.header.id = "r2";
  second.state = RunState::succeeded;
  const WallTime time = parse_utc("2026-11-23T00:15:30.000Z");
  first.steps = {{"train", StepState::ran, {{"loss", 0.5}}, {{"loss", {{0, time, 1}, {1, time, 0.5}}}}}};
  second.steps = {{"train", StepState::ran, {{"a,b", 2}, {"loss", 0.25}}, {}}};
  return {first, second};
}

}  // namespace

TEST_CASE("a row a metric, a column a run, and a dash where a run has none") {
  CHECK(metric_rows(two_runs()) == std::vector<std::vector<std::string>>{{"STEP", "METRIC", "r1", "r2"}, {"train", "loss", "0.5", "0.25"}, {"train", "a,b", "-", "2"}});
}

TEST_CASE("CSV of the last values, and of all") {
  CHECK(metric_csv(two_runs(), false) == "run,step,metric,value\nr1,train,loss,0.5\nr2,train,\"a,b\",2\nr2,train,loss,0.25\n");
  CHECK(metric_csv(two_runs(), true) == "run,step,metric,at,time,value\nr1,train,loss,0,2026-11-23T00:15:30.000Z,1\nr1,train,loss,1,2026-11-23T00:15:30.000Z,0.5\n");
}

TEST_CASE("JSON has the last values and the series") {
  const auto json = nlohmann::json::parse(to_json(two_runs()));
  CHECK(json["schema"] == 1);
  CHECK(json["runs"][0]["steps"][0]["metrics"]["loss"] == 0.5);
  CHECK(json["runs"][0]["steps"][0]["series"]["loss"][1]["at"] == 1);
  CHECK(json["runs"][1]["steps"][0]["series"].empty());
}
