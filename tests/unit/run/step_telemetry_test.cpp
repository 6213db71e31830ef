#include "run/step_telemetry.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/temp_folder.h"
#include "system/process.h"

using namespace mlpipe;

namespace {

constexpr const char* variable = "APPLICATIONINSIGHTS_CONNECTION_STRING";

StepDescription with_package(const std::string& package) {
  StepDescription description;
  auto python = std::make_shared<PythonEnvironment>();
  python->installed[package] = "1.0";
  description.python = python;
  return description;
}

std::vector<std::string> variables(const Step& step, const std::vector<std::string>& environment, insights::Endpoint* endpoint, const std::string& process) {
  const StepTelemetry telemetry(step, environment, TraceContext{1, 2, 3}, endpoint, "/nowhere", {}, Clock::real());
  return telemetry.variables(process);
}

}  // namespace

TEST_CASE("an endpoint is for a Python that could send to one, when nobody names one") {
  Step step;
  CHECK(lacks_insights(step, with_package("opencensus-ext-azure"), {}));
  CHECK(lacks_insights(step, with_package("azure-monitor-opentelemetry-exporter"), {}));
  CHECK_FALSE(lacks_insights(step, with_package("requests"), {}));
  CHECK_FALSE(lacks_insights(step, StepDescription{}, {}));
  CHECK_FALSE(lacks_insights(step, with_package("opencensus-ext-azure"), {"APPLICATIONINSIGHTS_CONNECTION_STRING=x"}));
  CHECK_FALSE(lacks_insights(step, with_package("opencensus-ext-azure"), {"APPINSIGHTS_INSTRUMENTATIONKEY=x"}));
}

TEST_CASE("a step and its workers find spans of their own") {
  Step step;
  step.name = "score";
  const TraceContext own = child_of({1, 2, 3}, "score");
  CHECK(variables(step, {}, nullptr, "") == std::vector<std::string>{"TRACEPARENT=" + traceparent(own)});
  CHECK(variables(step, {}, nullptr, "process001") == std::vector<std::string>{"TRACEPARENT=" + traceparent(child_of(own, "process001"))});
}

TEST_CASE("the address says which process it is for, and no proxy is asked for it") {
  EventLoop loop;
  InsightsOfRun run(loop);
  REQUIRE(run.endpoint());
  CHECK(run.endpoint() == run.endpoint());
  const auto of_step = environment_value(variables({}, {}, run.endpoint(), ""), variable), of_worker = environment_value(variables({}, {}, run.endpoint(), "process007"), variable);
  REQUIRE(of_step);
  REQUIRE(of_worker);
  CHECK(of_step->ends_with("/-"));
  CHECK(of_worker->ends_with("/process007"));
  CHECK(*of_step != *of_worker);
  CHECK_FALSE(environment_value(variables({}, {}, run.endpoint(), ""), "no_proxy"));
  CHECK(environment_value(variables({}, {"https_proxy=x", "http_proxy=x", "no_proxy=a"}, run.endpoint(), ""), "no_proxy") == "a,127.0.0.1");
}
