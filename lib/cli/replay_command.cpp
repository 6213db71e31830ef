#include <fmt/format.h>

#include "cli/command.h"
#include "cli/foreground.h"

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
  MLPIPE_TRY(const ForegroundSetting setting, foreground.setting());
  const MiniBatchRequest what{static_cast<std::uint64_t>(*arguments.mini_batch), arguments.item};
  MLPIPE_TRY(Rehearsal rehearsal, rehearse_mini_batch(setting.pipeline, setting.store, setting.run, setting.request, what));
  return perform_in_foreground(rehearsal, setting.request);
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
