#include "report/html/report_page.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/html/assets.h"
#include "report/json.h"
#include "report/markup.h"
#include "report/picture/svg.h"
#include "system/blake3.h"

namespace mlpipe::html {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json json_of(const LogTail& log) { return {{"file", log.file}, {"text", log.text}, {"bytes", log.bytes}}; }

// Columns are shorter than points. Times are milliseconds since 1970; JSON has no NaN: it becomes null.
Json series_of(const std::map<std::string, std::vector<MetricPoint>>& metrics) {
  Json list = Json::array();
  for (const auto& [name, points] : metrics) {
    Json steps = Json::array(), times = Json::array(), values = Json::array();
    for (const MetricPoint& point : points) {
      steps.push_back(point.step);
      times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(point.time.time_since_epoch()).count());
      values.push_back(point.value);
    }
    list.push_back({{"name", name}, {"steps", std::move(steps)}, {"times", std::move(times)}, {"values", std::move(values)}});
  }
  return list;
}

Json json_of(const FailedItemFacts& failed) {
  return {{"mini_batch", failed.mini_batch}, {"item", failed.item}, {"kind", failed.kind}, {"reason", failed.reason}, {"detail", failed.detail}};
}

Json json_of(const WorkerSums& sums) {
  return {{"worker", sums.worker}, {"tries", sums.tries}, {"failed_tries", sums.failed_tries}, {"items", sums.items}, {"busy", sums.busy}};
}

Json json_of(const FailedTry& failed) {
  return {{"mini_batch", failed.mini_batch}, {"picked", failed.picked}, {"worker", failed.worker}, {"category", failed.category}, {"message", failed.message}};
}

Json json_of(const TryColumns& tries) {
  Json good = Json::array();
  for (const bool one : tries.good) good.push_back(one ? 1 : 0);
  return {{"mini_batch", tries.mini_batch}, {"picked", tries.picked}, {"worker", tries.worker}, {"begun", tries.begun},
          {"elapsed", tries.elapsed},       {"items", tries.items},   {"failed", tries.failed}, {"good", good}};
}

Json json_of(const ReportedStep& step);

template <class T>
Json list_of(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(json_of(value));
  return list;
}

Json json_of(const MiniBatchFacts& facts) {
  return {{"all_tries", facts.all_tries}, {"failed_tries", facts.failed_tries}, {"items", facts.items},
          {"least", facts.least},         {"median", facts.median},             {"p95", facts.p95},
          {"most", facts.most},           {"cut", facts.cut},                   {"workers", list_of(facts.workers)},
          {"failures", list_of(facts.failures)}, {"tries", json_of(facts.tries)}};
}

Json json_of(const ReportedStep& step) {
  return {{"name", step.name},
          {"state", step.state},
          {"outcome", step.outcome},
          {"needs", step.needs},
          {"logs_run", step.logs_run},
          {"logs_folder", step.logs_folder},
          {"logs", list_of(step.logs)},
          {"more_logs", step.more_logs},
          {"series", series_of(step.series)},
          {"mini_batches", step.mini_batches ? json_of(*step.mini_batches) : Json(nullptr)},
          {"failed_items", list_of(step.failed_items)},
          {"more_failed_items", step.more_failed_items}};
}

// Of a JSON text, in which these characters stand only in strings.
std::string safe_in_script(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 64);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = json.substr(i);
    if (json[i] == '<') {
      out += "\\u003c";
    } else if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
      out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += json[i];
    }
  }
  return out;
}

std::string graph_of(const RunReport& report) {
  picture::DrawnGraph graph{report.run.header.pipeline, {}};
  for (const ReportedStep& step : report.steps) {
    const bool reason = step.record && step.record->state == StepState::reused;
    std::string state = step.state == "not run" ? "skipped" : step.state;
    graph.steps.push_back({step.name, reason ? "reused: " + step.record->reason : step.outcome, std::move(state), step.needs});
  }
  return to_svg(graph, {.alone = false, .links = true, .widest = 1140});
}

// Every {{NAME}} of the template. What takes its place is not looked at again.
std::string filled(std::string_view text, const std::map<std::string_view, std::string_view>& values) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find("{{"), close = text.find("}}", open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    out += text.substr(0, open);
    const auto value = values.find(text.substr(open + 2, close - open - 2));
    if (value != values.end()) out += value->second;
    text.remove_prefix(close + 2);
  }
  return out.append(text);
}

}  // namespace

std::string data_of(const RunReport& report) {
  const std::string run = to_json(report.run), steps = dump(list_of(report.steps)), changes = report.changes ? to_json(*report.changes) : "null";
  return safe_in_script(fmt::format("{{\"run\":{},\"summary\":{},\"steps\":{},\"changes\":{}}}", run, dump(Json(report.summary)), steps, changes));
}

std::string to_html(const RunReport& report) {
  const std::string data = data_of(report), graph = graph_of(report), title = xml_escaped(report.run.header.pipeline);
  // Only the script and the style of this page run: nothing that a log or a name smuggles in can know a digest of itself.
  const std::string nonce = digest_of(data).hex().substr(0, 32);
  const std::string run = xml_escaped(report.run.header.id);
  return filled(template_html, {{"title", title}, {"run", run}, {"nonce", nonce}, {"style", style_css}, {"script", report_js}, {"graph", graph}, {"data", data}});
}

}  // namespace mlpipe::html
