#include "cli/why_facts.h"

#include <algorithm>

#include "cli/chosen_run.h"
#include "pipeline/graph.h"
#include "reuse/ingredients.h"

namespace mlpipe::cli {
namespace {

// Enough to find the decision before this one, also after many failures.
constexpr std::size_t runs_to_look_back = 50;

Result<Manifest> manifest_of(const Store& store, const Digest& fingerprint) {
  MLPIPE_TRY(const std::string text, store.get_text(fingerprint));
  return Manifest::from_text(text);
}

std::vector<Change> changes_between(const Store& store, const Digest& before, const Digest& after) {
  if (before == after) return {};
  const auto old_manifest = manifest_of(store, before);
  const auto new_manifest = manifest_of(store, after);
  if (!old_manifest || !new_manifest) return {};
  const auto listing = [&](const Digest& tree) { return store.get_text(tree); };
  return explain(*old_manifest, *new_manifest, listing, listing);
}

void add_recorded(StepWhy& why, const Store& store, const RecordedRuns& recorded) {
  if (!recorded.run) return;
  why.run = recorded.run->header.id;
  const StepRecord* record = recorded.run->step(why.step);
  if (!record) return;
  why.recorded = *record;
  if (!record->fingerprint) return;
  for (const RunInfo& before : recorded.before) {
    const StepRecord* old = before.step(why.step);
    if (!old || !old->fingerprint) continue;
    why.against = before.header.id;
    why.changes = changes_between(store, *old->fingerprint, *record->fingerprint);
    return;
  }
}

StepWhy explain_step(const Store& store, const Pipeline& pipeline, const std::vector<std::size_t>& needs, const std::string& step,
                     const RecordedRuns& recorded, const std::vector<StepPlan>& now) {
  StepWhy why;
  why.step = step;
  for (const std::size_t need : needs) why.needs.push_back(pipeline.steps[need].name);
  add_recorded(why, store, recorded);
  const auto planned = std::find_if(now.begin(), now.end(), [&](const StepPlan& plan) { return plan.step == step; });
  if (planned != now.end()) why.now = *planned;
  return why;
}

bool is_cause(const StepWhy& why) {
  const bool ran = why.recorded && why.recorded->state != StepState::reused && why.recorded->state != StepState::used;
  const bool will = why.now && (why.now->verdict == StepPlan::Verdict::run || why.now->verdict == StepPlan::Verdict::depends);
  return ran || will;
}

// A step that only passes on what happened above it.
bool looks_upstream(const StepWhy& why) {
  using enum IngredientKind;
  const auto from_upstream = [](const Change& change) { return change.kind == input || change.kind == side_input; };
  const bool depends = why.now && why.now->verdict == StepPlan::Verdict::depends;
  const bool skipped = why.recorded && why.recorded->state == StepState::skipped;
  const bool inputs = std::any_of(why.changes.begin(), why.changes.end(), from_upstream) ||
                      (why.now && std::any_of(why.now->changes.begin(), why.now->changes.end(), from_upstream));
  return depends || skipped || inputs;
}

}  // namespace

Result<RecordedRuns> recorded_runs(const Store& store, const Path& spec, const std::optional<std::string>& run,
                                   const std::optional<std::string>& against) {
  RecordedRuns recorded;
  auto chosen = choose_run(store, spec, run);
  if (!chosen && (run || against)) return chosen.error();
  if (!chosen) return recorded;
  recorded.run = chosen.take();
  if (against) {
    MLPIPE_TRY(RunInfo other, choose_run(store, spec, against));
    recorded.before.push_back(std::move(other));
    return recorded;
  }
  MLPIPE_TRY(auto before, read_runs(store, spec, runs_to_look_back, recorded.run->header.id));
  recorded.before = std::move(before);
  return recorded;
}

std::vector<StepWhy> explain_steps(const Store& store, const Pipeline& pipeline, const RecordedRuns& recorded,
                                   const std::vector<StepPlan>& now, const std::optional<std::string>& only) {
  const StepGraph graph(pipeline);
  const auto order = graph.order().value_or(std::vector<std::size_t>());
  const auto explained = [&](std::size_t i) {
    return explain_step(store, pipeline, graph.needs(i), pipeline.steps[i].name, recorded, now);
  };
  const auto asked = std::find_if(order.begin(), order.end(), [&](std::size_t i) { return only && pipeline.steps[i].name == *only; });
  // A step that the pipeline no longer has, but the run had.
  if (only && asked == order.end()) return {explain_step(store, pipeline, {}, *only, recorded, {})};

  std::vector<StepWhy> chosen;
  if (!only) {
    for (const std::size_t i : order) chosen.push_back(explained(i));
    return chosen;
  }
  StepWhy last = explained(*asked);
  const auto upstream = graph.upstream(*asked);
  for (auto at = order.begin(); looks_upstream(last) && at != asked; ++at) {
    if (!upstream[*at]) continue;
    if (StepWhy why = explained(*at); is_cause(why)) chosen.push_back(std::move(why));
  }
  chosen.push_back(std::move(last));
  return chosen;
}

}  // namespace mlpipe::cli
