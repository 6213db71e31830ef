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

// Of a failure that no entry fits.
std::string where_to_look(const StepDiagnosis& diagnosis, bool parallel) {
  std::string text = "  nothing is recognised\n";
  if (!diagnosis.log.empty()) text += fmt::format("  log: {}\n", harmless(shown_path(diagnosis.log)));
  const std::string command = parallel ? fmt::format("mlpipe replay {} --mini-batch 0", diagnosis.step) : fmt::format("mlpipe debug {}", diagnosis.step);
  return text + fmt::format("  `{}` runs it in the foreground\n", command);
}

std::string of_run(const std::vector<StepDiagnosis>& steps) {
  std::string text;
  for (const StepDiagnosis& step : steps) {
    const bool failed = step.recorded && step.recorded->state == StepState::failed;
    if (!failed && step.of_run.empty()) continue;
    text += fmt::format("{}  {}\n", step.step, outcome(*step.recorded));
    text += step.of_run.empty() ? where_to_look(step, step.recorded->counts.mini_batches > 0) : text_of(step.of_run);
  }
  return text;
}

std::string beforehand(const std::vector<StepDiagnosis>& steps) {
  std::string text;
  for (const StepDiagnosis& step : steps)
    if (!step.beforehand.empty()) text += step.step + "\n" + text_of(step.beforehand);
  return text;
}

std::string as_text(const RecordedRuns& recorded, const std::vector<StepDiagnosis>& steps) {
  const std::string then = of_run(steps), now = beforehand(steps);
  std::string text;
  if (recorded.run) text += fmt::format("run {}: {}\n", recorded.run->header.id, name_of(recorded.run->state));
  text += then;
  if (!now.empty()) text += fmt::format("{}the pipeline as it is now\n{}", text.empty() ? "" : "\n", now);
  return then.empty() && now.empty() ? text + "nothing is recognised as wrong or odd\n" : text;
}

// As it is now, unless only a run is asked about. Its mistakes are told; what a run has recorded is shown all the same.
Result<std::optional<Pipeline>> pipeline_now(const Arguments& arguments, const Store* store) {
  if (arguments.run) return std::optional<Pipeline>();
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  auto pipeline = load_pipeline(spec, arguments.changes.overrides());
  if (!pipeline) return std::optional<Pipeline>();
  if (store) (void)place_downloads(*pipeline, *store, Fetch::never);
  return std::optional(pipeline.take());
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
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(auto recorded, recorded_runs(store, spec, arguments.run, {}));
  MLPIPE_TRY(const auto pipeline, pipeline_now(arguments, &store));
  const auto steps = diagnose_steps(store, recorded, pipeline ? &*pipeline : nullptr, {arguments.step, arguments.changes.allow_download});
  if (arguments.step) MLPIPE_TRY_VOID(known_step(steps, pipeline, *arguments.step));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(recorded.run ? recorded.run->header.id : "", steps) + "\n" : as_text(recorded, steps)));
  return 0;
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
