#include "run/runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "run/dispatcher.h"
#include "run/last_good.h"
#include "run/planner.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe {
namespace {

std::string host_name() {
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

RunHeader header_of(const Pipeline& pipeline, const RunRequest& request, const Selection& selection) {
  RunHeader header;
  header.pipeline = pipeline.name;
  header.spec = pipeline.file;
  header.command_line = request.command_line;
  header.overrides = pipeline.overrides;
  header.selection = selection.description;
  header.mlpipe_version = MLPIPE_VERSION;
  header.host = host_name();
  if (const char* user = std::getenv("USER")) header.user = user;
  header.pid = ::getpid();
  return header;
}

Error no_result(const Pipeline& pipeline, const Selection& selection, const StepGraph& graph, std::size_t number) {
  std::size_t reader = number;
  for (const std::size_t fed : graph.feeds(number))
    if (selection.parts[fed] == Part::run) reader = fed;
  const std::string &name = pipeline.steps[number].name, &wanted = pipeline.steps[reader].name;
  return {ErrorKind::usage, fmt::format("{} reads from {}, which has no result yet and is not part of this run", wanted, name),
          fmt::format("run both: --until {}; or let a folder stand in for it: --use {}=DIR", wanted, name)};
}

// Outputs of the steps that this run only reads from: those of their last good results.
Result<std::map<std::string, AvailableOutputs>> given_outputs(const Pipeline& pipeline, const Store& store, const Selection& selection,
                                                              const StepGraph& graph, Describer& describer, std::map<std::string, Digest>& given) {
  std::map<std::string, AvailableOutputs> available;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const Step& step = pipeline.steps[i];
    if (selection.parts[i] != Part::given) continue;
    const auto result = last_good_result(store, pipeline.file, step.name);
    if (!result) return no_result(pipeline, selection, graph, i);
    auto outputs = describer.outputs_of(step, *result);
    if (!outputs) return no_result(pipeline, selection, graph, i);
    given.emplace(step.name, result->fingerprint);
    available.emplace(step.name, outputs.take());
  }
  return available;
}

void warn_about_stale(const Pipeline& pipeline, const Store& store, const RunRequest& request, const std::map<std::string, Digest>& given,
                      EventSink& events, const Clock& clock) {
  if (given.empty()) return;
  RunRequest everything;
  everything.use = request.use;
  everything.sample = request.sample;
  const auto plans = plan_pipeline(pipeline, store, everything, clock);
  if (!plans) return;
  for (const StepPlan& plan : *plans) {
    const auto taken = given.find(plan.step);
    if (taken == given.end() || plan.fingerprint == taken->second) continue;
    events.on(Notice{plan.step, fmt::format("its last good result is taken, but it is stale: {}", plan.reason), fmt::format("--until {} makes a new one", plan.step)});
  }
}

std::vector<std::string> step_names(const Pipeline& pipeline, const StepGraph& graph, const Selection& selection) {
  std::vector<std::string> names;
  const auto order = graph.order();
  for (const std::size_t i : *order)
    if (selection.parts[i] == Part::run || selection.parts[i] == Part::use) names.push_back(pipeline.steps[i].name);
  return names;
}

void report_swept(const Store& store, EventSink& events) {
  const auto swept = sweep_dead_runs(store);
  if (!swept) return events.on(Notice{"", swept.error().message, swept.error().hint});
  for (const std::string& id : *swept) events.on(Notice{"", fmt::format("run {} had been killed; what it left was cleared away", id), ""});
}

}  // namespace

Result<RunInfo> run_pipeline(const Pipeline& pipeline, const Store& store, const RunRequest& request, EventSink& events, const Clock& clock) {
  const SteadyTime begun = clock.steady();
  const StepGraph graph(pipeline);
  MLPIPE_TRY(Selection selection, select(pipeline, graph, request));
  become_subreaper();
  report_swept(store, events);

  Describer describer(pipeline, store, request, clock);
  std::map<std::string, Digest> given;
  MLPIPE_TRY(auto available, given_outputs(pipeline, store, selection, graph, describer, given));
  MLPIPE_TRY(RunRecorder recorder, RunRecorder::begin(store, header_of(pipeline, request, selection), clock));
  const int cores = request.jobs > 0 ? request.jobs : usable_cores();
  events.on(RunStarted{recorder.header(), step_names(pipeline, graph, selection), cores, recorder.folder()});
  warn_about_stale(pipeline, store, request, given, events, clock);

  EventLoop loop;
  RunContext context{loop, clock, pipeline, store, request, recorder, events, describer, cores};
  RunInfo info = RunDispatcher(context, graph, std::move(selection), std::move(available)).run();
  const bool spawned = std::any_of(info.steps.begin(), info.steps.end(), [](const StepRecord& r) { return r.state != StepState::reused; });
  if (spawned) report_swept(store, events);  // another run may have died while we waited for it
  if (spawned) kill_marked(recorder.token());
  info.took = clock.steady() - begun;
  if (const auto ended = recorder.end(info.state, info.exit_code, info.took); !ended) {
    events.on(Notice{"", ended.error().message, ended.error().hint});
    if (info.exit_code == 0) info.exit_code = exit_code(ended.error().kind);
  }
  events.on(RunEnded{info, ""});
  return info;
}

}  // namespace mlpipe
