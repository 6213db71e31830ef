#include "report/json.h"

#include <map>
#include <tuple>

#include "report/json_document.h"
#include "system/files.h"

namespace mlpipe {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::optional<Digest>& digest) { return digest ? Json(digest->hex()) : Json(nullptr); }

Json json_of(const RunHeader& header) {
  return {{"id", header.id},
          {"pipeline", header.pipeline},
          {"spec", header.spec.string()},
          {"started", format_utc(header.started)},
          {"command_line", header.command_line},
          {"overrides", header.overrides},
          {"selection", header.selection},
          {"mlpipe_version", header.mlpipe_version},
          {"host", header.host},
          {"user", header.user},
          {"pid", header.pid},
          {"parameters", header.parameters},
          {"inputs", header.inputs},
          {"rerun_of", header.rerun_of}};
}

Json json_of(const ScoreCounts& counts) {
  return {{"mini_batches", counts.mini_batches}, {"failed_mini_batches", counts.failed_mini_batches},
          {"items", counts.items},               {"failed_items", counts.failed_items},
          {"rows", counts.rows}};
}

Json json_of(const std::vector<StoredOutput>& outputs) {
  Json list = Json::array();
  for (const StoredOutput& output : outputs)
    list.push_back({{"name", output.name},
                    {"tree", output.tree.hex()},
                    {"file", output.file},
                    {"files", output.files},
                    {"bytes", output.bytes}});
  return list;
}

Json json_of(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings)
    list.push_back({{"id", finding.id}, {"cause", finding.cause}, {"hint", finding.hint}, {"more", troubleshooting_place(finding)}});
  return list;
}

Json json_of(const StepRecord& record) {
  return {{"step", record.step},
          {"state", name_of(record.state)},
          {"reason", record.reason},
          {"cause", name_of(record.cause)},
          {"fingerprint", json_of(record.fingerprint)},
          {"reused_from", record.reused_from},
          {"started", format_utc(record.started)},
          {"took", record.took.count()},
          {"exit_code", record.exit_code},
          {"signal", record.signal},
          {"tries", record.tries},
          {"error", record.error},
          {"outputs", json_of(record.outputs)},
          {"counts", json_of(record.counts)},
          {"kept", record.kept},
          {"reads", record.reads},
          {"metrics", record.metrics},
          {"findings", json_of(record.findings)}};
}

Json json_of(const RunInfo& run) {
  Json json = json_of(run.header);
  json["state"] = name_of(run.state);
  json["exit_code"] = run.exit_code;
  json["took"] = run.took.count();
  json["steps"] = Json::array();
  for (const StepRecord& step : run.steps) json["steps"].push_back(json_of(step));
  return json;
}

Json json_of(const std::map<Kind, Sum>& sums) {
  Json json = Json::object();
  for (const auto& [kind, sum] : sums) json[std::string(name_of(kind))] = {{"count", sum.count}, {"bytes", sum.bytes}};
  return json;
}

Json json_of(const std::vector<Change>& changes) {
  Json list = Json::array();
  for (const Change& change : changes)
    list.push_back({{"kind", name_of(change.kind)},
                    {"key", change.key},
                    {"path", change.path},
                    {"before", change.before},
                    {"after", change.after},
                    {"how", name_of(change.how)},
                    {"text", describe(change)}});
  return list;
}

Json json_of(const StepPlan& plan) {
  return {{"step", plan.step},
          {"verdict", name_of(plan.verdict)},
          {"reason", plan.reason},
          {"fingerprint", json_of(plan.fingerprint)},
          {"reused_from", plan.reused_from},
          {"waits_for", plan.waits_for},
          {"changes", json_of(plan.changes)},
          {"warnings", plan.warnings}};
}

