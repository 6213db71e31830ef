#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/diagnosis.h"
#include "cli/streams.h"
#include "diagnose/diagnose.h"
#include "report/terminal_text.h"
#include "report/wording.h"
#include "run/downloads.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  std::optional<std::string> step, run;
  bool json = false, table = false;
};

std::string text_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const std::string& line : lines_of(findings)) text += "  " + line + "\n";
  return text;
}

// Of a failure that no entry fits. A parallel step without mini-batches has nothing to run.
std::string where_to_look(const StepDiagnosis& diagnosis, const std::optional<Pipeline>& pipeline) {
  std::string text = "  nothing is recognised\n";
  if (!diagnosis.log.empty()) text += fmt::format("  log: {}\n", harmless(shown_path(diagnosis.log)));
  const Step* const step = pipeline ? pipeline->step(diagnosis.step) : nullptr;
  const bool tried = diagnosis.recorded->counts.mini_batches > 0;
  const bool parallel = tried || (step && step->parallel()) || diagnosis.log.filename() == "job_error.txt";
  if (parallel && !tried) return text;
  const std::string command = parallel ? fmt::format("mlpipe replay {} --mini-batch 0", diagnosis.step) : fmt::format("mlpipe debug {}", diagnosis.step);
  return text + fmt::format("  `{}` runs it in the foreground\n", command);
}

std::string of_run(const std::vector<StepDiagnosis>& steps, const std::optional<Pipeline>& pipeline) {
  std::string text;
  for (const StepDiagnosis& step : steps) {
    const bool failed = step.recorded && step.recorded->state == StepState::failed;
    if (!failed && step.of_run.empty()) continue;
    text += fmt::format("{}  {}\n", step.step, outcome(*step.recorded));
    text += step.of_run.empty() ? where_to_look(step, pipeline) : text_of(step.of_run);
  }
  return text;
}

std::string beforehand(const std::vector<StepDiagnosis>& steps) {
  std::string text;
  for (const StepDiagnosis& step : steps)
    if (!step.beforehand.empty()) text += step.step + "\n" + text_of(step.beforehand);
  return text;
}

// What is to be diagnosed.
struct Subject {
  RecordedRuns recorded;
  std::optional<Pipeline> pipeline;  // as it is now
  bool mistaken = false;             // the spec, which was told
  std::string without_step;          // the latest run, where another was chosen because that one did not have the step
};

// A run that ends without a word was killed itself: of that no step knows.
std::string end_of(const RunInfo& run) {
  std::string text = fmt::format("run {}: {}\n", run.header.id, name_of(run.state));
  if (run.state != RunState::killed) return text;
  return text + "  mlpipe itself was killed, by `kill -9`, for want of memory or with the machine: what its steps did wrong, if anything, is not known\n  `mlpipe run` goes on: finished steps and mini-batches are kept\n";
}

std::string head_of(const Subject& subject) {
  if (!subject.recorded.run) return {};
  const std::string missing = subject.without_step.empty() ? "" : fmt::format("that step was not in the latest run, {}; this is the latest one that had it\n", subject.without_step);
  return missing + end_of(*subject.recorded.run);
}

std::string as_text(const Subject& subject, const std::vector<StepDiagnosis>& steps) {
  const std::string then = of_run(steps, subject.pipeline), now = beforehand(steps);
  std::string text = head_of(subject) + then;
  if (!now.empty()) text += fmt::format("{}the pipeline as it is now\n{}", text.empty() ? "" : "\n", now);
  const bool killed = subject.recorded.run && subject.recorded.run->state == RunState::killed;
  return then.empty() && now.empty() && !killed && !subject.mistaken ? text + "nothing is recognised as wrong or odd\n" : text;
}

// Its mistakes are told; what a run has recorded is shown all the same.
Status add_pipeline(Subject& subject, const Arguments& arguments, const Store& store) {
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  auto pipeline = load_pipeline(spec, arguments.changes.overrides());
  subject.mistaken = !pipeline;
  if (!pipeline) return {};
  (void)place_downloads(*pipeline, store, Fetch::never);
  subject.pipeline = pipeline.take();
  return {};
}

// The latest run may have been of other steps alone.
Status add_runs(Subject& subject, const Arguments& arguments, const Store& store) {
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(subject.recorded, recorded_runs(store, spec, arguments.run, {}));
  if (arguments.run || !arguments.step || !subject.recorded.run || had_step(store, *subject.recorded.run, *arguments.step)) return {};
  const auto earlier = latest_with_step(store, spec, *arguments.step);
  if (!earlier) return {};
  subject.without_step = subject.recorded.run->header.id;
  MLPIPE_TRY(subject.recorded, recorded_runs(store, spec, *earlier, {}));
  return {};
}

Status known_step(const std::vector<StepDiagnosis>& all, const std::optional<Pipeline>& pipeline, const std::string& step) {
  if (!all.empty()) return {};
  std::vector<std::string> names;
  for (const Step& each : pipeline ? pipeline->steps : std::vector<Step>()) names.push_back(each.name);
  return Error{ErrorKind::usage, fmt::format("no step `{}`", step), suggestion(step, names)};
}

Result<int> diagnose(const Arguments& arguments) {
  if (arguments.table) {
    MLPIPE_TRY_VOID(print(troubleshooting_page()));
    return 0;
  }
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  Subject subject;
  MLPIPE_TRY_VOID(add_runs(subject, arguments, store));
  if (!arguments.run) MLPIPE_TRY_VOID(add_pipeline(subject, arguments, store));
  const auto steps = diagnose_steps(store, subject.recorded, subject.pipeline ? &*subject.pipeline : nullptr, {arguments.step, arguments.changes.allow_download});
  if (arguments.step && !subject.mistaken) MLPIPE_TRY_VOID(known_step(steps, subject.pipeline, *arguments.step));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(subject.recorded.run ? subject.recorded.run->header.id : "", steps) + "\n" : as_text(subject, steps)));
  return subject.mistaken ? exit_code(ErrorKind::spec) : 0;
}

}  // namespace

Command diagnose_command() {
  return {"diagnose", "why steps failed or are slow, what only Azure would show, and what to do", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("STEP", arguments->step, "one step (default: all)");
            arguments->place.declare(options);
            declare_run(options, arguments->run);
            arguments->changes.declare(options);
            options.flag("--table", arguments->table, "all that can be recognised, as docs/troubleshooting.md");
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return diagnose(*arguments); };
          }};
}

}  // namespace mlpipe::cli
