#include "store/records.h"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

using Json = nlohmann::json;

// Text that is not UTF-8 (file names, arguments) must not throw.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::optional<Json> parse_object(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

const Json& member(const Json& json, const char* key) {
  static const Json nothing;
  const auto found = json.find(key);
  return found == json.end() ? nothing : *found;
}

std::string text_of(const Json& json, const char* key) {
  const Json& value = member(json, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

template <class Number>
Number number_of(const Json& json, const char* key, Number otherwise = 0) {
  const Json& value = member(json, key);
  return value.is_number() ? value.get<Number>() : otherwise;
}

Seconds seconds_of(const Json& json, const char* key) { return Seconds(number_of<double>(json, key)); }

Json to_json(Seconds time) { return std::isfinite(time.count()) ? Json(std::round(time.count() * 1e6) / 1e6) : Json(0); }

std::vector<std::string> texts_of(const Json& json, const char* key) {
  std::vector<std::string> texts;
  const Json& values = member(json, key);
  if (!values.is_array()) return texts;
  for (const Json& value : values)
    if (value.is_string()) texts.push_back(value.get<std::string>());
  return texts;
}

template <class Enum>
std::optional<Enum> named(const std::string& name, std::initializer_list<Enum> all) {
  for (const Enum value : all)
    if (name_of(value) == name) return value;
  return std::nullopt;
}

Json to_json(const StoredOutput& output) {
  Json json = {{"name", output.name}, {"tree", output.tree.hex()}, {"files", output.files}, {"bytes", output.bytes}};
  if (!output.file.empty()) json["file"] = output.file;
  return json;
}

Json to_json(const std::vector<StoredOutput>& outputs) {
  Json list = Json::array();
  for (const StoredOutput& output : outputs) list.push_back(to_json(output));
  return list;
}

std::optional<std::vector<StoredOutput>> outputs_of(const Json& json) {
  std::vector<StoredOutput> outputs;
  for (const Json& each : member(json, "outputs")) {
    const auto tree = each.is_object() ? Digest::parse(text_of(each, "tree")) : std::nullopt;
    if (!tree) return std::nullopt;
    outputs.push_back({text_of(each, "name"), *tree, text_of(each, "file"), number_of<std::uint64_t>(each, "files"),
                       number_of<std::uint64_t>(each, "bytes")});
  }
  return outputs;
}

Json to_json(const ScoreCounts& counts) {
  return {{"mini_batches", counts.mini_batches},
          {"failed_mini_batches", counts.failed_mini_batches},
          {"items", counts.items},
          {"failed_items", counts.failed_items},
          {"rows", counts.rows}};
}

ScoreCounts counts_of(const Json& json) {
  const Json& counts = member(json, "counts");
  if (!counts.is_object()) return {};
  const auto count = [&](const char* key) { return number_of<std::uint64_t>(counts, key); };
  return {count("mini_batches"), count("failed_mini_batches"), count("items"), count("failed_items"), count("rows")};
}

void put_text(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

void put_texts(Json& json, const char* key, const std::vector<std::string>& texts) {
  if (!texts.empty()) json[key] = texts;
}

template <class Number>
void put_number(Json& json, const char* key, Number number, Number otherwise = 0) {
  if (number != otherwise) json[key] = number;
}

std::map<std::string, std::string> map_of(const Json& json, const char* key) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : member(json, key).items())
    if (value.is_string()) texts.emplace(name, value.get<std::string>());
  return texts;
}

// JSON has no word for what is not finite: no number is null, infinity a text.
Json json_of_metric(double value) { return std::isinf(value) ? Json(value > 0 ? "inf" : "-inf") : Json(value); }

std::optional<double> metric_of(const Json& json) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (json.is_null()) return std::nan("");
  if (json == "inf" || json == "-inf") return json == "inf" ? infinity : -infinity;
  return json.is_number() ? std::optional(json.get<double>()) : std::nullopt;
}

