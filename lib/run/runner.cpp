#include "run/runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/text.h"
#include "run/gates.h"
#include "run/given.h"
#include "run/requirements.h"
#include "run/run_dispatcher.h"
#include "store/kept_spec.h"
#include "store/room.h"
#include "store/store_size.h"
#include "system/host.h"
#include "system/process.h"
#include "upkeep/gc.h"

namespace mlpipe {
namespace {

std::string host_name() {
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

RunHeader header_of(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Selection& selection, std::vector<StoredOutput> given) {
  RunHeader header;
  header.given = std::move(given);
  header.pipeline = pipeline.name;
  header.spec = pipeline.file;
  for (const PipelineOutput& output : pipeline.outputs) header.outputs.emplace(output.name, fmt::format("{}.{}", output.step, output.output));
  header.beside_store = store.beside(pipeline.file);
  header.command_line = request.command_line;
  header.overrides = pipeline.overrides;
  header.selection = selection.description;
  header.mlpipe_version = MLPIPE_VERSION;
  header.host = host_name();
  if (const char* user = std::getenv("USER")) header.user = user;
  for (const Parameter& parameter : pipeline.parameters) header.parameters.emplace(parameter.name, parameter.value);
  for (const PipelineInput& input : pipeline.inputs)
    header.inputs.emplace(input.name, (input.pattern.empty() ? input.path : input.path / input.pattern).string());
  header.rerun_of = request.rerun_of;
  header.pid = ::getpid();
  return header;
}

// "--input scans=../data" means something only here.
std::string with_absolute_path(const std::string& override) {
  const auto equals = override.find('=');
  const bool names_path = override.starts_with("--input ") || override.starts_with("--use ");
  return names_path ? override.substr(0, equals + 1) + absolute_path(override.substr(equals + 1)).string() : override;
}

std::vector<Path> places_beside(const Pipeline& pipeline) {
  std::set<Path> places;
  for (const PipelineInput& input : pipeline.inputs) places.insert(input.path);
  for (const Step& step : pipeline.steps) {
    for (const Step::HashPath& path : step.hash_paths) places.insert(path.path);
    if (!step.environment) continue;
    for (const Path& path : {step.environment->conda_file, step.environment->requirements, Path(step.environment->python)})
      if (path.is_absolute()) places.insert(path);
  }
  return {places.begin(), places.end()};
}

KeptSpec spec_to_keep(const Pipeline& pipeline) {
  KeptSpec kept;
  kept.spec = pipeline.file;
  for (const Pipeline::SpecFile& file : pipeline.files) kept.files.emplace_back(file.path, file.text);
  for (const std::string& override : pipeline.overrides) kept.overrides.push_back(with_absolute_path(override));
  for (const Step& step : pipeline.steps)
    if (!step.source_place.empty()) kept.sources.emplace(step.name, step.source_place);
  kept.beside = places_beside(pipeline);
  kept.absolute.insert(pipeline.written_absolutely.begin(), pipeline.written_absolutely.end());
  return kept;
}

std::vector<std::string> step_names(const Pipeline& pipeline, const StepGraph& graph, const Selection& selection) {
  std::vector<std::string> names;
  const auto order = graph.order();
  for (const std::size_t i : *order)
    if (selection.parts[i] == Part::run || selection.parts[i] == Part::use) names.push_back(pipeline.steps[i].name);
  return names;
}

constexpr const char* limit_variable = "MLPIPE_STORE_LIMIT";
constexpr const char* default_limit = "20GB";

// Nothing is ever collected unasked, but it is said when there is much to collect.
void warn_of_size(const Store& store, EventSink& events) {
  const char* set = std::getenv(limit_variable);
  const auto limit = parse_size(set && *set ? set : default_limit);
  if (!limit) return events.on(Notice{"", fmt::format("{}={} is no size", limit_variable, set), "for example 20GB; 0: any size will do"});
  const std::uint64_t size = known_size(store);
  if (*limit == 0 || size <= *limit) return;
  events.on(Notice{"", fmt::format("the store {} has {}, more than {}", shown_path(store.root()), format_bytes(size), format_bytes(*limit)),
                   fmt::format("mlpipe gc --max-size {} removes what was not used for longest; {} sets the limit, 0: none", set && *set ? set : default_limit,
                               limit_variable)});
}

// Where those lie that were made.
std::vector<std::pair<std::string, Path>> pipeline_outputs(const Pipeline& pipeline, const Store& store, const RunInfo& run) {
  std::vector<std::pair<std::string, Path>> places;
  for (const PipelineOutput& wanted : pipeline.outputs)
    if (const StepRecord* step = run.step(wanted.step))
      for (const StoredOutput& output : step->outputs)
        if (output.name == wanted.output) places.emplace_back(wanted.name, store.output_path(output));
  return places;
}

void report_swept(const Store& store, EventSink& events) {
  const auto swept = sweep_dead_runs(store);
  if (!swept) return events.on(Notice{"", swept.error().message, swept.error().hint});
  for (const std::string& id : *swept) events.on(Notice{"", fmt::format("run {} had been killed; what it left was cleared away", id), ""});
}

// Environments whose files nothing was made from.
void tell_environments(const Pipeline& pipeline, const Selection& selection, EventSink& events) {
  std::vector<const Step*> steps;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i)
    if (selection.parts[i] == Part::run) steps.push_back(&pipeline.steps[i]);
  for (const UnmappedEnvironment& environment : unmapped_environments(pipeline, steps)) {
    const std::string python = environment.python.empty() ? "no Python" : shown_path(environment.python);
    const std::string lacks = environment.missing.empty() ? "" : fmt::format("; not as it asks for: {}", join(environment.missing, ", "));
    events.on(Notice{"", fmt::format("{} of {} is not set up, {} is used{}", environment.name, join(environment.steps, ", "), python, lacks),
                     fmt::format("mlpipe env create {} makes an environment of it", shell_quote(shown_path(pipeline.file)))});
  }
}

}  // namespace

Result<RunInfo> run_pipeline(const Pipeline& pipeline, const Store& store, const RunRequest& request, EventSink& events, const Clock& clock) {
  const SteadyTime begun = clock.steady();
  const StepGraph graph(pipeline);
  MLPIPE_TRY(Selection selection, select(pipeline, graph, request));
  become_subreaper();
  report_swept(store, events);

  MLPIPE_TRY_VOID(check_room(store));
  Describer describer(pipeline, store, request, clock);
  // What was found before the run has begun stands in its header: a gc keeps what that names.
  MLPIPE_TRY(std::optional<Lock> in_use, store.in_use());
  MLPIPE_TRY(Given given, given_outputs(pipeline, store, request, selection, graph, describer, clock));
  MLPIPE_TRY(RunRecorder recorder, RunRecorder::begin(store, header_of(pipeline, store, request, selection, std::move(given.stored)), clock));
  in_use.reset();
  MLPIPE_TRY_VOID(keep_spec(store, recorder.header().id, spec_to_keep(pipeline)));
  const int cores = request.jobs > 0 ? request.jobs : usable_cores();
  events.on(RunStarted{recorder.header(), step_names(pipeline, graph, selection), cores, recorder.folder()});
  for (const Notice& notice : given.notices) events.on(notice);
  tell_environments(pipeline, selection, events);
  if (request.sample)
    events.on(Notice{"", fmt::format("a sample: each parallel step scores its first {}; nothing is published{}", plural(*request.sample, "item"),
                                     has_gates(pipeline) ? ", and no `expect` is looked at" : ""), ""});

  EventLoop loop;
  RunContext context{loop, clock, pipeline, store, request, recorder, events, describer, cores};
  RunInfo info = RunDispatcher(context, graph, std::move(selection), std::move(given.outputs)).run();
  const bool spawned = std::any_of(info.steps.begin(), info.steps.end(), [](const StepRecord& r) { return r.state != StepState::reused; });
  if (spawned) report_swept(store, events);  // another run may have died while we waited for it
  if (spawned) kill_marked(recorder.token());
  if (spawned) kill_orphans();
  info.took = clock.steady() - begun;
  if (const auto ended = recorder.end(info.state, info.exit_code, info.took); !ended) {
    events.on(Notice{"", ended.error().message, ended.error().hint});
    if (info.exit_code == 0) info.exit_code = exit_code(ended.error().kind);
  }
  if (spawned) add_to_size(store, disk_use(recorder.folder()));
  warn_of_size(store, events);
  events.on(RunEnded{info, "", pipeline_outputs(pipeline, store, info)});
  return info;
}

}  // namespace mlpipe
