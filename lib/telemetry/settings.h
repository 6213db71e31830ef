// Where traces go, by --otel and the environment variables of OpenTelemetry's standard.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "telemetry/otlp.h"

namespace mlpipe::telemetry {

struct Settings {
  std::string url;                                           // whole, with /v1/traces
  std::vector<std::pair<std::string, std::string>> headers;  // may be secrets: never shown
  std::chrono::milliseconds timeout{10'000};                 // of one request
  std::string certificate;                                   // file of authorities to trust; empty: the system's
  std::string client_certificate, client_key;                // files that say who we are; empty: nobody
  Resource resource;
};

// Whether a run is traced: as the parent that TRACEPARENT names, and without one always or never; or always, or never, whatever it says.
enum class Sampling { parent_or_on, parent_or_off, on, off };

struct Wanted {
  std::optional<Settings> settings;  // nothing: no traces
  Sampling sampling = Sampling::parent_or_on;
  std::vector<std::string> notices;  // what was not understood, in the words of a user
};

// The value of an environment variable; a null pointer: it is not set.
using Variables = std::function<const char*(const char*)>;

// `option`: of --otel, which wins over the variables. Kind usage: it is no URL.
Result<Wanted> wanted_traces(const std::optional<std::string>& option, const Variables& variables);

// As people may see it: without what may be a secret, its user and password and its query.
std::string shown_url(std::string_view url);

// "a=b,c=d%20e", as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS are written. Pairs that are none are left out.
std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text);

}  // namespace mlpipe::telemetry
