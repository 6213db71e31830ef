#include "report/run_diff.h"

#include <fmt/format.h>

#include "report/json_document.h"

namespace mlpipe {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t deepest = 32;

template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const ValueDiff& value) { return {{"name", value.name}, {"before", json_of(value.before)}, {"after", json_of(value.after)}}; }

Json json_of(const FileDiff& file) {
  return {{"path", file.path},
          {"what", file.what},
          {"before_bytes", json_of(file.before)},
          {"after_bytes", json_of(file.after)},
          {"lines_added", file.diff.added},
          {"lines_removed", file.diff.removed},
          {"diff", file.diff.text},
          {"note", file.note}};
}

Json json_of(const Change& change) {
  return {{"kind", name_of(change.kind)}, {"key", change.key},           {"path", change.path},     {"before", change.before},
          {"after", change.after},        {"how", name_of(change.how)}, {"text", describe(change)}};
}

Json json_of(const OutputFileDiff& file) {
  return {{"path", file.path}, {"before_bytes", json_of(file.before)}, {"after_bytes", json_of(file.after)}};
}

Json json_of(const OutputDiff& output);
Json json_of(const MetricDiff& metric);
Json json_of(const StepDiff& step);

template <class T>
Json list_of(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(json_of(value));
  return list;
}

Json json_of(const OutputDiff& output) {
  const auto side = [](const std::optional<StoredOutput>& stored) {
    return stored ? Json{{"tree", stored->tree.hex()}, {"files", stored->files}, {"bytes", stored->bytes}} : Json(nullptr);
  };
  return {{"name", output.name},
          {"before", side(output.before)},
          {"after", side(output.after)},
          {"files_known", output.files_known},
          {"files", list_of(output.files)}};
}

Json json_of(const MetricDiff& metric) {
  const bool both = metric.before && metric.after;
  return {{"file", metric.file},
          {"name", metric.name},
          {"before", json_of(metric.before)},
          {"after", json_of(metric.after)},
          {"difference", both ? Json(*metric.after - *metric.before) : Json(nullptr)}};
}

Json json_of(const StepDiff& step) {
  const auto side = [](const std::optional<StepRecord>& record) {
    return record ? Json{{"state", name_of(record->state)}, {"took", record->took.count()}, {"reused_from", record->reused_from}} : Json(nullptr);
  };
  return {{"step", step.step},
          {"before", side(step.before)},
          {"after", side(step.after)},
          {"same", step.is_same()},
          {"same_fingerprint", step.same_fingerprint},
          {"changes", list_of(step.changes)},
          {"code", list_of(step.code)},
          {"code_as_of", step.code_as_of},
          {"outputs", list_of(step.outputs)},
          {"metrics", list_of(step.metrics)}};
}

Json json_of(const RunInfo& run) {
  return {{"id", run.header.id}, {"state", name_of(run.state)}, {"started", format_utc(run.header.started)}, {"took", run.took.count()}};
}

void collect(const Json& json, const std::string& name, std::size_t depth, std::map<std::string, double>& metrics) {
  if (json.is_number()) metrics.emplace(name, json.get<double>());
  if (depth == deepest || !(json.is_object() || json.is_array())) return;
  for (const auto& [key, value] : json.items()) collect(value, name.empty() ? key : name + "." + key, depth + 1, metrics);
}

}  // namespace

bool StepDiff::is_same() const {
  return before && after && before->state != StepState::failed && after->state != StepState::failed && same_fingerprint && outputs.empty();
}

std::string to_json(const RunDiff& diff) {
  Json json = json_document("diff");
  json.update(Json{{"before", json_of(diff.before)},
                   {"after", json_of(diff.after)},
                   {"spec", list_of(diff.spec)},
                   {"spec_note", diff.spec_note},
                   {"parameters", list_of(diff.parameters)},
                   {"inputs", list_of(diff.inputs)},
                   {"steps", list_of(diff.steps)}});
  return json_text(json);
}

std::map<std::string, double> metrics_in(std::string_view text) {
  std::map<std::string, double> metrics;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_discarded()) collect(json, "", 0, metrics);
  return metrics;
}

}  // namespace mlpipe
