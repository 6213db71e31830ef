#include "run/step_run.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "reuse/code_trees.h"
#include "run/gates.h"
#include "run/ingredients_of.h"
#include "run/step_facts.h"
#include "store/room.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe {
namespace {

Notice notice_of_stand_in(const std::string& name) {
  if (name == Tracking::elsewhere)
    return {"", "MLFLOW_TRACKING_URI names a store that only mlflow itself can write to: what steps track without it is lost",
            "install mlflow in the steps' environment, or unset MLFLOW_TRACKING_URI to track in the run"};
  return {"", fmt::format("{} is not installed: its small stand-in is used", name), "install the package in the step's environment for all that it can do"};
}

// Of its processes.
Path temporary_folder(const std::vector<std::string>& environment) {
  for (const std::string& variable : environment)
    if (variable.starts_with("TMPDIR=") && variable.size() > 7) return variable.substr(7);
  return "/tmp";
}

}  // namespace

StepRun::StepRun(RunContext& context, const Step& step, StepDescription description, Slot slot, StepRunReason reason, OnEnd on_end)
    : context_(context), step_(step), description_(std::move(description)), slot_(std::move(slot)), reason_(std::move(reason.text)), fresh_(reason.forced || context.request.fresh), on_end_(std::move(on_end)), facts_{context.pipeline, step} {
  record_.step = step.name;
  record_.reason = reason_;
  record_.cause = reason.cause;
  record_.reads = reads_of(step);
  record_.fingerprint = description_.fingerprint;
  record_.started = context.clock.wall();
  begun_ = context.clock.steady();
}

StepRun::~StepRun() = default;

std::map<std::string, std::string> reads_of(const Step& step) {
  std::map<std::string, std::string> reads;
  for (const StepInput& input : step.inputs)
    if (input.from == StepInput::From::step_output) reads.emplace(input.name, fmt::format("{}.{}", input.step, input.source));
  return reads;
}

Result<bool> StepRun::start() {
  MLPIPE_TRY_VOID(check_room(context_.store, description_.code ? description_.code->bytes : 0));
  MLPIPE_TRY_VOID(make_dirs(context_.recorder.logs_folder(step_.name)));
  MLPIPE_TRY_VOID(link_driver_log());
  MLPIPE_TRY_VOID(check_secrets(step_));
  MLPIPE_TRY(const bool unchanged, make_workspace());
  if (!unchanged) return false;
  if (description_.code) MLPIPE_TRY_VOID(code_trees::keep(context_.store, *description_.code, workspace_->code(), copy_->held_before()));
  context_.events.on(StepStarted{step_.name, reason_, context_.recorder.logs_folder(step_.name), 1, step_.parallel() != nullptr});
  MLPIPE_TRY_VOID(start_work());
  return true;
}

// The copy itself is held against the description: whatever happened to the source meanwhile, what runs is what was
// fingerprinted. So is data from outside, which is not copied, now and again before the result is published.
Result<bool> StepRun::make_workspace() {
  const Path folder = context_.recorder.work_folder(step_.name);
  ways_ = InputWays::of(description_);
  MLPIPE_TRY(const Path outputs, outputs_folder());
  bool unchanged = true;
  std::optional<Path> code;
  if (description_.code) {
    MLPIPE_TRY(copy_, SourceCopy::take(context_.store, context_.pipeline.file, step_.name, *description_.code, folder / "source"));
    code = copy_->path();
  }
  MLPIPE_TRY(workspace_, Workspace::make(step_, folder, outputs, code, context_.spares));
  if (copy_) {
    MLPIPE_TRY(unchanged, copy_->fill(step_.source_directory, *description_.code, context_.describer.scan_options()));
  }
  MLPIPE_TRY_VOID(workspace_->prepare(step_));
  MLPIPE_TRY(const StepInput* const changed, context_.describer.changed_input(step_, description_));
  if (changed && changed->from == StepInput::From::step_output)
    return Error{ErrorKind::step_failed, fmt::format("its input {}, which {} made, was changed in the store", changed->name, changed->step),
                 "run again: it will be made anew"};
  if (changed || !unchanged) {
    workspace_->remove(context_.spares);
    return false;
  }
  Bindings& bindings = description_.bindings;
  bindings.run_id = context_.recorder.header().id;
  for (const StepOutput& output : step_.outputs) bindings.outputs[output.name] = workspace_->output_place(output).string();
  MLPIPE_TRY(environment_, step_environment(step_, description_, bindings, folder / "python", bindings.run_id, context_.recorder.token()));
  if (depends_on_python(step_)) {
    MLPIPE_TRY(const auto variables, tracking().variables(context_.recorder.header(), step_, environment_));
    environment_ = with_variables(std::move(environment_), variables);
    if (const auto names = secrets(); !names.empty()) environment_ = with_variables(std::move(environment_), {"MLPIPE_SECRETS=" + join(names, " ")});
  }
  lead_telemetry();
  return true;
}

