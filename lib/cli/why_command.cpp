#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/request_arguments.h"
#include "cli/streams.h"
#include "cli/why_facts.h"
#include "cli/why_text.h"
#include "run/downloads.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  RequestArguments request;
  std::optional<std::string> step, run, against;
  bool json = false;
};

// Runs that are named are compared as they were recorded: neither the spec nor the tree of now is looked at.
bool asks_for_the_past(const Arguments& arguments) { return arguments.run || arguments.against; }

Result<std::optional<Outlook>> look_ahead(const Arguments& arguments, const Store& store) {
  if (asks_for_the_past(arguments)) return std::optional<Outlook>();
  MLPIPE_TRY(const RunRequest request, arguments.request.request(arguments.changes.uses));
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  MLPIPE_TRY_VOID(place_downloads(pipeline, store, Fetch::never));
  MLPIPE_TRY(auto plans, plan_pipeline(pipeline, store, request));
  return std::optional(Outlook{std::move(pipeline), std::move(plans)});
}

Status known_step(const std::optional<Outlook>& now, const RunInfo* run, const std::string& step) {
  std::vector<std::string> names;
  for (const Step& s : now ? now->pipeline.steps : std::vector<Step>()) names.push_back(s.name);
  for (const StepRecord& record : run ? run->steps : std::vector<StepRecord>())
    if (std::find(names.begin(), names.end(), record.step) == names.end()) names.push_back(record.step);
  if (std::find(names.begin(), names.end(), step) != names.end()) return {};
  return Error{ErrorKind::usage, fmt::format("no step `{}`", step), suggestion(step, names)};
}

Result<int> why(const Arguments& arguments) {
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(auto recorded, recorded_runs(store, spec, arguments.run, arguments.against));
  MLPIPE_TRY(const auto now, look_ahead(arguments, store));
  if (arguments.step) MLPIPE_TRY_VOID(known_step(now, recorded.run ? &*recorded.run : nullptr, *arguments.step));
  const auto steps = explain_steps(store, recorded, now ? &*now : nullptr, arguments.step);
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(steps) + "\n" : why_text(steps, arguments.step.has_value())));
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
