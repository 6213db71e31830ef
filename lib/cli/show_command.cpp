#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/run_text.h"
#include "cli/streams.h"
#include "report/json.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> run, run_option;
  bool json = false;
};

Result<int> show(const Arguments& arguments) {
  if (arguments.run && arguments.run_option) return Error{ErrorKind::usage, "two runs are named", "give RUN or --run ID, not both"};
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const RunInfo run, choose_run(store, spec, arguments.run ? arguments.run : arguments.run_option));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(run) + "\n" : run_text(store, run)));
  return 0;
}

}  // namespace

Command show_command() {
  return {"show", "one run: its steps, what they took and where their outputs are", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("RUN", arguments->run, "a run's id or the beginning of it (default: latest)");
            arguments->place.declare(options);
            declare_run(options, arguments->run_option);
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return show(*arguments); };
          }};
}

}  // namespace mlpipe::cli