Json json_of(const ParallelProgress& progress) {
  return {{"mini_batches", progress.mini_batches}, {"done", progress.done},
          {"failed", progress.failed},             {"items", progress.items},
          {"items_done", progress.items_done},     {"items_failed", progress.items_failed},
          {"workers", progress.workers},
          {"remaining", progress.remaining ? Json(progress.remaining->count()) : Json(nullptr)}};
}

Json fields(const RunStarted& e) {
  Json json = json_of(e.header);
  return {{"event", "run_started"}, {"run", std::move(json)}, {"steps", e.steps}, {"jobs", e.jobs}, {"folder", e.folder.string()}};
}
Json fields(const Notice& e) { return {{"event", "notice"}, {"step", e.step}, {"message", e.message}, {"hint", e.hint}}; }
Json fields(const StepWaiting& e) { return {{"event", "step_waiting"}, {"step", e.step}}; }
Json fields(const StepStarted& e) {
  return {{"event", "step_started"}, {"step", e.step}, {"reason", e.reason},
          {"logs", e.logs.string()}, {"attempt", e.attempt}, {"parallel", e.parallel}};
}
Json fields(const StepOutputText& e) {
  const char* stream = e.is_stderr ? "stderr" : "stdout";
  const Json mini_batch = e.mini_batch ? Json(*e.mini_batch) : Json(nullptr);
  return {{"event", "step_output"}, {"step", e.step}, {"worker", e.worker}, {"stream", stream}, {"text", e.text}, {"mini_batch", mini_batch}};
}
Json fields(const WorkerEnded& e) {
  return {{"event", "worker_ended"}, {"step", e.step}, {"worker", e.worker}, {"began", format_utc(e.began)}, {"took", e.took.count()}, {"cause", e.cause}};
}
Json fields(const MiniBatchEnded& e) {
  return {{"event", "mini_batch_ended"},  {"step", e.step},
          {"worker", e.worker},           {"mini_batch", e.tried.mini_batch},
          {"attempt", e.tried.picked},    {"began", format_utc(e.tried.start)},
          {"took", Seconds(e.tried.elapsed).count()}, {"run", Seconds(e.tried.run).count()},
          {"items", e.tried.items},       {"failed_items", e.tried.failed},
          {"done", e.tried.end == TryEnd::done}, {"error", e.tried.message}};
}
Json fields(const StepProgress& e) { return {{"event", "step_progress"}, {"step", e.step}, {"progress", json_of(e.progress)}}; }
Json fields(const StepRetried& e) { return {{"event", "step_retried"}, {"step", e.step}, {"cause", e.cause}, {"attempt", e.attempt}}; }
Json fields(const StepEnded& e) {
  Json published = Json::array();
  for (const auto& [output, path] : e.published) published.push_back({{"output", output}, {"path", path.string()}});
  return {{"event", "step_ended"},
          {"step", e.record.step},
          {"record", json_of(e.record)},
          {"details", e.details},
          {"mini_batch", e.mini_batch ? Json(*e.mini_batch) : Json(nullptr)},
          {"items", e.items},
          {"log", e.log.string()},
          {"again", e.again},
          {"replay", e.replay},
          {"hint", e.hint},
          {"published", std::move(published)}};
}
Json fields(const RunEnded& e) {
  Json outputs = Json::object();
  for (const auto& [name, path] : e.outputs) outputs[name] = path.string();
  return {{"event", "run_ended"}, {"run", json_of(e.info)}, {"hint", e.hint}, {"outputs", std::move(outputs)}};
}

// A document with these fields.
std::string document(std::string_view kind, const Json& fields) {
  Json json = json_document(kind);
  json.update(fields);
  return json_text(json);
}