std::map<std::string, double> metrics_of(const Json& json) {
  std::map<std::string, double> metrics;
  for (const auto& [name, value] : member(json, "metrics").items())
    if (const auto metric = metric_of(value)) metrics.emplace(name, *metric);
  return metrics;
}

void put_metrics(Json& json, const std::map<std::string, double>& metrics) {
  for (const auto& [name, value] : metrics) json["metrics"][name] = json_of_metric(value);
}

void put_map(Json& json, const char* key, const std::map<std::string, std::string>& texts) {
  if (!texts.empty()) json[key] = texts;
}

std::vector<Finding> findings_of(const Json& json) {
  std::vector<Finding> findings;
  for (const Json& each : member(json, "findings"))
    if (each.is_object()) findings.push_back({text_of(each, "id"), text_of(each, "cause"), text_of(each, "hint")});
  return findings;
}

void put_findings(Json& json, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) json["findings"].push_back({{"id", finding.id}, {"cause", finding.cause}, {"hint", finding.hint}});
}

void put_counts(Json& json, const ScoreCounts& counts) {
  if (counts.mini_batches > 0) json["counts"] = to_json(counts);
}

// Nothing: what the check sum was made of has changed.
std::optional<std::string_view> unsealed(std::string_view text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end), rest = end == text.npos ? std::string_view() : trim(text.substr(end));
  if (rest.empty() || rest == digest_of(line).hex()) return line;
  return std::nullopt;
}

RunHeader header_of(const Json& json) {
  return {text_of(json, "id"),           text_of(json, "pipeline"),
          text_of(json, "spec"),         parse_utc(text_of(json, "started")),
          texts_of(json, "command_line"), texts_of(json, "overrides"),
          texts_of(json, "selection"),   text_of(json, "mlpipe_version"),
          text_of(json, "host"),         text_of(json, "user"),
          number_of<int>(json, "pid"),   text_of(json, "mark"),
          map_of(json, "parameters"),    map_of(json, "inputs"),
          text_of(json, "rerun_of"),     map_of(json, "pipeline_outputs"),
          text_of(json, "beside_store"),
          outputs_of(json).value_or(std::vector<StoredOutput>())};
}

MissCause cause_of(const std::string& name) {
  for (int cause = 0; cause <= static_cast<int>(MissCause::forced); ++cause)
    if (name_of(static_cast<MissCause>(cause)) == name) return static_cast<MissCause>(cause);
  return MissCause::unknown;
}

std::optional<StepRecord> step_of(const Json& json) {
  using enum StepState;
  const auto state = named(text_of(json, "state"), {ran, reused, used, failed, skipped, stopped});
  auto outputs = outputs_of(json);
  if (!state || !outputs) return std::nullopt;
  StepRecord record;
  record.step = text_of(json, "step");
  record.state = *state;
  record.reason = text_of(json, "reason");
  record.cause = cause_of(text_of(json, "cause"));
  record.fingerprint = Digest::parse(text_of(json, "fingerprint"));
  record.reused_from = text_of(json, "reused_from");
  record.started = parse_utc(text_of(json, "started"));
  record.took = seconds_of(json, "took");
  record.exit_code = number_of<int>(json, "exit_code");
  record.signal = number_of<int>(json, "signal");
  record.tries = number_of<int>(json, "tries", 1);
  record.error = text_of(json, "error");
  record.outputs = std::move(*outputs);
  record.counts = counts_of(json);
  record.kept = text_of(json, "kept");
  record.reads = map_of(json, "reads");
  record.metrics = metrics_of(json);
  record.findings = findings_of(json);
  return record;
}

bool decode_end(const Json& json, RunInfo& info) {
  using enum RunState;
  const auto state = named(text_of(json, "state"), {succeeded, failed, stopped});
  if (!state) return false;
  info.state = *state;
  info.exit_code = number_of<int>(json, "exit_code");
  info.took = seconds_of(json, "took");
  return true;
}

}  // namespace

