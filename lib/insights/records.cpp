#include "insights/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mlpipe::insights {
namespace {

using Json = nlohmann::json;

constexpr std::size_t deepest = 64, most_records = 10'000;  // clients send some hundreds at a time
constexpr std::array<const char*, 5> levels{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};  // severityLevel 0 to 4, in Python's words
constexpr std::array<std::string_view, 5> names_of_levels{"verbose", "information", "warning", "error", "critical"};
// What handlers add by themselves.
constexpr std::array<std::string_view, 6> own_properties{"process", "module", "fileName", "lineNumber", "level", "thread"};

// Before it is parsed: what nests without end would fill the stack of whoever walks over it.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      else if (c == '"') quoted = false;
    } else if (c == '"') quoted = true;
    else if ((c == '[' || c == '{') && ++depth > deepest) return true;
    else if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return false;
}

// "2026-11-23T00:15:30.123456Z": of the fraction three digits count.
WallTime parse_time(std::string_view text) {
  constexpr std::size_t milliseconds = 23;
  std::string known(text.substr(0, milliseconds));
  if (known.size() == 19 || known.ends_with('Z')) known = std::string(text.substr(0, 19)) + ".000";
  return parse_utc(known + "Z");
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// A member as text; empty: it is not there.
std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (!object.is_object() || found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : dump(*found);
}

const Json& member(const Json& object, const char* name) {
  static const Json none = Json::object();
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? none : *found;
}

std::string level_of(const Json& data) {
  if (const std::string own = text_in(member(data, "properties"), "level"); !own.empty()) return own;
  const Json& severity = member(data, "severityLevel");
  if (severity.is_number_integer())
    if (const auto number = severity.get<std::int64_t>(); number >= 0 && number < std::ssize(levels)) return levels[static_cast<std::size_t>(number)];
  if (severity.is_string())
    for (std::size_t i = 0; i < levels.size(); ++i)
      if (lower(severity.get<std::string>()) == names_of_levels[i]) return levels[i];
  return levels[1];
}

std::string dimensions_of(const Json& data) {
  Json custom = Json::object();
  const Json& properties = member(data, "properties");
  if (properties.is_object())
    for (const auto& [key, value] : properties.items())
      if (std::find(own_properties.begin(), own_properties.end(), key) == own_properties.end() && !key.starts_with("code.")) custom[key] = value;
  const Json& measurements = member(data, "measurements");
  if (measurements.is_object())
    for (const auto& [key, value] : measurements.items()) custom[key] = value;
  return custom.empty() ? std::string() : dump(custom);
}

std::string exceptions_in(const Json& data) {
  std::string text;
  for (const Json& exception : member(data, "exceptions"))
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", text_in(exception, "typeName"), text_in(exception, "message"));
  return text;
}

std::string metrics_in(const Json& data) {
  std::string text;
  for (const Json& metric : member(data, "metrics"))
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", text_in(metric, "name"), text_in(metric, "value"));
  return text;
}

Record record_of(const Json& envelope) {
  const std::string type = text_in(member(envelope, "data"), "baseType");
  const Json& data = member(member(envelope, "data"), "baseData");
  Record record{parse_time(text_in(envelope, "time")), level_of(data), {}, dimensions_of(data)};
  if (type == "MessageData") record.text = text_in(data, "message");
  else if (type == "ExceptionData") record.text = exceptions_in(data);
  else if (type == "EventData") record.level = "EVENT", record.text = text_in(data, "name");
  else if (type == "MetricData") record.level = "METRIC", record.text = metrics_in(data);
  else record.level = "SPAN", record.text = fmt::format("{} {} took {}", type, text_in(data, "name"), text_in(data, "duration"));
  return record;
}

void add(const Json& envelope, Received& received) {
  if (!envelope.is_object()) return;
  ++received.envelopes;
  if (envelope.contains("data") && received.records.size() < most_records) received.records.push_back(record_of(envelope));
}

// False: that is no JSON. Each text is looked at by itself: a quote that is never closed would hide how deep the lines behind it are.
bool add_text(std::string_view text, Received& received) {
  if (too_deep(text)) return false;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) add(json, received);
  else
    for (const Json& envelope : json) add(envelope, received);
  return !json.is_discarded();
}

}  // namespace

Received read_envelopes(std::string_view body) {
  Received received;
  if (add_text(body, received)) return received;
  for (std::size_t end = 0; !body.empty(); body.remove_prefix(end)) {
    end = std::min(body.find('\n'), body.size() - 1) + 1;
    add_text(body.substr(0, end), received);
  }
  return received;
}

std::string within_dimensions(const std::string& text) {
  const std::string quoted = dump(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string line_of(const Record& record, WallTime now) {
  return fmt::format("{} {} {}{}{}\n", format_utc(record.time == WallTime{} ? now : record.time), record.level, record.text, record.dimensions.empty() ? "" : " ",
                     record.dimensions);
}

}  // namespace mlpipe::insights