// Bytes at the end of `text` that may be the beginning of one character.
std::size_t half_character(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

class JsonLines final : public EventSink {
 public:
  explicit JsonLines(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

  void on(const Event& event) override {
    if (const auto* output = std::get_if<StepOutputText>(&event)) return write_output(*output);
    if (std::holds_alternative<MiniBatchEnded>(event)) return;  // thousands of lines that say what step_progress sums up
    if (const auto* ended = std::get_if<StepEnded>(&event)) write_halves(ended->record.step);
    write(event);
  }

 private:
  using Speaker = std::tuple<std::string, std::string, bool>;  // step, worker, is_stderr

  void write(const Event& event) { write_(to_json(event) + "\n"); }

  // A character that was cut by a read arrives whole, with what follows it.
  void write_output(StepOutputText output) {
    std::string& half = halves_[{output.step, output.worker, output.is_stderr}];
    output.text.insert(0, half);
    const std::size_t kept = half_character(output.text);
    half = output.text.substr(output.text.size() - kept);
    output.text.resize(output.text.size() - kept);
    if (!output.text.empty()) write(output);
  }

  void write_halves(const std::string& step) {
    for (auto at = halves_.lower_bound({step, "", false}); at != halves_.end() && std::get<0>(at->first) == step; at = halves_.erase(at))
      if (!at->second.empty()) write(StepOutputText{step, std::get<1>(at->first), std::get<2>(at->first), at->second});
  }

  std::function<void(std::string_view)> write_;
  std::map<Speaker, std::string> halves_;
};

Json json_of(const std::vector<WhyLink>& chain) {
  Json list = Json::array();
  for (const WhyLink& link : chain) list.push_back({{"step", link.step}, {"cause", link.cause}});
  return list;
}

Json json_of(const StepWhy& why) {
  return {{"step", why.step},
          {"chain", json_of(why.chain)},
          {"chain_now", json_of(why.chain_now)},
          {"reused_before", why.reused_before},
          {"needs", why.needs},
          {"run", why.run},
          {"against", why.against},
          {"recorded", why.recorded ? json_of(*why.recorded) : Json(nullptr)},
          {"changes", json_of(why.changes)},
          {"now", why.now ? json_of(*why.now) : Json(nullptr)}};
}

Json json_of(const Diagnostic& d) {
  return {{"severity", d.severity == Severity::error ? "error" : "warning"},
          {"file", d.where.file},
          {"line", d.where.line},
          {"column", d.where.column},
          {"length", d.where.length},
          {"message", d.message},
          {"hint", d.hint}};
}

Json json_of(const Fact& fact) { return {{"name", fact.name}, {"value", fact.value}, {"ok", fact.ok}, {"hint", fact.hint}}; }

template <class T>
std::string list_of(std::string_view kind, const char* name, const std::vector<T>& values) {
  Json json = json_document(kind);
  json[name] = Json::array();
  for (const T& value : values) json[name].push_back(json_of(value));
  return json_text(json);
}

}  // namespace

std::string to_json(const Event& event) {
  return document("event", std::visit([](const auto& happening) { return fields(happening); }, event));
}

std::unique_ptr<EventSink> make_json_lines(std::function<void(std::string_view)> write) { return std::make_unique<JsonLines>(std::move(write)); }

std::string to_json(const RunInfo& run) { return document("run", json_of(run)); }
std::string to_json(const std::vector<RunInfo>& runs) { return list_of("runs", "runs", runs); }
std::string to_json(const std::vector<StepPlan>& plan) { return list_of("plan", "steps", plan); }
std::string to_json(const std::vector<Diagnostic>& diagnostics) { return list_of("diagnostics", "diagnostics", diagnostics); }
std::string to_json(const std::vector<StepWhy>& steps) { return list_of("why", "steps", steps); }
std::string to_json(const std::vector<Fact>& facts) { return list_of("facts", "facts", facts); }
std::string to_json(const std::string& run, const std::vector<StepDiagnosis>& steps) {
  Json json{{"run", run}, {"steps", Json::array()}};
  for (const StepDiagnosis& step : steps)
    json["steps"].push_back({{"step", step.step},
                             {"state", step.recorded ? Json(name_of(step.recorded->state)) : Json(nullptr)},
                             {"error", step.recorded ? step.recorded->error : ""},
                             {"log", step.log.string()},
                             {"of_run", json_of(step.of_run)},
                             {"beforehand", json_of(step.beforehand)}});
  return document("diagnosis", json);
}

std::string to_json(const std::vector<EnvironmentListing>& environments) {
  Json list = Json::array();
  for (const EnvironmentListing& one : environments)
    list.push_back({{"name", one.name}, {"steps", one.steps}, {"python", one.python}, {"mapped", one.mapped}, {"missing", one.missing}});
  Json json = json_document("environments");
  json["environments"] = std::move(list);
  return json_text(json);
}

std::string to_json(const GcPlan& plan, bool dry_run) {
  Json json = json_document("gc");
  json["dry_run"] = dry_run;
  json["removed"] = Json::array();
  for (const Item& item : plan.removed)
    json["removed"].push_back({{"kind", name_of(item.kind)}, {"name", item.name}, {"bytes", item.bytes}, {"used", format_utc(item.used)}});
  json["stays"] = json_of(plan.stays);
  json["runs"] = {{"kept", plan.kept}, {"running", plan.living}};
  json["bytes_before"] = plan.before;
  json["bytes_after"] = plan.after;
  json["too_large"] = plan.too_large();
  return json_text(json);
}

std::string to_json(const CacheStatistics& statistics) {
  Json json = json_document("cache-statistics");
  json["bytes"] = statistics.bytes;
  json["kinds"] = json_of(statistics.kinds);
  json["steps"] = Json::array();
  for (const StepShare& share : statistics.steps)
    json["steps"].push_back({{"pipeline", share.pipeline}, {"step", share.step}, {"results", share.results.count}, {"bytes", share.results.bytes}});
  json["runs"] = statistics.runs;
  json["hits"] = statistics.hits;
  json["misses"] = statistics.misses;
  json["causes"] = Json::object();
  for (const auto& [cause, count] : statistics.causes) json["causes"][std::string(name_of(cause))] = count;
  return json_text(json);
}

std::string to_json(const Exchanged& exchanged) {
  Json json = json_document("cache-exchange");
  json["results"] = exchanged.results;
  json["added"] = exchanged.added;
  json["bytes"] = exchanged.bytes;
  json["notices"] = exchanged.notices;
  return json_text(json);
}

std::string to_json(const StoreProof& proof) {
  Json json = json_document("store-proof");
  json["results"] = proof.results;
  json["outputs"] = proof.objects;
  json["texts"] = proof.texts;
  json["runs"] = proof.runs;
  json["bytes"] = proof.bytes;
  json["damages"] = Json::array();
  for (const Damage& damage : proof.damages) json["damages"].push_back({{"what", damage.what}, {"hint", damage.hint}});
  return json_text(json);
}

std::string to_json(const OutputPlace& place) {
  return document("output", {{"run", place.run}, {"step", place.step}, {"output", json_of(std::vector{place.output})[0]}, {"path", place.path.string()}});
}

std::string to_json(const Written& written) {
  Json files = Json::array();
  for (const Path& file : written.files) files.push_back(file.string());
  return document("written", {{"run", written.run}, {"files", std::move(files)}, {"command", written.command}});
}

std::string python_pipeline_request(const Path& file, const std::string& function, const std::map<std::string, std::string>& values,
                                    const std::map<std::string, std::string>& data, const Path& to) {
  return json_text({{"file", file.string()}, {"function", function}, {"values", values}, {"data", data}, {"to", to.string()}});
}

std::string to_json(const azure::PipelineJob& job) {
  Json json = {{"files", Json::array()}, {"notes", Json::array()}, {"left_out", job.left_out}};
  for (const auto& [name, text] : job.files) json["files"].push_back(name.string());
  for (const azure::Note& note : job.notes) json["notes"].push_back({{"step", note.step}, {"message", note.message}});
  return document("azure-job", json);
}

}  // namespace mlpipe
