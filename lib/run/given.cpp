#include "run/given.h"

#include <fmt/format.h>

#include <algorithm>

#include "run/last_good.h"
#include "run/planner.h"

namespace mlpipe {
namespace {

Error no_result(const Pipeline& pipeline, const Selection& selection, const StepGraph& graph, std::size_t number) {
  std::size_t reader = number;
  for (const std::size_t fed : graph.feeds(number))
    if (selection.parts[fed] == Part::run) reader = fed;
  const std::string &name = pipeline.steps[number].name, &wanted = pipeline.steps[reader].name;
  return {ErrorKind::usage, fmt::format("{} reads from {}, which has no result yet and is not part of this run", wanted, name),
          fmt::format("run both: --until {}; or let a folder stand in for it: --use {}=DIR", wanted, name)};
}

// What a run that selected everything would reuse now, by step; the others' verdicts say why not.
Result<std::map<std::string, StepPlan>> current_plans(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Clock& clock) {
  RunRequest everything;
  everything.use = request.use;
  everything.sample = request.sample;
  MLPIPE_TRY(auto plans, plan_pipeline(pipeline, store, everything, clock));
  std::map<std::string, StepPlan> by_step;
  for (StepPlan& plan : plans) by_step.emplace(plan.step, std::move(plan));
  return by_step;
}

}  // namespace

Result<Given> given_outputs(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Selection& selection,
                            const StepGraph& graph, Describer& describer, const Clock& clock) {
  Given given;
  if (std::find(selection.parts.begin(), selection.parts.end(), Part::given) == selection.parts.end()) return given;
  MLPIPE_TRY(const auto plans, current_plans(pipeline, store, request, clock));
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const Step& step = pipeline.steps[i];
    if (selection.parts[i] != Part::given) continue;
    const StepPlan& plan = plans.at(step.name);
    const bool fresh = plan.verdict == StepPlan::Verdict::reuse;
    const auto result = fresh ? store.find(*plan.fingerprint) : last_good_result(store, pipeline.file, step.name, request.sample.has_value());
    auto outputs = result ? describer.outputs_of(step, *result) : Result<AvailableOutputs>(Error{});
    if (!outputs) return no_result(pipeline, selection, graph, i);
    given.stored.insert(given.stored.end(), result->outputs.begin(), result->outputs.end());
    if (!fresh)
      given.notices.push_back({step.name, fmt::format("its last good result is taken, but it is stale: {}", plan.reason),
                               fmt::format("--until {} makes a new one", step.name)});
    given.outputs.emplace(step.name, outputs.take());
  }
  return given;
}

}  // namespace mlpipe
