#include "telemetry/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/web_address.h"

namespace mlpipe::telemetry {
namespace {

constexpr std::string_view traces_path = "/v1/traces";
constexpr const char* our_protocol = "http/protobuf";
constexpr const char* nearby = "http://localhost:4318";

// An empty variable is as good as none, says the standard.
std::string value_of(const Variables& variables, const char* name) {
  const char* value = variables(name);
  return value ? std::string(trim(value)) : std::string();
}

// A variable for traces wins over that for all signals.
std::string for_traces(const Variables& variables, const std::string& name) {
  const std::string own = value_of(variables, ("OTEL_EXPORTER_OTLP_TRACES_" + name).c_str());
  return own.empty() ? value_of(variables, ("OTEL_EXPORTER_OTLP_" + name).c_str()) : own;
}

bool is_url(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (lower(text.substr(0, scheme.size())) == scheme) return text.size() > scheme.size() && text.find_first_of(" \t\r\n") == std::string_view::npos;
  return false;
}

std::string with_traces_path(const std::string& url) {
  const auto query = std::min(url.find_first_of("?#"), url.size());
  std::string path = url.substr(0, query);
  while (path.ends_with('/')) path.pop_back();
  if (!path.ends_with(traces_path)) path += traces_path;
  return path + url.substr(query);
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? std::optional(small - 'a' + 10) : std::nullopt;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    out += low ? static_cast<char>(*high << 4 | *low) : text[i];
    if (low) i += 2;
  }
  return out;
}

// Of the variables; empty: none is asked for. OTEL_TRACES_EXPORTER is a list, and by itself asks for a receiver nearby.
std::string url_in(const Variables& variables, std::vector<std::string>& notices) {
  if (lower(value_of(variables, "OTEL_SDK_DISABLED")) == "true") return {};
  const std::string whole = value_of(variables, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), base = value_of(variables, "OTEL_EXPORTER_OTLP_ENDPOINT");
  const std::string exporters = lower(value_of(variables, "OTEL_TRACES_EXPORTER"));
  const auto names = split(exporters, ',');
  const bool otlp = std::any_of(names.begin(), names.end(), [](std::string_view name) { return trim(name) == "otlp"; });
  if (!exporters.empty() && !otlp) {
    if (exporters != "none") notices.push_back(fmt::format("no traces are sent: OTEL_TRACES_EXPORTER asks for {}, mlpipe has otlp", exporters));
    return {};
  }
  return !whole.empty() ? whole : !base.empty() ? with_traces_path(base) : otlp ? with_traces_path(nearby) : std::string();
}

Sampling sampling_of(const Variables& variables, std::vector<std::string>& notices) {
  const std::string sampler = lower(value_of(variables, "OTEL_TRACES_SAMPLER"));
  if (sampler == "always_on") return Sampling::on;
  if (sampler == "always_off") return Sampling::off;
  if (sampler == "parentbased_always_off") return Sampling::parent_or_off;
  if (!sampler.empty() && sampler != "parentbased_always_on") notices.push_back(fmt::format("every run is traced: OTEL_TRACES_SAMPLER={} is not known here", sampler));
  return Sampling::parent_or_on;
}

Resource resource_of(const Variables& variables) {
  Resource resource = parse_pairs(value_of(variables, "OTEL_RESOURCE_ATTRIBUTES"));
  const auto set = [&](const char* key, const std::string& value) {
    std::erase_if(resource, [&](const auto& pair) { return pair.first == key; });
    resource.emplace_back(key, value);
  };
  const std::string service = value_of(variables, "OTEL_SERVICE_NAME");
  const bool named = std::any_of(resource.begin(), resource.end(), [](const auto& pair) { return pair.first == "service.name"; });
  if (!service.empty() || !named) set("service.name", service.empty() ? "mlpipe" : service);
  set("telemetry.sdk.name", "mlpipe");
  set("telemetry.sdk.language", "cpp");
  set("telemetry.sdk.version", MLPIPE_VERSION);
  return resource;
}

}  // namespace

std::string shown_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto credentials = credentials_in(url);
  std::string shown(url);
  return shown.erase(static_cast<std::size_t>(credentials.data() - url.data()), credentials.size());
}

std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.find('=');
    const std::string key = equals == std::string_view::npos ? "" : percent_decoded(trim(part.substr(0, equals)));
    if (!key.empty()) pairs.emplace_back(key, percent_decoded(trim(part.substr(equals + 1))));
  }
  return pairs;
}

Result<Wanted> wanted_traces(const std::optional<std::string>& option, const Variables& variables) {
  if (option && !is_url(*option))
    return Error{ErrorKind::usage, fmt::format("--otel {} is no http:// or https:// address", shown_url(*option)), "for example --otel http://localhost:4318"};
  Wanted wanted;
  const std::string url = option ? with_traces_path(*option) : url_in(variables, wanted.notices);
  if (url.empty()) return wanted;
  if (!is_url(url)) {
    wanted.notices.push_back(fmt::format("no traces are sent: {} is no http:// or https:// address", shown_url(url)));
    return wanted;
  }
  const std::string protocol = for_traces(variables, "PROTOCOL");
  if (!option && !protocol.empty() && protocol != our_protocol) {
    wanted.notices.push_back(fmt::format("no traces are sent: the environment asks for {}, mlpipe speaks {} (port 4318 of most receivers)", protocol, our_protocol));
    return wanted;
  }
  if (!option) wanted.sampling = sampling_of(variables, wanted.notices);
  if (const std::string compression = for_traces(variables, "COMPRESSION"); !compression.empty() && compression != "none")
    wanted.notices.push_back(fmt::format("traces are sent as they are: mlpipe does not compress them ({})", compression));
  Settings settings{.url = url,
                    .headers = parse_pairs(for_traces(variables, "HEADERS")),
                    .certificate = for_traces(variables, "CERTIFICATE"),
                    .client_certificate = for_traces(variables, "CLIENT_CERTIFICATE"),
                    .client_key = for_traces(variables, "CLIENT_KEY"),
                    .resource = resource_of(variables)};
  const std::string timeout = for_traces(variables, "TIMEOUT");
  const auto milliseconds = parse_integer(timeout);
  if (milliseconds && *milliseconds > 0 && *milliseconds <= 3'600'000) settings.timeout = std::chrono::milliseconds(*milliseconds);
  else if (!timeout.empty()) wanted.notices.push_back(fmt::format("a timeout of {} for traces is no number of milliseconds: 10000 is taken", timeout));
  wanted.settings = std::move(settings);
  return wanted;
}

}  // namespace mlpipe::telemetry
