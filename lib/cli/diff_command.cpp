#include <fmt/format.h>

#include <algorithm>

#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/diff_facts.h"
#include "cli/diff_text.h"
#include "cli/streams.h"
#include "report/console.h"
#include "system/host.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  std::optional<std::string> before, after;
  Place place;
  bool stat = false, json = false;
};

Result<RunInfo> run_before(const Store& store, const std::optional<Path>& spec, const RunInfo& run) {
  MLPIPE_TRY(std::vector<RunInfo> runs, read_runs(store, spec, 0));  // the newest first
  const auto at = std::find_if(runs.begin(), runs.end(), [&](const RunInfo& other) { return other.header.id < run.header.id; });
  if (at == runs.end()) return Error{ErrorKind::usage, fmt::format("there is no run before {}", run.header.id), ""};
  return std::move(*at);
}

Result<int> diff(const Arguments& arguments) {
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(RunInfo before, choose_run(store, spec, arguments.before));
  MLPIPE_TRY(const RunInfo after, choose_run(store, spec, arguments.after));
  if (!arguments.after && before.header.id == after.header.id) {
    MLPIPE_TRY(before, run_before(store, spec, after));
  }
  const RunDiff found = diff_runs(store, before, after);
  const DiffStyle style{arguments.stat, is_terminal(1), console_options(1).colour};
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(found) + "\n" : diff_text(found, style)));
  return 0;
}

}  // namespace

Command diff_command() {
  return {"diff", "what differs between two runs: spec, parameters, code, outputs, metrics, times", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("A", arguments->before, "a run's id, the beginning of it, or latest", true);
            options.positional("B", arguments->after, "the run to compare it with (default: latest; of the latest, the run before it)");
            arguments->place.declare(options);
            options.flag("--stat", arguments->stat, "names of files and counts of lines instead of the lines");
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return diff(*arguments); };
          }};
}

}  // namespace mlpipe::cli
