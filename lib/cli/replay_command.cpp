#include <fmt/format.h>

#include "cli/command.h"
#include "cli/foreground.h"
#include "run/downloads.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  ForegroundArguments foreground;
  std::optional<long long> mini_batch;
  std::optional<std::string> item;
};

Result<int> replay(const Arguments& arguments) {
  const ForegroundArguments& foreground = arguments.foreground;
  if (!arguments.mini_batch)
    return Error{ErrorKind::usage, "--mini-batch is missing",
                 fmt::format("they count from 0: mlpipe replay {} --mini-batch 0", *foreground.step)};
  MLPIPE_TRY(const RehearsalRequest request, foreground.request());
  MLPIPE_TRY(const RunRequest run, foreground.run_request());
  MLPIPE_TRY(const Path spec, foreground.place.spec());
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(spec, foreground.changes.overrides()));
  MLPIPE_TRY(const Store store, foreground.place.open_store(Store::Access::read));
  MLPIPE_TRY(const Lock in_use, store.in_use());
  MLPIPE_TRY_VOID(place_downloads(pipeline, store, Fetch::never));
  const MiniBatchRequest what{static_cast<std::uint64_t>(*arguments.mini_batch), arguments.item};
  MLPIPE_TRY(Rehearsal rehearsal, rehearse_mini_batch(pipeline, store, run, request, what));
  return perform_in_foreground(rehearsal, request);
}

}  // namespace

Command replay_command() {
  return {"replay", "run one mini-batch of a parallel step here, also under a debugger", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.number("--mini-batch", arguments->mini_batch, 0, "N", "which one; they count from 0");
            options.value("--item", arguments->item, "ITEM", "only this item of it: its file name, or its number from 0");
            arguments->foreground.declare(options);
            return [arguments] { return replay(*arguments); };
          }};
}

}  // namespace mlpipe::cli
