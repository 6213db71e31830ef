#include "run/tracking.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <utility>

#include "base/text.h"
#include "system/blake3.h"
#include "system/process.h"

namespace mlpipe {
namespace {

// mlflow takes letters, digits, - and _ for an id.
std::string experiment_id(const std::string& step) { return digest_of(step).hex().substr(0, 16); }

std::string run_id(const RunHeader& run, const Step& step) { return fmt::format("{}-{}", run.id, experiment_id(step.name)); }

long long milliseconds(WallTime time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count(); }

// A text in YAML, on one line.
std::string yaml_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  return out + "'";
}

// Of a line "1795441219739 1.5 2": time, value, step.
std::optional<MetricPoint> point_of(std::string_view line) {
  const auto words = split(trim(line), ' ');
  const auto time = parse_integer(words[0]);
  if (words.size() < 2 || !time) return std::nullopt;
  const auto value = words[1] == "nan" ? std::optional(std::nan("")) : parse_number(words[1]);
  if (!value) return std::nullopt;
  return MetricPoint{words.size() > 2 ? parse_integer(words[2]).value_or(0) : 0, WallTime(std::chrono::milliseconds(*time)), *value};
}

// As mlflow orders them: by step, then by time. Lines that mlflow 3 repeats for each model that it logs are no news.
std::vector<MetricPoint> points_in(const Path& file) {
  std::vector<MetricPoint> points;
  const auto text = read_file(file);
  std::set<std::string_view> seen;
  for (const std::string_view line : text ? split(*text, '\n') : std::vector<std::string_view>())
    if (const auto point = point_of(line); point && seen.insert(line).second) points.push_back(*point);
  std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return std::pair(a.step, a.time) < std::pair(b.step, b.time); });
  return points;
}

void read_metrics(const Path& folder, std::map<std::string, std::vector<MetricPoint>>& metrics) {
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (!at->is_regular_file(failed)) continue;
    if (auto points = points_in(at->path()); !points.empty()) metrics.emplace(at->path().lexically_relative(folder).string(), std::move(points));
  }
}

}  // namespace

Path Tracking::experiment(const std::string& step) const { return folder_ / experiment_id(step); }

Status Tracking::make(const Path& experiment, const std::string& id, const RunHeader& run, const Step& step) const {
  MLPIPE_TRY_VOID(remove_tree(experiment));  // of a try before
  for (const char* part : {"metrics", "params", "tags", "artifacts"}) MLPIPE_TRY_VOID(make_dirs(experiment / id / part));
  const long long now = milliseconds(run.started);
  MLPIPE_TRY_VOID(write_file(experiment / "meta.yaml", fmt::format("artifact_location: {}\ncreation_time: {}\nexperiment_id: '{}'\nlast_update_time: {}\n"
                                                                   "lifecycle_stage: active\nname: {}\n",
                                                                   yaml_text("file://" + experiment.string()), now, experiment_id(step.name), now,
                                                                   yaml_text(run.pipeline + "/" + step.name))));
  MLPIPE_TRY_VOID(write_file(experiment / id / "tags" / "mlflow.runName", step.name));
  return write_file(experiment / id / "meta.yaml",
                    fmt::format("artifact_uri: {}\nend_time: null\nentry_point_name: ''\nexperiment_id: '{}'\nlifecycle_stage: active\nrun_id: {}\n"
                                "run_name: {}\nrun_uuid: {}\nsource_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: {}\nstatus: 1\n"
                                "tags: []\nuser_id: {}\n",
                                yaml_text("file://" + (experiment / id / "artifacts").string()), experiment_id(step.name), id, yaml_text(step.name), id, now,
                                yaml_text(run.user)));
}

Result<std::vector<std::string>> Tracking::variables(const RunHeader& run, const Step& step, const std::vector<std::string>& environment) const {
  if (environment_value(environment, "MLFLOW_TRACKING_URI")) return std::vector<std::string>{"MLPIPE_STAND_INS=" + notes_.string()};
  const std::string id = run_id(run, step);
  MLPIPE_TRY_VOID(make(experiment(step.name), id, run, step));
  return std::vector<std::string>{"MLFLOW_TRACKING_URI=file://" + folder_.string(), "MLFLOW_EXPERIMENT_ID=" + experiment_id(step.name), "MLFLOW_RUN_ID=" + id,
                                  "MLFLOW_ALLOW_FILE_STORE=true", "MLPIPE_STAND_INS=" + notes_.string()};
}

// The step's own run before those that it has started besides: whose name comes first is told.
std::vector<Path> Tracking::metric_folders(const std::string& step) const {
  std::vector<Path> folders;
  const auto runs = list_folder(experiment(step));
  for (const bool own : {true, false})
    for (const std::string& run : runs ? *runs : std::vector<std::string>())
      if (run.ends_with(experiment_id(step)) == own) folders.push_back(experiment(step) / run / "metrics");
  return folders;
}

std::map<std::string, std::vector<MetricPoint>> Tracking::series(const std::string& step) const {
  std::map<std::string, std::vector<MetricPoint>> metrics;
  for (const Path& folder : metric_folders(step)) read_metrics(folder, metrics);
  return metrics;
}

// As mlflow tells it: of the highest step, then the latest.
std::map<std::string, double> Tracking::metrics(const Step& step) const {
  std::map<std::string, double> last;
  for (const auto& [name, points] : series(step.name)) last.emplace(name, points.back().value);
  return last;
}

std::vector<std::string> Tracking::stand_ins() const {
  auto names = list_folder(notes_);
  return names ? names.take() : std::vector<std::string>();
}

}  // namespace mlpipe
