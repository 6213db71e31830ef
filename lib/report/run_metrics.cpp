#include "report/run_metrics.h"

#include <fmt/format.h>

#include <map>

#include "base/csv_text.h"
#include "report/json_document.h"

namespace mlpipe {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

void add_csv(std::string& csv, const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) csv += ',';
    append_csv(csv, row[i]);
  }
  csv += '\n';
}

Json json_of(const StepMetrics& step) {
  Json series = Json::object();
  for (const auto& [name, points] : step.series)
    for (const MetricPoint& point : points) series[name].push_back({{"at", point.step}, {"time", format_utc(point.time)}, {"value", point.value}});
  return {{"step", step.step}, {"state", name_of(step.state)}, {"metrics", step.last}, {"series", std::move(series)}};
}

}  // namespace

// Rows stand in the order in which their metrics are first met.
std::vector<Row> metric_rows(const std::vector<RunMetrics>& runs) {
  std::vector<Row> rows{{"STEP", "METRIC"}};
  std::map<std::pair<std::string, std::string>, std::size_t> row_of;
  for (std::size_t column = 0; column < runs.size(); ++column) {
    rows[0].push_back(runs[column].header.id);
    for (const StepMetrics& step : runs[column].steps)
      for (const auto& [name, value] : step.last) {
        const auto [found, is_new] = row_of.try_emplace({step.step, name}, rows.size());
        if (is_new) rows.push_back({step.step, name});
        Row& row = rows[found->second];
        row.resize(2 + column, "-");
        row.push_back(fmt::format("{}", value));
      }
  }
  for (Row& row : rows) row.resize(2 + runs.size(), "-");
  return rows;
}

std::string metric_csv(const std::vector<RunMetrics>& runs, bool series) {
  std::string csv = series ? "run,step,metric,at,time,value\n" : "run,step,metric,value\n";
  for (const RunMetrics& run : runs)
    for (const StepMetrics& step : run.steps) {
      if (!series)
        for (const auto& [name, value] : step.last) add_csv(csv, {run.header.id, step.step, name, fmt::format("{}", value)});
      else
        for (const auto& [name, points] : step.series)
          for (const MetricPoint& point : points)
            add_csv(csv, {run.header.id, step.step, name, std::to_string(point.step), format_utc(point.time), fmt::format("{}", point.value)});
    }
  return csv;
}

std::string to_json(const std::vector<RunMetrics>& runs) {
  Json json = json_document("metrics");
  json["runs"] = Json::array();
  for (const RunMetrics& run : runs) {
    Json steps = Json::array();
    for (const StepMetrics& step : run.steps) steps.push_back(json_of(step));
    json["runs"].push_back({{"run", run.header.id}, {"pipeline", run.header.pipeline}, {"started", format_utc(run.header.started)}, {"state", name_of(run.state)},
                            {"steps", std::move(steps)}});
  }
  return json_text(json);
}

}  // namespace mlpipe
