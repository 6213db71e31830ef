#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/request_arguments.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "report/json.h"
#include "run/downloads.h"
#include "run/planner.h"

namespace mlpipe::cli {
namespace {

constexpr int exit_work_to_do = 4;

struct Arguments {
  Place place;
  Changes changes;
  RequestArguments request;
  bool json = false, exit_code = false;
};

bool is_work(const StepPlan& step) {
  using enum StepPlan::Verdict;
  return step.verdict == run || step.verdict == depends || step.verdict == fail || step.verdict == skip;
}

std::string as_text(const std::vector<StepPlan>& plan) {
  std::vector<std::vector<std::string>> rows;
  for (const StepPlan& step : plan) rows.push_back({step.step, std::string(name_of(step.verdict)), step.reason});
  return table(rows);
}

Result<int> plan(Arguments& arguments) {
  MLPIPE_TRY(const RunRequest request, arguments.request.request(arguments.changes.uses));
  MLPIPE_TRY(const Path spec, arguments.place.spec(&arguments.changes));
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY_VOID(place_downloads(pipeline, store, Fetch::never));
  MLPIPE_TRY(const auto steps, plan_pipeline(pipeline, store, request));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(steps) + "\n" : as_text(steps)));
  for (const StepPlan& step : steps)
    for (const std::string& warning : step.warnings) tell(fmt::format("{}  warning: {}", step.step, warning));
  return arguments.exit_code && std::any_of(steps.begin(), steps.end(), is_work) ? exit_work_to_do : 0;
}

}  // namespace

Command plan_command() {
  return {"plan", "what a run would do with each step, and why", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare_positional(options);
            arguments->place.declare(options);
            arguments->request.declare(options);
            arguments->changes.declare(options);
            options.flag("--exit-code", arguments->exit_code, "exit with 4 when there is work to do");
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return plan(*arguments); };
          }};
}

}  // namespace mlpipe::cli
