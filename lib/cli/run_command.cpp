#include "cli/command.h"
#include "cli/request_arguments.h"
#include "cli/run_here.h"
#include "cli/spec_arguments.h"
#include "cli/watch.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  RequestArguments request;
  Reporting reporting;
  bool watch = false;
};

// What a run writes must not begin the next one. What is published lies in nothing that is watched: specs that would do that are refused.
std::vector<Path> written_by_us(const Arguments& arguments, const Pipeline& pipeline, const Store& store) {
  std::vector<Path> ours{store.root()};
  const auto source = arguments.place.source();
  // A pipeline that is a Python function has its YAML written anew each time.
  if (source && absolute_path(*source) != pipeline.file) ours.push_back(pipeline.file);
  if (arguments.reporting.junit) ours.push_back(absolute_path(*arguments.reporting.junit));
  return ours;
}

using OnPlaces = std::function<void(std::vector<WatchedPlace>)>;

// `on_places`: told what it depends on, when somebody wants to know.
Result<int> run_once(const Arguments& arguments, const RunRequest& request, const OnPlaces& on_places = nullptr) {
  MLPIPE_TRY_VOID(arguments.reporting.begin());
  Changes changes = arguments.changes;
  MLPIPE_TRY(const Path spec, arguments.place.spec(&changes));
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(spec, changes.overrides()));
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::write));
  if (on_places) on_places(places_of(pipeline, written_by_us(arguments, pipeline, store)));
  return run_here(std::move(pipeline), store, request, arguments.reporting);
}

// What was forced is forced once: else each saved file would run it again.
void force_no_more(RunRequest& request) {
  request.force = request.fresh = false;
  request.force_steps.clear();
}

Result<int> run(const Arguments& arguments) {
  MLPIPE_TRY(RunRequest request, arguments.request.request(arguments.changes.uses));
  if (!arguments.watch) return run_once(arguments, request);
  MLPIPE_TRY(const Path spec, arguments.place.source());
  return run_when_saved(absolute_path(spec), [&](const OnPlaces& on_places) {
    const auto code = run_once(arguments, request, on_places);
    if (code) force_no_more(request);
    return code;
  });
}

}  // namespace

Command run_command() {
  return {"run", "run the pipeline; steps whose code, inputs and settings did not change are reused", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare_positional(options);
            arguments->place.declare(options);
            arguments->request.declare(options);
            arguments->changes.declare(options);
            arguments->reporting.declare(options);
            options.flag("--watch", arguments->watch, "run again what a saved file touches, until Ctrl-C");
            return [arguments] { return run(*arguments); };
          }};
}

}  // namespace mlpipe::cli
