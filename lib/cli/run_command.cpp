#include "cli/command.h"
#include "cli/request_arguments.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "report/console.h"
#include "report/json.h"
#include "report/log_tree.h"
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

struct Arguments {
  Place place;
  Changes changes;
  RequestArguments request;
  bool json = false, quiet = false;
};

// `printed`: whether all events reached stdout.
FanOut make_sinks(const Arguments& arguments, Status& printed) {
  FanOut sinks;
  // First, so that whatever else fails, what a step printed is on disk.
  sinks.add(make_log_tree());
  if (arguments.json)
    sinks.add(make_json_lines([&printed](std::string_view line) {
      if (printed) printed = print(line);
    }));
  ConsoleOptions options = console_options(2);
  options.quiet = arguments.quiet;
  // JSON lines on the same terminal would run through the table.
  if (arguments.json && is_terminal(1)) options.live = false;
  sinks.add(make_console(options));
  return sinks;
}

Result<int> run(const Arguments& arguments) {
  MLPIPE_TRY(const RunRequest request, arguments.request.request(arguments.changes.uses));
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::write));
  Status printed;
  FanOut sinks = make_sinks(arguments, printed);
  MLPIPE_TRY(const RunInfo info, run_pipeline(pipeline, store, request, sinks));
  if (!printed && info.exit_code == 0) return printed.error();
  return info.exit_code;
}

}  // namespace

Command run_command() {
  return {"run", "run the pipeline; steps whose code, inputs and settings did not change are reused", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare_positional(options);
            arguments->place.declare(options);
            arguments->request.declare(options);
            arguments->changes.declare(options);
            options.flag("--json", arguments->json, "every event as a line of JSON on stdout");
            options.flag("-q,--quiet", arguments->quiet, "only failures and the last line");
            return [arguments] { return run(*arguments); };
          }};
}

}  // namespace mlpipe::cli
