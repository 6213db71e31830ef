#include "telemetry/settings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace mlpipe;
using namespace mlpipe::telemetry;
using Values = std::map<std::string, std::string>;

namespace {

Wanted wanted(const std::optional<std::string>& option, const Values& values) {
  auto result = wanted_traces(option, [&](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  });
  REQUIRE(result);
  return result.take();
}

std::string url(const std::optional<std::string>& option, const Values& values) {
  const Wanted found = wanted(option, values);
  return found.settings ? found.settings->url : "none";
}

std::string in(const Resource& resource, const std::string& key) {
  const auto found = std::find_if(resource.begin(), resource.end(), [&](const auto& pair) { return pair.first == key; });
  return found == resource.end() ? "" : found->second;
}

}  // namespace

TEST_CASE("without a word about it there is no trace") {
  CHECK(url({}, {}) == "none");
  CHECK(url({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}}) == "none");
}

TEST_CASE("where traces go: the option, the variable for traces as it is, the variable for all with the path") {
  const Values both{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318/"}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/here"}};
  CHECK(url("http://option:4318", both) == "http://option:4318/v1/traces");
  CHECK(url("http://option:4318/v1/traces/", both) == "http://option:4318/v1/traces");
  CHECK(url({}, both) == "http://traces/here");
  CHECK(url({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://all/otlp"}}) == "https://all/otlp/v1/traces");
}

TEST_CASE("the standard's ways to switch it off") {
  const Values on{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all"}};
  Values off = on;
  off["OTEL_SDK_DISABLED"] = "True";
  CHECK(url("http://option", off) == "none");
  off = on;
  off["OTEL_TRACES_EXPORTER"] = "none";
  CHECK(url({}, off) == "none");
}

TEST_CASE("what cannot be done is said, and the run goes on; a wrong option is a mistake of usage") {
  CHECK(wanted({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"}}).notices.size() == 1);
  const Wanted grpc = wanted({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  CHECK_FALSE(grpc.settings);
  REQUIRE(grpc.notices.size() == 1);
  CHECK(grpc.notices[0].find("grpc") != std::string::npos);
  const auto wrong = wanted_traces("localhost", [](const char*) -> const char* { return nullptr; });
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == ErrorKind::usage);
}

TEST_CASE("headers, timeouts and what describes the service") {
  const Wanted found = wanted({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"},
                                   {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x = y ,bad,=none"},
                                   {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"},
                                   {"OTEL_EXPORTER_OTLP_TIMEOUT", "9"},
                                   {"OTEL_SERVICE_NAME", "nightly"},
                                   {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=vision"}});
  REQUIRE(found.settings);
  CHECK(found.settings->headers == std::vector<std::pair<std::string, std::string>>{{"api-key", "a b"}, {"x", "y"}});
  CHECK(found.settings->timeout.count() == 250);
  CHECK(in(found.settings->resource, "service.name") == "nightly");
  CHECK(in(found.settings->resource, "team") == "vision");
  const Wanted plain = wanted("http://x", {{"OTEL_EXPORTER_OTLP_TIMEOUT", "soon"}});
  REQUIRE(plain.settings);
  CHECK(plain.settings->timeout.count() == 10'000);
  CHECK(plain.notices.size() == 1);
  CHECK(in(plain.settings->resource, "service.name") == "mlpipe");
}
