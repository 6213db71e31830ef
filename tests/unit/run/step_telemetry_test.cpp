#include "run/step_telemetry.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>

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
  StepTelemetry telemetry(step, environment, TraceContext{1, 2, 3}, endpoint, "/nowhere", {}, Clock::real());
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

namespace {

// What a client of Application Insights would post, as the path of `variables` says, except for its last part.
void post(EventLoop& loop, const std::vector<std::string>& variables, const std::string& process, const std::string& body) {
  const std::string connection = environment_value(variables, variable).value_or("");
  const std::string_view host = "http://127.0.0.1:";
  const auto begin = connection.find(host) + host.size(), slash = connection.find('/', begin), end = connection.rfind('/', connection.find(';', begin));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(connection.substr(begin, slash - begin))));
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const std::string text = fmt::format("POST {}/{}/v2.1/track HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", connection.substr(slash, end - slash), process, body.size(), body);
  REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  char answer = 0;
  for (int turns = 0; turns < 1000 && ::recv(socket.get(), &answer, 1, MSG_DONTWAIT) < 0; ++turns) loop.turn(std::chrono::milliseconds(10));
  REQUIRE(answer == 'H');
}

}  // namespace

TEST_CASE("records are kept of processes that were led here, without secrets, however they are written") {
  EventLoop loop;
  InsightsOfRun run(loop);
  const test::TempFolder logs;
  const std::string token = "a\"b\\c";
  StepTelemetry telemetry({}, {}, std::nullopt, run.endpoint(), logs.path(), {{token, "***"}}, Clock::real());
  const auto variables = telemetry.variables("process000");
  const std::string record = R"({"time":"2026-11-23T00:15:30.123Z","data":{"baseType":"MessageData","baseData":{"message":"m a\"b\\c","properties":{"key":"a\"b\\c"}}}})";
  post(loop, variables, "process000", record);
  post(loop, variables, "invented", record);
  CHECK(read_file(logs.path() / "user/app_insights/local-0/process000.log.txt").take() == "2026-11-23T00:15:30.123Z INFO m *** {\"key\":\"***\"}\n");
  CHECK_FALSE(path_exists(logs.path() / "user/app_insights/local-0/invented.log.txt"));
}
