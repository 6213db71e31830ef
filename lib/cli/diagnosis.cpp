#include "cli/diagnosis.h"

#include <algorithm>

#include "cli/diagnosis_probes.h"
#include "diagnose/diagnose.h"
#include "run/python_environment.h"
#include "run/step_facts.h"
#include "system/host.h"

namespace mlpipe::cli {
namespace {

Facts new_facts(const Pipeline& pipeline, const Step& step, Facts::Moment moment) {
  Facts facts{pipeline, step};
  facts.moment = moment;
  facts.cores = usable_cores();
  if (const Parallel* parallel = step.parallel()) facts.workers = std::min(parallel->config.workers_wanted(facts.cores), facts.cores);
  read_source(facts, step.source_directory);
  read_declared_packages(facts);
  return facts;
}

std::vector<Finding> found_beforehand(const Pipeline& pipeline, const Step& step) {
  Facts facts = new_facts(pipeline, step, Facts::Moment::before);
  if (facts.packages_declared && !facts.sources.empty())
    if (const auto python = inspect_python(step.environment); python && !python->interpreter.empty()) ask_for_imports(facts, python->interpreter, step.source_directory);
  return diagnose(facts);
}

// Paths below the source directory, when nothing but code had changed.
std::vector<std::string> changed_code(const std::vector<Change>& changes) {
  std::vector<std::string> paths;
  for (const Change& change : changes) {
    if (change.kind != IngredientKind::code || change.path.empty()) return {};
    paths.push_back(change.path);
  }
  return paths;
}

// What the history of a step that ended well shows.
std::vector<Finding> found_in_history(const Pipeline& pipeline, const Step& step, const StepRecord& record, const StepWhy& why, bool ask_the_web) {
  if (record.state != StepState::ran && record.state != StepState::reused) return {};
  Facts facts = new_facts(pipeline, step, Facts::Moment::ended);
  facts.reused = record.state == StepState::reused;
  facts.ran_for_want_of_reuse = record.cause == MissCause::not_reusable && !why.against.empty() && why.changes.empty();
  facts.changed_code = changed_code(why.changes);
  if (ask_the_web) ask_for_changes(facts);
  return diagnose(facts);
}

void add_new(std::vector<Finding>& findings, std::vector<Finding> more) {
  for (Finding& finding : more)
    if (std::ranges::none_of(findings, [&](const Finding& known) { return known.id == finding.id; })) findings.push_back(std::move(finding));
}

Path log_of(const Store& store, const RunInfo& run, const StepRecord& record) {
  const Path logs = store.run_path(run.header.id) / "steps" / folder_of_step(record.step) / "logs";
  for (const char* name : {"job_error.txt", "user_logs/std_log.txt"})
    if (path_exists(logs / name)) return logs / name;
  return {};
}

std::vector<std::string> names_of(const RecordedRuns& recorded, const Pipeline* pipeline) {
  std::vector<std::string> names;
  if (pipeline)
    for (const Step& step : pipeline->steps) names.push_back(step.name);
  if (recorded.run)
    for (const StepRecord& record : recorded.run->steps)
      if (std::ranges::find(names, record.step) == names.end()) names.push_back(record.step);
  return names;
}

}  // namespace

std::vector<StepDiagnosis> diagnose_steps(const Store& store, RecordedRuns& recorded, const Pipeline* pipeline, const DiagnosisRequest& request) {
  std::vector<StepDiagnosis> all;
  for (const std::string& name : names_of(recorded, pipeline)) {
    if (request.step && *request.step != name) continue;
    StepDiagnosis diagnosis{name, {}, {}, {}, {}};
    const Step* step = pipeline ? pipeline->step(name) : nullptr;
    if (const StepRecord* record = recorded.run ? recorded.run->step(name) : nullptr) {
      diagnosis.recorded = *record;
      diagnosis.of_run = record->findings;
      if (record->state == StepState::failed) diagnosis.log = log_of(store, *recorded.run, *record);
      if (step) add_new(diagnosis.of_run, found_in_history(*pipeline, *step, *record, explain_steps(store, recorded, nullptr, name).back(), request.ask_the_web));
    }
    if (step) diagnosis.beforehand = found_beforehand(*pipeline, *step);
    all.push_back(std::move(diagnosis));
  }
  return all;
}

}  // namespace mlpipe::cli
