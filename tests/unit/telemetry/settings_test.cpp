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
  CHECK(url("http://option:4318/x?k=v", {}) == "http://option:4318/x/v1/traces?k=v");
}

TEST_CASE("the standard's ways to switch it off") {
  const Values on{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all"}};
  Values off = on;
  off["OTEL_SDK_DISABLED"] = "True";
  CHECK(url({}, off) == "none");
  CHECK(url("http://option", off) == "http://option/v1/traces");
  off = on;
  off["OTEL_TRACES_EXPORTER"] = "none";
  CHECK(url({}, off) == "none");
}

TEST_CASE("the exporters that the environment names are a list, in which ours must be") {
  const Values on{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all"}};
  for (const char* exporters : {"otlp", "console, OTLP"}) {
    Values values = on;
    values["OTEL_TRACES_EXPORTER"] = exporters;
    CHECK(url({}, values) == "http://all/v1/traces");
    CHECK(url({}, {{"OTEL_TRACES_EXPORTER", exporters}}) == "http://localhost:4318/v1/traces");
  }
  for (const char* exporters : {"console", "zipkin,console"}) {
    Values values = on;
    values["OTEL_TRACES_EXPORTER"] = exporters;
    CHECK(url({}, values) == "none");
    CHECK(wanted({}, values).notices.size() == 1);
    CHECK(url("http://option", values) == "http://option/v1/traces");
  }
}

TEST_CASE("samplers: four are known, and --otel asks for a trace") {
  const auto sampling = [](const char* sampler, std::size_t notices = 0) {
    const Wanted found = wanted({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all"}, {"OTEL_TRACES_SAMPLER", sampler}});
    CHECK(found.notices.size() == notices);
    return found.sampling;
  };
  CHECK(sampling("") == Sampling::parent_or_on);
  CHECK(sampling("parentbased_always_on") == Sampling::parent_or_on);
  CHECK(sampling("parentbased_always_off") == Sampling::parent_or_off);
  CHECK(sampling("always_on") == Sampling::on);
  CHECK(sampling("Always_Off") == Sampling::off);
  CHECK(sampling("traceidratio", 1) == Sampling::parent_or_on);
  CHECK(wanted("http://option", {{"OTEL_TRACES_SAMPLER", "always_off"}}).sampling == Sampling::parent_or_on);
}

TEST_CASE("who we are, and what is not done for a receiver") {
  const Wanted found = wanted("http://x", {{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "c"}, {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "k"}, {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"}});
  REQUIRE(found.settings);
  CHECK(found.settings->client_certificate == "c");
  CHECK(found.settings->client_key == "k");
  CHECK(found.notices.size() == 1);
}

TEST_CASE("people see an address without its secrets") {
  CHECK(shown_url("https://user:pass@host:4318/v1/traces?api-key=x#y") == "https://host:4318/v1/traces");
  CHECK(shown_url("https://host/a@b") == "https://host/a@b");
  CHECK(shown_url("user:pass@host") == "host");
  CHECK(wanted({}, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "user:pass@host?key=secret"}}).notices[0] == "no traces are sent: host is no http:// or https:// address");
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