void StepRun::lead_telemetry() {
  insights::Endpoint* const insights = lacks_insights(step_, description_, environment_) ? context_.insights.endpoint() : nullptr;
  telemetry_.reset();
  telemetry_ = std::make_unique<StepTelemetry>(step_, environment_, context_.request.trace, insights, context_.recorder.logs_folder(step_.name), replacements(), context_.clock);
  environment_ = with_variables(std::move(environment_), telemetry_->variables(""));
}

// Where users of Azure's SDK v1 look for it.
Status StepRun::link_driver_log() const {
  if (context_.pipeline.dialect != Dialect::v1) return {};
  const Path folder = context_.recorder.logs_folder(step_.name) / "azureml-logs";
  MLPIPE_TRY_VOID(make_dirs(folder));
  const char* const log = step_.parallel() ? "../sys/master_role.txt" : "../user_logs/std_log.txt";
  if (::symlink(log, (folder / "70_driver_log.txt").c_str()) != 0 && errno != EEXIST) return errno_error("make a link in", folder);
  return {};
}

// What it tracked, without the secrets that mlflow itself wrote down; and once a run that packages are stood in for.
void StepRun::take_metrics() {
  tracking().edit_texts(step_.name, replacements());
  record_.metrics = tracking().metrics(step_);
  for (const std::string& package : tracking().stand_ins())
    if (context_.stand_ins_told.insert(package).second) context_.events.on(notice_of_stand_in(package));
}

void StepRun::add_places() {
  facts_.memory_limit = physical_memory();
  for (const auto& [input, data] : description_.data) facts_.inputs.push_back({input->name, data.path.string()});
  for (const StepOutput& output : step_.outputs) {
    if (!workspace_) break;
    const Path place = workspace_->output_place(output);
    facts_.outputs.push_back({output.name, place.string(), path_exists(place)});
  }
  if (workspace_) look_at_disks(facts_, {workspace_->outputs(), workspace_->code(), temporary_folder(environment_)});
}

// Scripts are read where something went wrong, or took long enough that it may be worth a word.
void StepRun::recognise(Facts::Moment moment) {
  constexpr Seconds long_time{5};
  facts_.moment = moment;
  facts_.error = record_.error;
  facts_.took = record_.took;
  facts_.cores = context_.cores;
  const bool failed = moment == Facts::Moment::failed;
  if (failed) add_places();
  if (failed || facts_.writes >= many_writes || facts_.took >= long_time || has_traceback(facts_)) {
    read_source(facts_, step_.source_directory);
    read_declared_packages(facts_);
  }
  if (failed && workspace_) look_for_sought(facts_, workspace_->code());
  record_.findings = diagnose(facts_);
}

// Of all steps: every one inherits the whole environment.
std::vector<std::string> StepRun::secrets() const {
  std::vector<std::string> names;
  for (const Step& step : context_.pipeline.steps) names.insert(names.end(), step.secrets.begin(), step.secrets.end());
  return names;
}

std::vector<StreamEditor::Replacement> StepRun::replacements() const {
  std::vector<StreamEditor::Replacement> edits;
  for (const std::string& secret : secrets())
    if (const char* value = std::getenv(secret.c_str())) edits.emplace_back(value, "***");
  if (!step_.source_directory.empty()) edits.emplace_back(workspace_->code().string(), shown_path(step_.source_directory));
  return edits;
}

void StepRun::emit_text(StreamEditor& editor, const std::string& worker, bool is_stderr, std::string_view text) {
  if (std::string edited = editor.feed(text); !edited.empty()) context_.events.on(StepOutputText{step_.name, worker, is_stderr, std::move(edited)});
}

void StepRun::notice(const std::string& message, const std::string& hint) const { context_.events.on(Notice{step_.name, message, hint}); }

Status put_manifest(const Store& store, const StepDescription& description) {
  for (const auto& [digest, tree] : description.manifest.trees())
    if (!store.renew_text(digest)) MLPIPE_TRY_VOID(store.put_text(digest, to_text(tree)));
  return store.put_text(description.fingerprint, description.manifest.to_text());
}

Status StepRun::keep_manifest() const { return put_manifest(context_.store, description_); }

// Its source is a copy, all else might have been anything while it ran.
Status StepRun::check_undisturbed() {
  MLPIPE_TRY(const StepInput* const changed, context_.describer.changed_input(step_, description_));
  if (changed) return Error{ErrorKind::step_failed, fmt::format("its input {} changed while it ran, so its result is not kept", changed->name)};
  MLPIPE_TRY(const auto beside, context_.describer.changed_beside(description_));
  if (beside)
    return Error{ErrorKind::step_failed, fmt::format("its {} changed while it ran, so its result is not kept", *beside), "run it again when nothing else writes there"};
  const InputWays now = InputWays::of(description_);
  if (!now.lead_where(ways_))
    return Error{ErrorKind::step_failed, "a link or a folder on the way to its input was exchanged while it ran, so its result is not kept",
                 "run it again when nothing moves its data"};
  if (!now.same_times(ways_))
    return Error{ErrorKind::step_failed, "a file of its input was written to and then back while it ran, so its result is not kept"};
  return {};
}

