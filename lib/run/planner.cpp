#include "run/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "pipeline/graph.h"
#include "run/description.h"
#include "run/last_good.h"
#include "run/selection.h"
#include "run/verdict.h"
#include "upkeep/other_stores.h"

namespace mlpipe {
namespace {

using Available = std::map<std::string, AvailableOutputs>;

// The first step that this one reads from and whose outputs are not known, because it has to run first.
std::optional<std::string> missing_source(const Step& step, const Available& available) {
  for (const StepInput& input : step.inputs)
    if (input.from == StepInput::From::step_output && !available.count(input.step)) return input.step;
  return std::nullopt;
}

StepPlan use_plan(const Step& step, const Path& folder, Describer& describer, Available& available) {
  StepPlan plan{step.name, StepPlan::Verdict::use, fmt::format("its outputs are taken from {}", folder.string()), {}, {}, {}, {}, {}};
  auto outputs = describer.outputs_in(step, folder);
  if (outputs) available[step.name] = outputs.take();
  else plan.reason = outputs.error().message;
  return plan;
}

// As a run would judge after taking the result of another store, without taking it.
Result<Verdict> judge_all(const Pipeline& pipeline, const Store& store, const OtherStores& others, const Step& step,
                          const StepDescription& description, bool forced, Describer& describer) {
  const auto ours = store.find(description.fingerprint);
  if (!ours && !forced && step.allow_reuse)
    for (const OtherStores::Found& found : others.find(description.fingerprint)) {
      MLPIPE_TRY(Verdict verdict, judge(pipeline, store, step, description, forced, found.result, describer, found.store));
      if (verdict.damaged) continue;
      if (verdict.reuse) verdict.reason = taken_from(verdict.reason, found.store->root());
      return verdict;
    }
  return judge(pipeline, store, step, description, forced, ours, describer);
}

StepPlan run_plan(const Pipeline& pipeline, const Store& store, const OtherStores& others, const Step& step, bool forced, Describer& describer,
                  Available& available) {
  StepPlan plan;
  plan.step = step.name;
  if (const auto source = missing_source(step, available)) {
    plan.verdict = StepPlan::Verdict::depends;
    plan.reason = fmt::format("depends on {}'s output", *source);
    plan.waits_for = *source;
    return plan;
  }
  const auto description = describer.describe(step, available);
  if (!description) {
    plan.reason = description.error().message;
    return plan;
  }
  plan.fingerprint = description->fingerprint;
  for (const Advice& advice : description->advice) plan.warnings.push_back(fmt::format("{}; {}", advice.message, advice.hint));
  auto verdict = judge_all(pipeline, store, others, step, *description, forced, describer);
  if (!verdict) {
    plan.reason = verdict.error().message;
    return plan;
  }
  plan.verdict = verdict->missed ? StepPlan::Verdict::fail : verdict->reuse ? StepPlan::Verdict::reuse : StepPlan::Verdict::run;
  plan.reason = verdict->missed ? verdict->missed->message : std::move(verdict->reason);
  plan.changes = std::move(verdict->changes);
  plan.warnings.insert(plan.warnings.end(), verdict->warnings.begin(), verdict->warnings.end());
  if (verdict->result) plan.reused_from = verdict->result->run_id;
  if (verdict->reuse) available[step.name] = std::move(verdict->outputs);
  return plan;
}

// A step that is not selected still offers its last good result to those that are.
void offer_last(const Pipeline& pipeline, const Store& store, bool samples, const Step& step, Describer& describer, Available& available) {
  const auto result = last_good_result(store, pipeline.file, step.name, samples);
  if (!result) return;
  if (auto outputs = describer.outputs_of(step, *result)) available[step.name] = outputs.take();
}

}  // namespace

std::string_view name_of(StepPlan::Verdict verdict) {
  constexpr std::string_view names[] = {"reuse", "run", "depends", "use", "not selected", "fail", "skip"};
  return names[static_cast<int>(verdict)];
}

Result<std::vector<StepPlan>> plan_pipeline(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Clock& clock) {
  const StepGraph graph(pipeline);
  MLPIPE_TRY(const Selection selection, select(pipeline, graph, request));
  Describer describer(pipeline, store, request, clock);
  std::vector<const Step*> chosen;
  for (std::size_t i = 0; i < selection.parts.size(); ++i)
    if (selection.parts[i] == Part::run) chosen.push_back(&pipeline.steps[i]);
  describer.look_ahead(chosen);
  const OtherStores others(request.cache_from);
  Available available;
  std::vector<StepPlan> plans;
  std::vector<bool> fails(pipeline.steps.size());  // or is skipped because another does
  const auto order = graph.order();
  for (const std::size_t i : *order) {
    const Step& step = pipeline.steps[i];
    const auto& needs = graph.needs(i);
    const auto failing = std::find_if(needs.begin(), needs.end(), [&](std::size_t need) { return fails[need]; });
    switch (selection.parts[i]) {
      case Part::run:
        if (failing != needs.end()) plans.push_back({step.name, StepPlan::Verdict::skip, fmt::format("{} fails", pipeline.steps[*failing].name), {}, {}, {}, {}, {}});
        else plans.push_back(run_plan(pipeline, store, others, step, selection.forced[i], describer, available));
        fails[i] = plans.back().verdict == StepPlan::Verdict::fail || plans.back().verdict == StepPlan::Verdict::skip;
        break;
      case Part::use: plans.push_back(use_plan(step, request.use.at(step.name), describer, available)); break;
      case Part::given: offer_last(pipeline, store, request.sample.has_value(), step, describer, available); [[fallthrough]];
      case Part::out: plans.push_back({step.name, StepPlan::Verdict::not_selected, "not selected", {}, {}, {}, {}, {}}); break;
    }
  }
  return plans;
}

}  // namespace mlpipe
