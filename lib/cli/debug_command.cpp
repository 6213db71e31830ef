#include "cli/command.h"
#include "cli/foreground.h"
#include "run/downloads.h"

namespace mlpipe::cli {
namespace {

Result<int> debug(const ForegroundArguments& arguments) {
  MLPIPE_TRY(const RehearsalRequest request, arguments.request());
  MLPIPE_TRY(const RunRequest run, arguments.run_request());
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const Lock in_use, store.in_use());
  MLPIPE_TRY_VOID(place_downloads(pipeline, store, Fetch::never));
  MLPIPE_TRY(Rehearsal rehearsal, rehearse_command(pipeline, store, run, request));
  return perform_in_foreground(rehearsal, request);
}

}  // namespace

Command debug_command() {
  return {"debug", "run a command or script step here, also under a debugger", [](Options& options) {
            auto arguments = std::make_shared<ForegroundArguments>();
            arguments->declare(options);
            return [arguments] { return debug(*arguments); };
          }};
}

}  // namespace mlpipe::cli