Result<StepResult> StepRun::publish(const ScoreCounts& counts, AvailableOutputs& outputs) {
  StepResult result;
  result.fingerprint = description_.fingerprint;
  result.step = step_.name;
  result.run_id = context_.recorder.header().id;
  result.finished = context_.clock.wall();
  result.took = context_.clock.steady() - begun_;
  result.counts = counts;
  result.unfingerprinted = description_.unfingerprinted;
  result.sample = context_.request.sample.has_value();
  result.metrics = record_.metrics;
  std::vector<Path> built;
  const StopsDeferred until_published;
  for (const StepOutput& output : step_.outputs) {
    built.push_back(workspace_->output_place(output));
    MLPIPE_TRY(Tree tree, scan_tree(built.back(), {nullptr, "", nullptr, context_.cores}));
    result.outputs.push_back({output.name, tree.digest, output.type == DataType::file ? output.file : "", tree.count, tree.bytes});
    outputs[output.name] = {context_.store.output_path(result.outputs.back()), std::make_shared<const Tree>(std::move(tree))};
  }
  MLPIPE_TRY_VOID(check_undisturbed());
  MLPIPE_TRY_VOID(keep_manifest());
  MLPIPE_TRY_VOID(slot_.publish(result, built));
  return result;
}

// Without what it left for its outputs.
std::vector<TreeChange> StepRun::written_source() const {
  auto changes = copy_->changes(*description_.code, context_.describer.scan_options());
  for (const StepOutput& output : step_.outputs)
    if (!output.left_in.empty()) std::erase_if(changes, [&](const TreeChange& change) { return change.path.starts_with(output.left_in + "/"); });
  return changes;
}

void StepRun::succeed(const ScoreCounts& counts) {
  std::vector<std::string> empty;
  auto checked = workspace_->collect(step_);
  if (checked) checked = workspace_->check_outputs(step_, empty);
  if (!checked) {
    incomplete_ = true;
    StepEnded event;
    event.hint = checked.error().hint;
    return fail(checked.error().kind, checked.error().message, std::move(event));
  }
  for (const std::string& name : empty) notice(fmt::format("its output folder {} is empty", name));
  StepRunEnd end;
  take_metrics();
  auto result = publish(counts, end.outputs);
  if (!result) {
    StepEnded event;
    event.hint = result.error().hint;
    return fail(result.error().kind, result.error().message, std::move(event));
  }
  if (copy_)
    if (const auto advice = advise_written_source(written_source())) notice(advice->message, advice->hint);
  published_ = true;
  record_.outputs = result->outputs;
  record_.counts = counts;
  if (const auto missed = missed_gates(step_, *result)) {
    StepEnded event;
    event.hint = missed->hint;
    return fail(missed->kind, missed->message, std::move(event));
  }
  record_.state = StepState::ran;
  record_.took = result->took;
  recognise(Facts::Moment::ended);
  workspace_->remove(context_.spares);
  end.event.record = record_;
  post_end(std::move(end));
}

void StepRun::fail(ErrorKind kind, std::string error, StepEnded event) {
  const bool stopped = by_signal(kind) || stopping_;
  record_.state = stopped ? StepState::stopped : StepState::failed;
  record_.took = context_.clock.steady() - begun_;
  record_.error = std::move(error);
  if (record_.exit_code == 0 && record_.signal == 0) record_.exit_code = kind == ErrorKind::threshold ? 42 : 1;
  (void)keep_manifest();
  if (workspace_ && record_.metrics.empty()) take_metrics();
  facts_.kind = kind;
  if (!stopped) recognise(Facts::Moment::failed);
  if (kind == ErrorKind::threshold && !record_.findings.empty()) event.hint.clear();  // to allow more failures would hide a cause that is known
  if (workspace_) {
    record_.kept = kept_outputs().string();
    workspace_->remove(context_.spares);
  }
  event.record = record_;
  StepRunEnd end;
  end.event = std::move(event);
  end.failure = kind;
  post_end(std::move(end));
}

// Through the loop, because the receiver destroys us.
void StepRun::post_end(StepRunEnd end) {
  auto shared = std::make_shared<StepRunEnd>(std::move(end));
  context_.loop.after(std::chrono::nanoseconds(0), [on_end = on_end_, shared] { on_end(std::move(*shared)); });
}

}  // namespace mlpipe
