#include <fmt/format.h>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/kept_run.h"
#include "cli/streams.h"
#include "report/json.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> output, run;
  bool json = false;
};

bool has_outputs(const StepRecord& record) {
  return record.state == StepState::ran || record.state == StepState::reused || record.state == StepState::used;
}

struct Found {
  RunInfo run;
  StepRecord record;
};

// The newest run in which the step came out well: a failed rerun leaves the last good output where it was.
Result<Found> last_good(const Store& store, const std::optional<Path>& spec, const RunInfo& latest, const std::string& step) {
  MLPIPE_TRY(const auto runs, read_runs(store, spec, 0));
  std::vector<std::string> names;
  for (const RunInfo& run : runs) {
    for (const StepRecord& record : run.steps) names.push_back(record.step);
    if (const StepRecord* record = run.step(step); record && has_outputs(*record)) return Found{run, *record};
  }
  if (latest.step(step))
    return Error{ErrorKind::usage, fmt::format("step `{}` has never succeeded", step), "mlpipe logs " + shell_quote(step)};
  const std::string near = nearest(step, names);
  return Error{ErrorKind::usage, fmt::format("no run has a step `{}`", step), near.empty() ? "" : fmt::format("did you mean `{}`?", near)};
}

Result<Found> find_step(const Store& store, const std::optional<Path>& spec, const Arguments& arguments, const std::string& step) {
  MLPIPE_TRY(RunInfo run, choose_run(store, spec, arguments.run));
  if (const StepRecord* record = run.step(step); record && has_outputs(*record)) return Found{run, *record};
  if (!arguments.run || *arguments.run == "latest") return last_good(store, spec, run, step);
  MLPIPE_TRY(const StepRecord record, step_of(store, run, step));
  return Error{ErrorKind::usage, fmt::format("step `{}` {} in run {}", step, name_of(record.state), run.header.id),
               "without --run its last good output is taken"};
}

Result<StoredOutput> find_output(const StepRecord& record, const std::string& name) {
  std::vector<std::string> names;
  for (const StoredOutput& output : record.outputs) {
    if (output.name == name) return output;
    names.push_back(output.name);
  }
  if (names.empty()) return Error{ErrorKind::usage, fmt::format("step `{}` has no outputs", record.step), {}};
  return Error{ErrorKind::usage, fmt::format("step `{}` has no output `{}`", record.step, name), suggestion(name, names)};
}

std::string example(const StepRecord* step) { return step && has_outputs(*step) ? shell_quote(step->step + "." + step->outputs.front().name) : "train.model"; }

// "train.model", also when it was asked for as an output of the pipeline.
Result<std::string> step_and_name(const Store& store, const std::optional<Path>& spec, const Arguments& arguments) {
  const std::string& wanted = *arguments.output;
  const auto dot = wanted.rfind('.');
  if (dot != std::string::npos && dot != 0 && dot + 1 != wanted.size()) return wanted;
  const auto run = choose_run(store, spec, arguments.run);
  const auto known = run ? run->header.outputs : std::map<std::string, std::string>();
  if (const auto found = known.find(wanted); found != known.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, place] : known) names.push_back(name);
  return Error{ErrorKind::usage, fmt::format("`{}` is not STEP.NAME{}", wanted, names.empty() ? "" : ", nor an output of the pipeline"),
               names.empty() ? "for example mlpipe output " + example(run ? run->step(wanted) : nullptr) : suggestion(wanted, names)};
}

Result<int> output(const Arguments& arguments) {
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const std::string wanted, step_and_name(store, spec, arguments));
  const auto dot = wanted.rfind('.');
  MLPIPE_TRY(const Found found, find_step(store, spec, arguments, wanted.substr(0, dot)));
  MLPIPE_TRY(const StoredOutput chosen, find_output(found.record, wanted.substr(dot + 1)));
  const Path path = store.output_path(chosen);
  if (!path_exists(path))
    return Error{ErrorKind::store, fmt::format("{} of run {} is gone: {}", *arguments.output, found.run.header.id, path.string()),
                 "mlpipe run makes it again"};
  if (const auto sample = sample_of(found.run)) tell(fmt::format("note: of a run of a sample: --sample {}", *sample));
  MLPIPE_TRY_VOID(print((arguments.json ? to_json(OutputPlace{found.run.header.id, found.record.step, chosen, path}) : path.string()) + "\n"));
  return 0;
}

}  // namespace

Command output_command() {
  return {"output", "print the path of a step's output", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("STEP.NAME", arguments->output, "a step and the name of one of its outputs", true);
            arguments->place.declare(options);
            declare_run(options, arguments->run);
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return output(*arguments); };
          }};
}

}  // namespace mlpipe::cli
