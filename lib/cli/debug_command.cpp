#include "cli/command.h"
#include "cli/foreground.h"

namespace mlpipe::cli {
namespace {

Result<int> debug(const ForegroundArguments& arguments) {
  MLPIPE_TRY(const ForegroundSetting setting, arguments.setting());
  MLPIPE_TRY(Rehearsal rehearsal, rehearse_command(setting.pipeline, setting.store, setting.run, setting.request));
  return perform_in_foreground(rehearsal, setting.request);
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