std::string encode(const StepResult& result) {
  Json json = {{"fingerprint", result.fingerprint.hex()}, {"step", result.step},
               {"run", result.run_id},                    {"finished", format_utc(result.finished)},
               {"took", to_json(result.took)},            {"outputs", to_json(result.outputs)}};
  put_counts(json, result.counts);
  put_metrics(json, result.metrics);
  if (!result.unfingerprinted.empty()) json["unfingerprinted"] = result.unfingerprinted;
  if (result.sample) json["sample"] = true;
  return dump(json);
}

std::string sealed(const std::string& line) { return line + "\n" + digest_of(line).hex() + "\n"; }

std::optional<StepResult> decode_result(std::string_view text) {
  const auto line = unsealed(text);
  const auto json = line ? parse_object(*line) : std::nullopt;
  if (!json) return std::nullopt;
  const auto fingerprint = Digest::parse(text_of(*json, "fingerprint"));
  auto outputs = outputs_of(*json);
  if (!fingerprint || !outputs) return std::nullopt;
  StepResult result;
  result.fingerprint = *fingerprint;
  result.step = text_of(*json, "step");
  result.run_id = text_of(*json, "run");
  result.finished = parse_utc(text_of(*json, "finished"));
  result.took = seconds_of(*json, "took");
  result.outputs = std::move(*outputs);
  result.counts = counts_of(*json);
  result.metrics = metrics_of(*json);
  result.unfingerprinted = map_of(*json, "unfingerprinted");
  result.sample = member(*json, "sample") == true;
  return result;
}

std::string encode(const RunHeader& header) {
  Json json = {{"record", "run"},
               {"id", header.id},
               {"pipeline", header.pipeline},
               {"spec", header.spec.string()},
               {"started", format_utc(header.started)}};
  put_texts(json, "command_line", header.command_line);
  put_texts(json, "overrides", header.overrides);
  put_texts(json, "selection", header.selection);
  put_text(json, "mlpipe_version", header.mlpipe_version);
  put_text(json, "host", header.host);
  put_text(json, "user", header.user);
  put_number(json, "pid", header.pid);
  put_text(json, "mark", header.mark);
  put_map(json, "parameters", header.parameters);
  put_map(json, "inputs", header.inputs);
  put_text(json, "rerun_of", header.rerun_of);
  put_map(json, "pipeline_outputs", header.outputs);
  put_text(json, "beside_store", header.beside_store);
  if (!header.given.empty()) json["outputs"] = to_json(header.given);
  return dump(json);
}

std::string encode(const StepRecord& record) {
  Json json = {{"record", "step"},
               {"step", record.step},
               {"state", name_of(record.state)},
               {"started", format_utc(record.started)},
               {"took", to_json(record.took)}};
  put_text(json, "reason", record.reason);
  if (record.cause != MissCause::unknown) json["cause"] = name_of(record.cause);
  if (record.fingerprint) json["fingerprint"] = record.fingerprint->hex();
  put_text(json, "reused_from", record.reused_from);
  put_number(json, "exit_code", record.exit_code);
  put_number(json, "signal", record.signal);
  put_number(json, "tries", record.tries, 1);
  put_text(json, "error", record.error);
  if (!record.outputs.empty()) json["outputs"] = to_json(record.outputs);
  put_counts(json, record.counts);
  put_text(json, "kept", record.kept);
  put_map(json, "reads", record.reads);
  put_metrics(json, record.metrics);
  put_findings(json, record.findings);
  return dump(json);
}

std::string encode_end(RunState state, int exit_code, Seconds took) {
  return dump({{"record", "end"}, {"state", name_of(state)}, {"exit_code", exit_code}, {"took", to_json(took)}});
}

bool decode_line(std::string_view line, RunInfo& info) {
  const auto json = parse_object(line);
  if (!json) return false;
  const std::string record = text_of(*json, "record");
  if (record == "end") return decode_end(*json, info);
  if (record == "run") {
    info.header = header_of(*json);
    return true;
  }
  auto step = record == "step" ? step_of(*json) : std::nullopt;
  if (step) info.steps.push_back(std::move(*step));
  return step.has_value();
}

}  // namespace mlpipe
