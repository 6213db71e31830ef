// What a rehearsal reads: as `run --step` would take it now, or as an earlier run had it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "run/given.h"
#include "run/rehearsal_parts.h"
#include "run/verdict.h"

namespace mlpipe {
namespace {

using Outputs = std::map<std::string, AvailableOutputs>;

// What stood in then for the outputs of a step that was not part of the run: its header names them without their steps.
std::vector<StoredOutput> given_then(const RunInfo& then, const Step& source) {
  std::vector<StoredOutput> outputs;
  for (const StepOutput& output : source.outputs) {
    const auto same = [&](const StoredOutput& stored) { return stored.name == output.name; };
    const auto& given = then.header.given;
    if (std::count_if(given.begin(), given.end(), same) == 1) outputs.push_back(*std::find_if(given.begin(), given.end(), same));
  }
  return outputs;
}

Result<AvailableOutputs> outputs_then(const RunInfo& then, const Step& source, Describer& describer) {
  StepResult made;
  if (const StepRecord* record = then.step(source.name)) made.outputs = record->outputs;
  if (made.outputs.empty()) made.outputs = given_then(then, source);
  if (made.outputs.size() < source.outputs.size())
    return Error{ErrorKind::usage, fmt::format("run {} had no outputs of {}", then.header.id, source.name), "without --run it gets those of now"};
  auto outputs = describer.outputs_of(source, made);
  if (outputs || by_signal(outputs.error().kind)) return outputs;
  return Error{ErrorKind::store, fmt::format("what {} made in run {} is no longer there: {}", source.name, then.header.id, outputs.error().message),
               fmt::format("mlpipe rerun {} makes it again", then.header.id)};
}

Status take_then(const Pipeline& pipeline, const RunInfo& then, const Step& step, Describer& describer, Outputs& available) {
  for (const StepInput& input : step.inputs) {
    if (input.from != StepInput::From::step_output || available.contains(input.step)) continue;
    MLPIPE_TRY(auto outputs, outputs_then(then, *pipeline.step(input.step), describer));
    available.emplace(input.step, std::move(outputs));
  }
  return {};
}

// Code is what lies there now, and so is data from outside.
void tell_changes(const Store& store, const RunInfo& then, const StepDescription& now, const std::string& step, std::vector<Notice>& notices) {
  const StepRecord* record = then.step(step);
  if (!record || !record->fingerprint || *record->fingerprint == now.fingerprint) return;
  const auto before = read_manifest(store, *record->fingerprint);
  const std::string what = before ? summarise(changes_since(store, *before, now)) : "";
  notices.push_back({step, fmt::format("not all is as in run {}: {}", then.header.id, what.empty() ? "something changed" : what), ""});
}

}  // namespace

Result<StepDescription> describe_alone(const Pipeline& pipeline, const Store& store, const RunRequest& run, const Step& step,
                                       const std::optional<RunInfo>& then, const Clock& clock, std::vector<Notice>& notices) {
  const StepGraph graph(pipeline);
  MLPIPE_TRY(const Selection selection, select(pipeline, graph, run));
  Describer describer(pipeline, store, run, clock);
  Outputs available;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const Step& other = pipeline.steps[i];
    if (selection.parts[i] != Part::use) continue;
    MLPIPE_TRY(auto outputs, describer.outputs_in(other, run.use.at(other.name)));
    available.emplace(other.name, std::move(outputs));
  }
  if (then) {
    MLPIPE_TRY_VOID(take_then(pipeline, *then, step, describer, available));
  } else {
    MLPIPE_TRY(Given given, given_outputs(pipeline, store, run, selection, graph, describer, clock));
    available.merge(given.outputs);
    notices = std::move(given.notices);
  }
  auto description = describer.describe(step, available);
  if (description && then) tell_changes(store, *then, *description, step.name, notices);
  return description;
}

}  // namespace mlpipe
