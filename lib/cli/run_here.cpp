#include "cli/run_here.h"

#include "cli/streams.h"
#include "cli/tracing.h"
#include "report/console.h"
#include "report/github.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/log_tree.h"
#include "run/downloads.h"
#include "run/runner.h"
#include "system/host.h"

namespace mlpipe::cli {
namespace {

class FanOut final : public EventSink {
 public:
  void add(std::unique_ptr<EventSink> sink) { sinks_.push_back(std::move(sink)); }
  void on(const Event& event) override {
    for (const auto& sink : sinks_) sink->on(event);
  }
  void pulse(const std::map<std::string, std::uint64_t>& memory) override {
    for (const auto& sink : sinks_) sink->pulse(memory);
  }

 private:
  std::vector<std::unique_ptr<EventSink>> sinks_;
};

// What became of what the sinks write.
struct Written {
  Status events, junit;
};

std::unique_ptr<EventSink> console_sink(const Reporting& reporting) {
  ConsoleOptions options = console_options(2);
  options.quiet = reporting.quiet;
  // JSON lines on the same terminal would run through the table.
  if (reporting.json && is_terminal(1)) options.live = false;
  return make_console(options);
}

std::unique_ptr<EventSink> github_sink(GitHubJob job, const Pipeline& pipeline) {
  std::map<std::string, Location> places;
  for (const Step& step : pipeline.steps) places.emplace(step.name, step.where);
  return make_github(std::move(job), std::move(places), tell_lines);
}

FanOut make_sinks(const Reporting& reporting, const Pipeline& pipeline, Written& written) {
  FanOut sinks;
  // First, so that whatever else fails, what a step printed is on disk.
  sinks.add(make_log_tree());
  if (reporting.json)
    sinks.add(make_json_lines([&written](std::string_view line) {
      if (written.events) written.events = print(line);
    }));
  sinks.add(console_sink(reporting));
  if (reporting.junit) sinks.add(make_junit(*reporting.junit, written.junit));
  if (auto job = github_job()) sinks.add(github_sink(std::move(*job), pipeline));
  return sinks;
}

}  // namespace

void Reporting::declare(Options& options) {
  options.flag("--json", json, "every event as a line of JSON on stdout");
  options.value("--junit", junit, "FILE", "write the steps and how they ended as JUnit XML, when the run ends");
  options.flag("-q,--quiet", quiet, "only failures and the last line");
  options.value("--otel", otel, "URL", "sends a trace of the run there, by OTLP over HTTP (http://localhost:4318); or OTEL_EXPORTER_OTLP_ENDPOINT");
}

Status Reporting::begin() const {
  if (!junit) return {};
  const auto cleared = clear_junit(*junit);
  if (cleared) return {};
  return Error{ErrorKind::usage, "--junit: " + cleared.error().message, cleared.error().hint};
}

Result<int> run_here(Pipeline pipeline, const Store& store, RunRequest request, const Reporting& reporting) {
  MLPIPE_TRY(Tracing tracing, Tracing::begin(reporting.otel));
  request.trace = tracing.run();
  Written written;
  FanOut sinks = make_sinks(reporting, pipeline, written);
  if (auto trace = tracing.sink()) sinks.add(std::move(trace));
  MLPIPE_TRY_VOID(place_downloads(pipeline, store, Fetch::missing, &sinks));
  const Result<RunInfo> ran = run_pipeline(pipeline, store, request, sinks);
  tracing.end(ran ? ran->took : Seconds{});  // also what had ended when the run could not go on
  MLPIPE_TRY(const RunInfo info, ran);
  for (const Status* status : {&written.events, &written.junit})
    if (!*status && info.exit_code == 0) return status->error();
  if (!written.junit) tell(written.junit.error());
  return info.exit_code;
}

}  // namespace mlpipe::cli
