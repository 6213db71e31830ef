#include "cli/run_here.h"

#include "cli/streams.h"
#include "cli/tracing.h"
#include "report/console.h"
#include "report/json.h"
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

 private:
  std::vector<std::unique_ptr<EventSink>> sinks_;
};

// `printed`: whether all events reached stdout.
FanOut make_sinks(const Reporting& reporting, Status& printed) {
  FanOut sinks;
  // First, so that whatever else fails, what a step printed is on disk.
  sinks.add(make_log_tree());
  if (reporting.json)
    sinks.add(make_json_lines([&printed](std::string_view line) {
      if (printed) printed = print(line);
    }));
  ConsoleOptions options = console_options(2);
  options.quiet = reporting.quiet;
  // JSON lines on the same terminal would run through the table.
  if (reporting.json && is_terminal(1)) options.live = false;
  sinks.add(make_console(options));
  return sinks;
}

}  // namespace

void Reporting::declare(Options& options) {
  options.flag("--json", json, "every event as a line of JSON on stdout");
  options.flag("-q,--quiet", quiet, "only failures and the last line");
  options.value("--otel", otel, "URL", "sends a trace of the run there, by OTLP over HTTP (http://localhost:4318); or OTEL_EXPORTER_OTLP_ENDPOINT");
}

Result<int> run_here(Pipeline pipeline, const Store& store, RunRequest request, const Reporting& reporting) {
  MLPIPE_TRY(Tracing tracing, Tracing::begin(reporting.otel));
  request.trace = tracing.run();
  Status printed;
  FanOut sinks = make_sinks(reporting, printed);
  if (auto trace = tracing.sink()) sinks.add(std::move(trace));
  MLPIPE_TRY_VOID(place_downloads(pipeline, store, Fetch::missing, &sinks));
  MLPIPE_TRY(const RunInfo info, run_pipeline(pipeline, store, request, sinks));
  tracing.end(info.took);
  if (!printed && info.exit_code == 0) return printed.error();
  return info.exit_code;
}

}  // namespace mlpipe::cli
