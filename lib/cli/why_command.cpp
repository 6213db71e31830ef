#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/request_arguments.h"
#include "cli/streams.h"
#include "cli/why_facts.h"
#include "cli/why_text.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  RequestArguments request;
  std::optional<std::string> step, run, against;
  bool json = false;
};

// What would happen now; nothing when only two runs are compared.
Result<std::vector<StepPlan>> plan_now(const Arguments& arguments, const Store& store, const Pipeline& pipeline) {
  if (arguments.against) return std::vector<StepPlan>();
  MLPIPE_TRY(const RunRequest request, arguments.request.request(arguments.changes.uses));
  return plan_pipeline(pipeline, store, request);
}

Status known_step(const Pipeline& pipeline, const RunInfo* run, const std::string& step) {
  if (pipeline.step(step) || (run && run->step(step))) return {};
  std::vector<std::string> names;
  for (const Step& s : pipeline.steps) names.push_back(s.name);
  return Error{ErrorKind::usage, fmt::format("no step `{}`", step), suggestion(step, names)};
}

Result<int> why(const Arguments& arguments) {
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  MLPIPE_TRY(const auto recorded, recorded_runs(store, pipeline.file, arguments.run, arguments.against));
  if (arguments.step) MLPIPE_TRY_VOID(known_step(pipeline, recorded.run ? &*recorded.run : nullptr, *arguments.step));
  MLPIPE_TRY(const auto now, plan_now(arguments, store, pipeline));
  const auto steps = explain_steps(store, pipeline, recorded, now, arguments.step);
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(steps) + "\n" : why_text(steps)));
  return 0;
}

}  // namespace

Command why_command() {
  return {"why", "why steps ran or were reused, and what would happen now", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("STEP", arguments->step, "one step and, where its reason lies there, those that it needs (default: all)");
            arguments->place.declare(options);
            declare_run(options, arguments->run);
            options.value("--against", arguments->against, "ID", "compare with this run instead of the one before");
            arguments->changes.declare(options);
            arguments->request.declare_cache(options);
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return why(*arguments); };
          }};
}

}  // namespace mlpipe::cli
