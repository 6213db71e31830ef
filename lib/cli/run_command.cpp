#include "cli/command.h"
#include "cli/request_arguments.h"
#include "cli/run_here.h"
#include "cli/spec_arguments.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  RequestArguments request;
  Reporting reporting;
};

Result<int> run(Arguments& arguments) {
  MLPIPE_TRY(const RunRequest request, arguments.request.request(arguments.changes.uses));
  MLPIPE_TRY(const Path spec, arguments.place.spec(&arguments.changes));
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::write));
  return run_here(std::move(pipeline), store, request, arguments.reporting);
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
            return [arguments] { return run(*arguments); };
          }};
}

}  // namespace mlpipe::cli
