#include <fmt/format.h>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/kept_run.h"
#include "cli/request_arguments.h"
#include "cli/run_here.h"
#include "cli/streams.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  std::optional<std::string> run;
  Place place;
  Changes changes;
  RequestArguments request;
  Reporting reporting;
};

// The same steps, and the same sample, unless the command line chooses others.
RequestArguments request_of(const RunInfo& run, RequestArguments request) {
  const bool chosen = request.step || request.from || request.until;
  for (const std::string& option : run.header.selection) {
    const auto blank = option.find(' ');
    const std::string name = option.substr(0, blank), value = option.substr(blank + 1);
    if (!chosen && name == "--step") request.step = value;
    if (!chosen && name == "--from") request.from = value;
    if (!chosen && name == "--until") request.until = value;
  }
  if (!request.sample) request.sample = sample_of(run);
  return request;
}

Result<int> rerun(const Arguments& arguments) {
  MLPIPE_TRY_VOID(arguments.reporting.begin());
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::write));
  MLPIPE_TRY(std::optional<Lock> in_use, store.in_use());
  MLPIPE_TRY(const RunInfo run, choose_run(store, spec, arguments.run));
  MLPIPE_TRY(const KeptRun kept, kept_run(store, run));
  const Changes changes = changes_of(kept, arguments.changes);
  MLPIPE_TRY(RunRequest request, request_of(run, arguments.request).request(changes.uses));
  request.rerun_of = run.header.id;
  spec::Overrides overrides = changes.overrides();
  MLPIPE_TRY(overrides.snapshot, snapshot_of(store, kept));
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(kept.spec.spec, overrides));
  for (const std::string& step : kept.unseen)
    if (!run.header.selection.empty() || run.step(step))
      tell(fmt::format("{}  note: run {} never looked at its code: it is taken as it lies now", step, run.header.id));
  in_use.reset();  // the checkouts are marked as used, and the run holds the rest as every run does
  return run_here(std::move(pipeline), store, request, arguments.reporting);
}

}  // namespace

Command rerun_command() {
  return {"rerun", "run the spec and the code of a recorded run again", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("RUN", arguments->run, "a run's id, the beginning of it, or latest", true);
            arguments->place.declare(options);
            arguments->request.declare(options);
            arguments->changes.declare(options);
            arguments->reporting.declare(options);
            return [arguments] { return rerun(*arguments); };
          }};
}

}  // namespace mlpipe::cli
